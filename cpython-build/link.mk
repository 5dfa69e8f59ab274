# Compiles our C and links it with CPython and the libraries to weft.mjs and weft.wasm.
#
# Input: WASM (our C), CPYTHON, WEFT_LIBS (outputs of their stages), SOURCES and
# JS_LIBRARIES (relative to WASM), SYMBOLS (symbols.py), OUT, CC, NM, PYTHON,
# WEFT_CFLAGS, WEFT_LDFLAGS. Runs in an empty folder.

OBJ := $(SOURCES:%.c=obj/%.o)
CFLAGS = $(WEFT_CFLAGS) -I$(WASM)/include -Igenerated -I$(CPYTHON)/include -I$(WEFT_LIBS)/include

# Archives refer to one another (expat's user is in libpython, zlib's also in ours).
ARCHIVES = $(wildcard $(CPYTHON)/lib/*.a) $(wildcard $(WEFT_LIBS)/lib/*.a)

# What follows the export in Emscripten's glue starts it in a worker, after a top-level await. V8
# aborts the whole process ("Check failed: (location_) != nullptr" in ExecuteAsyncModule) when a
# worker is ended while it begins a module with one. Our workers' script starts the glue itself.
$(OUT)/weft.mjs: $(OBJ)
	$(CC) $(WEFT_LDFLAGS) $(OBJ) -Wl,--start-group $(ARCHIVES) -Wl,--end-group \
		$(foreach f,$(JS_LIBRARIES),--js-library $(WASM)/$(f)) \
		--extern-pre-js $(WASM)/worker-scope.mjs -o $@
	sed -i '/^export default Module;$$/q' $@
	tail -n 1 $@ | grep -qx 'export default Module;'

# Its own headers are the only place where the C library says what its threads' records are.
THREADS = obj/libc/thread_numbers.o obj/libc/thread_reuse.o
$(THREADS): private CFLAGS += $(foreach f,libc/musl/src/internal libc/musl/arch/emscripten libc/musl/arch/generic libc/musl/src/include pthread,-isystem $(EMSCRIPTEN)/system/lib/$(f))
$(THREADS): private EMSCRIPTEN = $(shell em-config EMSCRIPTEN_ROOT)

# It declares functions of the C library with WebAssembly's types.
obj/python/functions.o: private CFLAGS += -fno-builtin -Wno-unused-result

# What dlsym() offers; only our dlfcn.c includes it.
obj/libc/dlfcn.o: generated/weft_symbols.h
obj/libc/dlfcn.o: private CFLAGS += -Wno-deprecated-declarations
generated/weft_symbols.h:
	@mkdir -p generated
	$(NM) --defined-only --extern-only $(wildcard $(CPYTHON)/lib/libpython*.a) > generated/defined
	echo '#include <Python.h>' | $(CC) $(CFLAGS) -x c -E -P - > generated/declared
	$(PYTHON) $(SYMBOLS) generated/defined generated/declared > generated/new
	mv generated/new $@

obj/%.o: $(WASM)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
