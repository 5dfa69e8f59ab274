/* A thread that waits for a mutex of the C library says so in its record, for reports of programs that hang. sqlite's are
 * such mutexes, and our own.
 *
 * pthread_mutex_lock() comes here, by the C library's inner name, when a mutex is held or is not a plain one. */
#include "weft_wait.h"

#include <errno.h>
#include <pthread.h>

int __real___pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict at);

int __wrap___pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict at) {
  int result = pthread_mutex_trylock(mutex);
  /* One that has no record yet, or no longer, cannot be seen anyway. */
  weft_thread *thread = result == EBUSY ? weft_self_or_null() : NULL;
  if (thread) {
    atomic_store_explicit(&thread->wait_object, (uint32_t)(uintptr_t)mutex, memory_order_relaxed);
    atomic_store(&thread->wait_kind, WEFT_WAIT_MUTEX);
  }
  if (result == EBUSY) {
    result = __real___pthread_mutex_timedlock(mutex, at);
  }
  if (thread) {
    atomic_store(&thread->wait_kind, WEFT_WAIT_NONE);
  }
  return result;
}
