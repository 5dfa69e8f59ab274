#include "weft_thread.h"

#include "sys.h"

#ifdef __EMSCRIPTEN__
#include <emscripten/stack.h>
#include <emscripten/threading.h>
#endif

/* Measured, see ARCHITECTURE.md: the linear-memory stack that one level of C
 * recursion takes at most, over the recursion kinds of test/runtime/limits.test.ts. */
#define STACK_BYTES_PER_LEVEL 640
/* What a thread needs apart from recursion. */
#define STACK_RESERVE (32 * 1024)

/* Until weft_threads_configure(), small enough for every engine. */
static _Atomic int max_threads = 64;
static _Atomic int worker_limit = 400;
static _Atomic int host_limit = 400;

/* Places taken: added to before a thread is created (by its creator, or not at
 * all), subtracted from by the record's release on the exiting thread or by the
 * creator when creation fails. */
static _Atomic int taken;

static _Atomic(weft_thread *) main_thread;

_Thread_local int _weft_c_recursion_limit = 400;

void weft_threads_configure(int max, int limit, int host) {
  atomic_store(&max_threads, max < WEFT_MAX_THREADS / 2 ? max : WEFT_MAX_THREADS / 2);
  atomic_store(&worker_limit, limit);
  atomic_store(&host_limit, host);
}

int weft_thread_count(void) { return atomic_load(&taken); }

int weft_thread_reserve(void) {
  int before = atomic_load(&taken);
  do {
    if (before >= atomic_load(&max_threads)) {
      return 0;
    }
  } while (!atomic_compare_exchange_weak(&taken, &before, before + 1));
  return 1;
}

void weft_thread_unreserve(void) { atomic_fetch_sub(&taken, 1); }

/* Odd while the host realm refuses, and another number after each refusal and each admission. The host realm's thread alone
 * writes it: a refusal without a lock, since the thread may be in the middle of anything when it is asked, and an admission under
 * `admission_lock`, under which a creator looks at the word and queues itself: no admission is missed. */
static _Atomic uint32_t admission;
static pthread_mutex_t admission_lock = PTHREAD_MUTEX_INITIALIZER;
static weft_waitq refused = {&admission_lock, NULL};

weft_thread_creation weft_thread_create(void) { return (weft_thread_creation){.seen = atomic_load(&admission)}; }

int weft_thread_create_again(weft_thread_creation *creation) {
#ifdef __EMSCRIPTEN__
  if (emscripten_is_main_runtime_thread()) {
    return 0;
  }
#endif
  if (creation->deadline_ns == 0) {
    creation->deadline_ns = weft_deadline(WEFT_ADMISSION_NS);
  }
  pthread_mutex_lock(&admission_lock);
  uint32_t now = atomic_load(&admission);
  /* Another reason, unless the host refused already: then nobody knows, and it is soon found out. */
  int again = now != creation->seen || (now & 1);
  while (again && (atomic_load(&admission) & 1)) {
    /* A signal is for the creator's caller, after a second at most. */
    weft_waitnode node;
    weft_waitq_add(&refused, &node, ~0u);
    pthread_mutex_unlock(&admission_lock);
    int64_t left = creation->deadline_ns - weft_monotonic_ns();
    enum weft_park_result parked = weft_park_uninterrupted(WEFT_WAIT_HOST, 0, left > 0 ? left : 0);
    weft_waitq_remove(&node);
    pthread_mutex_lock(&admission_lock);
    if (parked != WEFT_PARK_OK) {
      weft_park_cancel();
      again = 0;
    }
  }
  creation->seen = atomic_load(&admission);
  pthread_mutex_unlock(&admission_lock);
  return again && weft_monotonic_ns() < creation->deadline_ns;
}

void weft_threads_refuse(void) { atomic_fetch_or(&admission, 1); }

void weft_threads_admit(void) {
  pthread_mutex_lock(&admission_lock);
  if (atomic_load(&admission) & 1) {
    atomic_fetch_add(&admission, 1);
    weft_waitq_wake(&refused, ~0u);
  }
  pthread_mutex_unlock(&admission_lock);
}

static int recursion_limit(void) {
#ifdef __EMSCRIPTEN__
  if (emscripten_is_main_runtime_thread()) {
    return atomic_load(&host_limit);
  }
  /* threading.stack_size() sets the stack in linear memory, not the engine's. */
  size_t size = emscripten_stack_get_base() - emscripten_stack_get_end();
  size_t fits = size > STACK_RESERVE ? (size - STACK_RESERVE) / STACK_BYTES_PER_LEVEL : 0;
  int limit = atomic_load(&worker_limit);
  return fits < (size_t)limit ? (int)fits : limit;
#else
  return atomic_load(&worker_limit);
#endif
}

void weft_thread_begin(void) {
  weft_thread *self = weft_self();
  atomic_store(&self->flags, atomic_load(&self->flags) | WEFT_THREAD_COUNTED);
  _weft_c_recursion_limit = recursion_limit();
}

void weft_thread_is_foreign(void) {
  int limit = atomic_load(&host_limit);
  if (_weft_c_recursion_limit > limit) {
    _weft_c_recursion_limit = limit;
  }
}

void weft_thread_set_main(void) {
  _weft_c_recursion_limit = recursion_limit();
  atomic_store(&main_thread, weft_self());
}

void weft_interrupt_main(void) {
  weft_thread *thread = atomic_load(&main_thread);
  if (thread) {
    weft_interrupt(thread);
  }
}
