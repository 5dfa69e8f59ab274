# Read after CPython's Makefile: what has to be linked, without a program.
weft-static: $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) pybuilddir.txt
	cp $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) $(OUT)/lib/
	cp -R $(srcdir)/Include/. pyconfig.h $(OUT)/include/
	cp "$$(cat pybuilddir.txt)"/_sysconfigdata*.py $(OUT)/sysconfig/
.PHONY: weft-static
