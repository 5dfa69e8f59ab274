# Read after CPython's Makefile: what has to be linked, without a program.
weft-static: $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) pybuilddir.txt
	cp $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) $(OUT)/lib/
	cp -R $(srcdir)/Include/. pyconfig.h $(OUT)/include/
	cp "$$(cat pybuilddir.txt)"/_sysconfigdata*.py $(OUT)/sysconfig/
.PHONY: weft-static

# What is counted, and compiled by the counts: the objects, and what the loops of programs call. Not the eval loop, which
# only becomes larger by it, so that the engine compiles it for longer.
COUNTED := $(filter-out Objects/perf_trampoline.o,$(OBJECT_OBJS)) \
	$(addprefix Python/,bltinmodule.o brc.o context.o critical_section.o errors.o frame.o getargs.o intrinsics.o lock.o \
	modsupport.o object_stack.o pyhash.o structmember.o) \
	$(addprefix Modules/,_collectionsmodule.o _functoolsmodule.o _json.o _operator.o _pickle.o _sre/sre.o itertoolsmodule.o)
$(COUNTED): private PY_CORE_CFLAGS += $(COUNTED_CFLAGS)
$(COUNTED): private PY_BUILTIN_MODULE_CFLAGS += $(COUNTED_CFLAGS)
