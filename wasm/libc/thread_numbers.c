/* Threads that threads create at the same time. The C library's pthread_create() counts threads and numbers them (gettid()) by plain
 * additions, as if one thread created all the others.
 *
 * Two that got the same number would be the same one to whatever is locked again by its owner: streams, recursive mutexes (sqlite's)
 * and the C library's list of threads. So each thread takes its own number, by an atomic addition, before anything of its routine
 * runs. Nothing reads a thread's number but the thread itself.
 *
 * Where an addition to the count is lost, it comes to 0 while threads are left, and the C library's locks no longer lock. It is
 * used for nothing else, so it begins high enough to never come there. */
#include "thread_numbers.h"

#include "thread_reuse.h"

#include <errno.h>
#include <pthread_impl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* As many additions as are left above it before it overflows. */
#define NEVER_ALONE (1 << 30)

/* Threads that have started. */
static atomic_int started;

__attribute__((constructor)) static void begin(void) {
  libc.threads_minus_1 = NEVER_ALONE;
  libc.need_locks = 1;
}

static void *run(void *argument) {
  weft_routine routine = *(weft_routine *)argument;
  free(argument);
  weft_thread_runs(__pthread_self());
  void *result;
  do {
    /* The host realm's thread has the process's number, as anywhere. */
    __pthread_self()->tid = getpid() + 1 + atomic_fetch_add(&started, 1);
    result = routine.function(routine.argument);
  } while (weft_thread_next(&routine, result));
  return result;
}

int __real_pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*routine)(void *), void *restrict argument);

int weft_numbered_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
  weft_routine *first = malloc(sizeof *first);
  if (!first) {
    return EAGAIN;
  }
  *first = (weft_routine){routine, argument};
  int error = __real_pthread_create(thread, attributes, run, first);
  int detached = PTHREAD_CREATE_DETACHED;
  pthread_attr_getdetachstate(attributes, &detached);
  if (error) {
    free(first);
  } else if (detached == PTHREAD_CREATE_JOINABLE) {
    /* One that is detached may be gone, record and all. */
    weft_thread_runs(*thread);
  }
  return error;
}
