# Compiles our C and links it with CPython and the libraries to weft.mjs and weft.wasm.
#
# Input: WASM (our C), CPYTHON, WEFT_LIBS (outputs of their stages), SOURCES and
# JS_LIBRARIES (relative to WASM), EXPORTS (a response file), OUT, CC,
# WEFT_CFLAGS, WEFT_LDFLAGS. Runs in an empty folder.

OBJ := $(SOURCES:%.c=obj/%.o)
CFLAGS = $(WEFT_CFLAGS) -I$(WASM)/include -I$(CPYTHON)/include -I$(WEFT_LIBS)/include

# Archives refer to one another (expat's user is in libpython, zlib's also in ours).
ARCHIVES = $(wildcard $(CPYTHON)/lib/*.a) $(wildcard $(WEFT_LIBS)/lib/*.a)

$(OUT)/weft.mjs: $(OBJ)
	$(CC) $(WEFT_LDFLAGS) $(OBJ) -Wl,--start-group $(ARCHIVES) -Wl,--end-group \
		$(foreach f,$(JS_LIBRARIES),--js-library $(WASM)/$(f)) -sEXPORTED_FUNCTIONS=@$(EXPORTS) -o $@

obj/%.o: $(WASM)/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@
