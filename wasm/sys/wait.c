#define _GNU_SOURCE /* gettid() */
#include "weft_wait.h"

#include "sys.h"
#include "weft_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef __EMSCRIPTEN__
#include <emscripten/threading.h>
#include <math.h>
#else /* native builds of this folder, for its own tests */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

static weft_thread threads[WEFT_MAX_THREADS];
static _Thread_local weft_thread *self;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;

const struct weft_scheduler *_Atomic weft_scheduler;

weft_thread *weft_threads(void) { return threads; }

#ifdef __EMSCRIPTEN__
/* Without what wasm/main/clock.c does. */
int __real_clock_gettime(clockid_t clock, struct timespec *ts);
#else
#define __real_clock_gettime clock_gettime
#endif

/* What waits end by: never a schedule's clock, which may stand still. */
static int64_t real_now(void) {
  struct timespec ts;
  __real_clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Block while *addr == expected, for at most timeout_ns (< 0: for ever). May
 * return early for no reason: every caller loops. */
static void futex_wait(_Atomic uint32_t *addr, uint32_t expected, int64_t timeout_ns) {
#ifdef __EMSCRIPTEN__
  /* Not the bare wasm instruction: the realm that owns the runtime may be a page,
   * where blocking traps; there this spins and serves the other realms' requests. */
  if (emscripten_is_main_runtime_thread()) {
    emscripten_futex_wait((volatile void *)addr, expected,
                          timeout_ns < 0 ? INFINITY : (double)timeout_ns / 1e6);
  } else {
    __builtin_wasm_memory_atomic_wait32((int *)addr, (int)expected, timeout_ns);
  }
#else
  struct timespec ts, *timeout = NULL;
  if (timeout_ns >= 0) {
    ts.tv_sec = timeout_ns / 1000000000;
    ts.tv_nsec = timeout_ns % 1000000000;
    timeout = &ts;
  }
  syscall(SYS_futex, addr, FUTEX_WAIT_PRIVATE, expected, timeout, NULL, 0);
#endif
}

static void futex_wake(_Atomic uint32_t *addr) {
#ifdef __EMSCRIPTEN__
  emscripten_futex_wake((volatile void *)addr, 0x7fffffff);
#else
  syscall(SYS_futex, addr, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
#endif
}

static void release(void *record) {
  weft_thread *thread = record;
  self = NULL;
  if (atomic_exchange(&thread->flags, 0) & WEFT_THREAD_COUNTED) {
    weft_thread_unreserve();
  }
  atomic_store(&thread->wait_kind, WEFT_WAIT_NONE);
  /* The word is not cleared here but on the next claim: a late waker's token must
   * not be mistaken for one that the next owner was given. */
  atomic_store(&thread->in_use, 0);
}

static void make_exit_key(void) {
  if (pthread_key_create(&exit_key, release) != 0) {
    abort();
  }
}

weft_thread *weft_self_or_null(void) { return self; }

weft_thread *weft_self(void) {
  if (self) {
    return self;
  }
  pthread_once(&exit_key_once, make_exit_key);
  for (int i = 0; i < WEFT_MAX_THREADS; i++) {
    uint32_t expected = 0;
    if (atomic_load(&threads[i].in_use) == 0 &&
        atomic_compare_exchange_strong(&threads[i].in_use, &expected, 1)) {
      weft_thread *thread = &threads[i];
      atomic_store(&thread->word, 0);
      atomic_store(&thread->flags, 0);
      atomic_fetch_add(&thread->generation, 1);
      atomic_store(&thread->c_tid, (uint32_t)gettid());
      atomic_store(&thread->tid, (uint32_t)(uintptr_t)pthread_self());
      pthread_setspecific(exit_key, thread);
      self = thread;
      return thread;
    }
  }
  /* The thread limit is far below the table's size. */
  abort();
}

static enum weft_park_result park(enum weft_wait_kind kind, uintptr_t object,
                                  int64_t timeout_ns, int interruptible) {
  weft_thread *thread = weft_self();
  int64_t deadline = timeout_ns > 0 ? real_now() + timeout_ns : 0;
  enum weft_park_result result;
  const struct weft_scheduler *scheduler = atomic_load(&weft_scheduler);
  int scheduled = 0;
  atomic_store_explicit(&thread->wait_object, (uint32_t)object, memory_order_relaxed);
  atomic_store(&thread->wait_kind, kind);
  for (;;) {
    uint32_t word = atomic_load(&thread->word);
    if (word & WEFT_TOKEN) {
      atomic_fetch_and(&thread->word, ~WEFT_TOKEN);
      result = WEFT_PARK_OK;
      break;
    }
    if (interruptible && (word & WEFT_INTR)) {
      result = WEFT_PARK_INTR;
      break;
    }
    int64_t left = -1;
    if (scheduler && !scheduled) {
      scheduled = scheduler->blocks(thread, timeout_ns);
      if (!scheduled) {
        scheduler = NULL;
      } else {
        /* Its token may have come before it was known to wait. */
        continue;
      }
    }
    if (scheduled) {
      if (word & WEFT_EXPIRED) {
        atomic_fetch_and(&thread->word, ~WEFT_EXPIRED);
        result = WEFT_PARK_TIMEOUT;
        break;
      }
    } else if (timeout_ns >= 0) {
      left = timeout_ns == 0 ? 0 : deadline - real_now();
      if (left <= 0) {
        result = WEFT_PARK_TIMEOUT;
        break;
      }
    }
    futex_wait(&thread->word, word, left);
  }
  atomic_store(&thread->wait_kind, WEFT_WAIT_NONE);
  if (scheduled) {
    scheduler->runs(thread);
  }
  return result;
}

enum weft_park_result weft_park(enum weft_wait_kind kind, uintptr_t object,
                                int64_t timeout_ns) {
  return park(kind, object, timeout_ns, 1);
}

enum weft_park_result weft_park_uninterrupted(enum weft_wait_kind kind,
                                              uintptr_t object, int64_t timeout_ns) {
  return park(kind, object, timeout_ns, 0);
}

int weft_interrupt_take(void) {
  weft_thread *thread = weft_self();
  if (!(atomic_load(&thread->word) & WEFT_INTR)) {
    return 0;
  }
  atomic_fetch_and(&thread->word, ~WEFT_INTR);
  return 1;
}

void weft_park_cancel(void) {
  atomic_fetch_and(&weft_self()->word, ~WEFT_TOKEN);
}

void weft_unpark(weft_thread *thread) {
  const struct weft_scheduler *scheduler = atomic_load(&weft_scheduler);
  if (scheduler) {
    scheduler->unparks(thread);
  }
  atomic_fetch_or(&thread->word, WEFT_TOKEN);
  futex_wake(&thread->word);
}

void weft_interrupt(weft_thread *thread) {
  atomic_fetch_or(&thread->word, WEFT_INTR);
  futex_wake(&thread->word);
}

int weft_sleep(int64_t timeout_ns) {
  int64_t deadline = weft_monotonic_ns() + timeout_ns;
  int64_t left = timeout_ns;
  for (;;) {
    switch (weft_park(WEFT_WAIT_SLEEP, 0, left)) {
      case WEFT_PARK_INTR:
        return EINTR;
      case WEFT_PARK_TIMEOUT:
        return 0;
      case WEFT_PARK_OK:
        /* A late token of an earlier wait. */
        left = deadline - weft_monotonic_ns();
        if (left <= 0) {
          return 0;
        }
    }
  }
}
