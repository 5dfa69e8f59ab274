/* A thread is created only where there is memory for it. Where there is none for its stack, the C library's pthread_create()
 * writes to address 0 and goes on; and a thread of Python's that gets none for its first objects ends before it can say
 * that it has started, for which Thread.start() waits for ever (gh-140746).
 *
 * What is found is given back before the thread takes it. Another thread may be faster, in a program that is out of memory
 * and goes on allocating: then it is as it was before. */
#include "thread_numbers.h"
#include "thread_reuse.h"
#include "weft_create.h"
#include "weft_memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* What Python's allocator takes first, and at which alignment: a segment of mimalloc's. */
#define FIRST_OBJECTS ((size_t)4 << 20)
/* More than the C library's own part of a thread. */
#define RECORD ((size_t)64 << 10)

static int has_objects(void) {
  void *objects = weft_memory_take(FIRST_OBJECTS, FIRST_OBJECTS);
  if (objects) {
    weft_memory_give(objects, FIRST_OBJECTS);
  }
  return objects != NULL;
}

int weft_thread_create_new(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
  size_t stack = 0;
  pthread_attr_getstacksize(attributes, &stack);
  /* Compilers take a block that nobody uses for had. */
  void *volatile block = malloc(stack + RECORD);
  int enough = block && has_objects();
  free(block);
  return enough ? weft_numbered_create(thread, attributes, routine, argument) : EAGAIN;
}

int __wrap_pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*routine)(void *), void *restrict argument) {
  pthread_attr_t defaults;
  if (!attributes) {
    pthread_attr_init(&defaults);
    attributes = &defaults;
  }
  if (has_objects() && weft_thread_reuse(thread, attributes, (weft_routine){routine, argument})) {
    return 0;
  }
  return weft_thread_create_new(thread, attributes, routine, argument);
}
