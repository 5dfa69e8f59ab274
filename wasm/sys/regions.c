/* Regions of the heap for Python's allocator. The heap's end only moves up, so what comes back is kept here, in a list
 * by address whose neighbours never touch, and is handed out again, the lowest that fits first. The C library's allocator
 * moves the heap's end too, without this lock: what it puts between two regions is never part of one. */
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "weft_memory.h"

/* Is itself the beginning of the free region. */
typedef struct region {
  struct region *next;
  size_t size;
} region;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list */
static region *regions;

static uintptr_t align(uintptr_t address, size_t alignment) {
  return (address + alignment - 1) & ~(uintptr_t)(alignment - 1);
}

/* Puts the whole pages of what lies between two addresses into the list. */
static void keep(uintptr_t from, uintptr_t to) {
  from = align(from, WEFT_PAGE);
  to &= ~(uintptr_t)(WEFT_PAGE - 1);
  if (from >= to) {
    return;
  }
  region **link = &regions;
  region *before = NULL;
  while (*link && (uintptr_t)*link < from) {
    before = *link;
    link = &before->next;
  }
  region *after = *link;
  if (after && (uintptr_t)after == to) {
    to += after->size;
    after = after->next;
  }
  if (before && (uintptr_t)before + before->size == from) {
    from = (uintptr_t)before;
  } else {
    *link = (region *)from;
  }
  *(region *)from = (region){.next = after, .size = to - from};
}

/* The part of a free region that fits; the rest stays free. */
static void *reuse(size_t size, size_t alignment) {
  for (region **link = &regions; *link; link = &(*link)->next) {
    uintptr_t from = (uintptr_t)*link;
    uintptr_t to = from + (*link)->size;
    uintptr_t start = align(from, alignment);
    if (start >= from && start < to && to - start >= size) {
      *link = (*link)->next;
      keep(from, start);
      keep(start + size, to);
      return (void *)start;
    }
  }
  return NULL;
}

/* A new part of the heap, together with a free region at its end. */
static void *extend(size_t size, size_t alignment) {
  for (;;) {
    uintptr_t end = (uintptr_t)sbrk(0);
    region **last = &regions;
    while (*last && (uintptr_t)*last + (*last)->size != end) {
      last = &(*last)->next;
    }
    uintptr_t from = *last ? (uintptr_t)*last : end;
    uintptr_t start = align(from, alignment);
    if (start < from || start + size < start) {
      return NULL;
    }
    size_t missing = start + size - end;
    if (missing > INTPTR_MAX) {
      return NULL;
    }
    void *got = sbrk((intptr_t)missing);
    if (got == (void *)-1) {
      return NULL;
    }
    if ((uintptr_t)got == end) {
      if (*last) {
        *last = (*last)->next;
      }
      keep(from, start);
      return (void *)start;
    }
    /* The C library's allocator was faster. What came instead may do, or is for others. */
    keep((uintptr_t)got, (uintptr_t)got + missing);
    void *found = reuse(size, alignment);
    if (found) {
      return found;
    }
  }
}

void *weft_memory_take(size_t size, size_t alignment) {
  if (alignment < WEFT_PAGE) {
    alignment = WEFT_PAGE;
  }
  pthread_mutex_lock(&lock);
  void *found = reuse(size, alignment);
  if (!found) {
    found = extend(size, alignment);
  }
  pthread_mutex_unlock(&lock);
  return found;
}

void weft_memory_give(void *address, size_t size) {
  pthread_mutex_lock(&lock);
  keep((uintptr_t)address, (uintptr_t)address + size);
  pthread_mutex_unlock(&lock);
}
