/* The end of the heap. Emscripten's sbrk() grows the memory when what is asked for does not fit and
 * hands out the new part at once. V8 tells other threads of a growth by an interrupt that they take
 * at their next loop or call; until then their memory.copy, memory.fill and memory.init check
 * against the old size, and trap when another thread has just handed them an address in the new part
 * (a minimal program meets this once in some hundred growths). Here the memory is grown RESERVE bytes
 * ahead of the break: when an address is first handed out, the growth that covers it is older than
 * RESERVE bytes' worth of allocations. With a sixteenth of this distance the same minimal program
 * survived 9,000 growths.
 *
 * One word is shared, `end`: whoever replaces it by compare-and-swap owns what lies between. Growing
 * needs no lock: the memory only gets larger, and two threads that both grow it grow it once too much. */
#include <emscripten/heap.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define RESERVE ((uintptr_t)16 << 20)
#define ALIGNMENT (_Alignof(max_align_t))

extern unsigned char __heap_base;

static _Atomic uintptr_t end = (uintptr_t)&__heap_base;

uintptr_t *emscripten_get_sbrk_ptr(void) {
  return (uintptr_t *)&end;
}

static bool reach(uintptr_t address) {
  uintptr_t size = emscripten_get_heap_size();
  uintptr_t ahead = address + RESERVE;
  if (ahead > address && ahead > size && emscripten_resize_heap(ahead)) {
    return true;
  }
  /* The last of the memory is used without a reserve rather than not at all. */
  return address <= size || emscripten_resize_heap(address);
}

void *sbrk(intptr_t increment) {
  uintptr_t size = ((uintptr_t)increment + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1);
  uintptr_t before = atomic_load(&end);
  do {
    /* As with Emscripten's, the increment is unsigned: the heap never shrinks. */
    if ((size > 0 && before + size <= before) || !reach(before + size)) {
      errno = ENOMEM;
      return (void *)-1;
    }
  } while (!atomic_compare_exchange_weak(&end, &before, before + size));
  return (void *)before;
}
