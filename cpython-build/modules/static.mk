# Read after CPython's Makefile: what has to be linked, without a program.
weft-static: $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) pybuilddir.txt
	cp $(LIBRARY) $(LIBMPDEC_A) $(LIBEXPAT_A) $(LIBHACL_SHA2_A) $(OUT)/lib/
	cp -R $(srcdir)/Include/. pyconfig.h $(OUT)/include/
	cp "$$(cat pybuilddir.txt)"/_sysconfigdata*.py $(OUT)/sysconfig/
.PHONY: weft-static

# What is counted, and compiled by the counts: the objects, what the loops of programs call, and the eval loop. The others are
# optimised together too, and the eval loop is not: what would be inlined there only makes the engine compile it for longer.
TOGETHER := $(OBJECT_OBJS) \
	$(addprefix Python/,bltinmodule.o brc.o context.o critical_section.o errors.o frame.o getargs.o intrinsics.o lock.o \
	modsupport.o object_stack.o pyhash.o structmember.o) \
	$(addprefix Modules/,_collectionsmodule.o _functoolsmodule.o _json.o _operator.o _pickle.o _sre/sre.o itertoolsmodule.o)
$(TOGETHER) Python/ceval.o: private PY_CORE_CFLAGS += $(COUNTED_CFLAGS)
$(TOGETHER): private PY_CORE_CFLAGS += $(TOGETHER_CFLAGS)
$(TOGETHER): private PY_BUILTIN_MODULE_CFLAGS += $(COUNTED_CFLAGS) $(TOGETHER_CFLAGS)

# The compiler, the parser, what starts and ends Python: optimised for size, since every visit of a page validates them; compile()
# and ast.parse() were not slower for it. What is left out has loops over the parts of a value, or is in every thread's way.
SMALL := $(filter-out $(TOGETHER) $(addprefix Python/,ceval.o ceval_gil.o dtoa.o formatter_unicode.o gc_free_threading.o hashtable.o \
	marshal.o mystrtoul.o parking_lot.o pyarena.o pymath.o pystate.o pystrhex.o pystrtod.o qsbr.o suggestions.o thread.o), \
	$(PYTHON_OBJS) $(PARSER_OBJS))
$(SMALL): private PY_CORE_CFLAGS += -Os
