/* Memory for Python's allocator, mimalloc: regions of whole pages, which it gives back when nothing is left in them. */
#ifndef WEFT_MEMORY_H
#define WEFT_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A page of wasm's. */
#define WEFT_PAGE ((size_t)65536)

/* A region of `size` bytes, a multiple of pages, at a multiple of `alignment`, a power of two or less than a page.
 * What it contains is undefined. NULL when there is no memory. */
void *weft_memory_take(size_t size, size_t alignment);

/* Gives a region back, or whole pages of one. */
void weft_memory_give(void *address, size_t size);

#ifdef __cplusplus
}
#endif

#endif
