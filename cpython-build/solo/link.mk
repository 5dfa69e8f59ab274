# Compiles our C and links it with CPython and the libraries to core.wasm.
#
# Input: WASM (our C), GENERATED (headers made by the build), CPYTHON, WEFT_LIBS (outputs of their stages), STDLIB (the
# archive), OUT, CC, WEFT_CFLAGS, WEFT_LDFLAGS. Runs in an empty folder.

# Files without the parts that need threads, sockets or folders of the host.
SYS := waitq regions fd lock file vfs names memfs memdir memdata archive dev fdfs
# Beside them, in their terms.
SYS_SOLO := wasi stdio wait
SOLO := value error host interpreter
# What the other profile's build starts Python with too.
SNAPSHOT := seed
OBJ := $(SYS:%=sys-%.o) $(SYS_SOLO:%=solo-%.o) $(SOLO:%=solo-%.o) $(SNAPSHOT:%=snapshot-%.o) stdlib.o

CFLAGS = $(WEFT_CFLAGS) -I$(WASM)/solo/include -I$(WASM)/include -I$(GENERATED) -I$(CPYTHON)/include -I$(WEFT_LIBS)/include
SYS_CFLAGS = -I$(WASM)/sys -include weft_solo_posix.h
ARCHIVES = $(wildcard $(CPYTHON)/lib/*.a) $(wildcard $(WEFT_LIBS)/lib/*.a)

$(OUT)/core.wasm: $(OBJ)
	$(CC) $(WEFT_LDFLAGS) $(OBJ) $(ARCHIVES) \
		-lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -lwasi-emulated-mman -lwasi-emulated-pthread -o $@

sys-%.o: $(WASM)/sys/%.c
	$(CC) $(CFLAGS) $(SYS_CFLAGS) -c $< -o $@
$(SYS_SOLO:%=solo-%.o): private CFLAGS += $(SYS_CFLAGS)
solo-%.o: $(WASM)/solo/%.c
	$(CC) $(CFLAGS) -c $< -o $@
snapshot-%.o: $(WASM)/snapshot/%.c
	$(CC) $(CFLAGS) -c $< -o $@

stdlib.o:
	printf '.section .rodata.weft_stdlib,"",@\n.globl weft_stdlib_start\nweft_stdlib_start:\n.incbin "$(STDLIB)"\n.globl weft_stdlib_end\nweft_stdlib_end:\n.byte 0\n.size weft_stdlib_start, weft_stdlib_end-weft_stdlib_start\n.size weft_stdlib_end, 1\n' > stdlib.s
	$(CC) -c stdlib.s -o $@
