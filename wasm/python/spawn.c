/* Threads that run a function of the host's: pthreads, as CPython's are, and counted with them. */
#include <emscripten/eventloop.h>
#include <errno.h>
#include <pthread.h>

#include "weft_create.h"
#include "weft_python.h"
#include "weft_thread.h"

int weft_thread_present(void) { return pthread_self() != 0; }

static void *run(void *id) {
  weft_thread_begin();
  if (weft_host_thread((int32_t)(intptr_t)id)) {
    /* Its realm goes on with its event loop, as this thread, until it calls weft_thread_leave(). */
    weft_thread_is_foreign();
    emscripten_runtime_keepalive_push();
    return NULL;
  }
  weft_leave();
  return NULL;
}

void weft_thread_leave(void) {
  weft_leave();
  emscripten_runtime_keepalive_pop();
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
    error = weft_thread_create_new(&thread, &attributes, run, (void *)(intptr_t)id);
  }
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    weft_thread_unreserve();
  }
  return error;
}
