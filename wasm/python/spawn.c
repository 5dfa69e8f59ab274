/* Threads that run a function of the host's: pthreads, as CPython's are, and counted with them. */
#include <errno.h>
#include <pthread.h>

#include "weft_python.h"
#include "weft_thread.h"

int weft_thread_present(void) { return pthread_self() != 0; }

static void *run(void *id) {
  weft_thread_begin();
  weft_host_thread((int32_t)(intptr_t)id);
  weft_leave();
  return NULL;
}

int weft_thread_spawn(int32_t id, size_t stack_size) {
  if (!weft_thread_reserve()) {
    return EAGAIN;
  }
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  int error = pthread_attr_setstacksize(&attributes, stack_size);
  if (error == 0) {
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    error = pthread_create(&thread, &attributes, run, (void *)(intptr_t)id);
  }
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    weft_thread_unreserve();
  }
  return error;
}
