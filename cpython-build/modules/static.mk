# Read after CPython's Makefile: what has to be linked, without a program.
weft-static: $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) pybuilddir.txt
	cp $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) $(OUT)/lib/
	cp -R $(srcdir)/Include/. pyconfig.h $(OUT)/include/
	cp "$$(cat pybuilddir.txt)"/_sysconfigdata*.py $(OUT)/sysconfig/
.PHONY: weft-static

# What is counted, and compiled by the counts: the objects, what the loops of programs call, and the eval loop. The others are
# optimised together too, and the eval loop is not: what would be inlined there only makes the engine compile it for longer.
TOGETHER := $(filter-out Objects/perf_trampoline.o,$(OBJECT_OBJS)) \
	$(addprefix Python/,bltinmodule.o brc.o context.o critical_section.o errors.o frame.o getargs.o intrinsics.o lock.o \
	modsupport.o object_stack.o pyhash.o structmember.o) \
	$(addprefix Modules/,_collectionsmodule.o _functoolsmodule.o _json.o _operator.o _pickle.o _sre/sre.o itertoolsmodule.o)
$(TOGETHER) Python/ceval.o: private PY_CORE_CFLAGS += $(COUNTED_CFLAGS)
$(TOGETHER): private PY_CORE_CFLAGS += $(TOGETHER_CFLAGS)
$(TOGETHER): private PY_BUILTIN_MODULE_CFLAGS += $(COUNTED_CFLAGS) $(TOGETHER_CFLAGS)
