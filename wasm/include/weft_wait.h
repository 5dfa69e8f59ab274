/* Every blocking wait of a guest thread goes through this one place.
 *
 * A thread owns one `weft_thread` record. Records come from a static table and
 * are never freed, only recycled, so a waker may touch a record at any time
 * without knowing whether its thread still waits or even still exists: the worst
 * outcome of a late wake is a spurious one. (Semaphores on the waiter's stack do
 * not have that property: gh-148820.)
 *
 * `word` is the only futex of a thread:
 *
 *   bit          set by                     cleared by
 *   WEFT_TOKEN   any waker (weft_unpark)    the owner (weft_park, weft_park_cancel)
 *   WEFT_INTR    weft_interrupt             the owner (weft_interrupt_take)
 *   WEFT_EXPIRED a schedule for tests       the owner (weft_park)
 *
 * All accesses are sequentially consistent read-modify-writes or loads; a waker
 * sets its bit first and notifies second, and the owner waits only while the word
 * equals the value in which it saw no bit, so no wake can be lost.
 */
#ifndef WEFT_WAIT_H
#define WEFT_WAIT_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_TOKEN 1u
#define WEFT_INTR 2u
#define WEFT_EXPIRED 4u

/* Why a thread waits; read by the thread view and by hang reports. */
enum weft_wait_kind {
  WEFT_WAIT_NONE = 0,
  WEFT_WAIT_LOCK = 1,   /* parking lot: mutex, lock, event, once, join */
  WEFT_WAIT_SLEEP = 2,
  WEFT_WAIT_READ = 3,   /* stdin, pipe, socket */
  WEFT_WAIT_WRITE = 4,
  WEFT_WAIT_POLL = 5,
  WEFT_WAIT_HOST = 6,   /* a request to the host realm */
  WEFT_WAIT_WORLD = 7,  /* parked for stop-the-world */
  WEFT_WAIT_TURN = 8,   /* another thread's turn in a deterministic schedule */
  WEFT_WAIT_MUTEX = 9,  /* a mutex of the C library (wasm/libc/mutex.c) */
};

typedef struct weft_thread {
  _Atomic uint32_t word;
  _Atomic uint32_t in_use;      /* 1 while a thread owns the record */
  _Atomic uint32_t wait_kind;   /* enum weft_wait_kind; written by the owner */
  _Atomic uint32_t wait_object; /* address or file descriptor waited for */
  _Atomic uint32_t tid;         /* pthread_self() of the owner */
  _Atomic uint32_t flags;       /* WEFT_THREAD_* */
  _Atomic uint32_t generation;  /* number of threads that have owned the record */
  _Atomic uint32_t c_tid;       /* gettid() of the owner, by which a mutex of the C library knows who has it */
} weft_thread;

#define WEFT_MAX_THREADS 4096

enum weft_park_result {
  WEFT_PARK_OK = 0,       /* somebody unparked us */
  WEFT_PARK_TIMEOUT = 1,
  WEFT_PARK_INTR = 2,     /* a signal: the caller reports EINTR or checks signals */
};

/* The calling thread's record, claimed on first use, released when the thread exits. */
weft_thread *weft_self(void);
/* The same, or null before its first use and after the thread has given it back. */
weft_thread *weft_self_or_null(void);

/* Wait for a token. `timeout_ns` < 0 waits for ever; 0 polls. `kind` and `object`
 * describe the wait to observers.
 *
 * An interrupt stays pending until the owner takes it: every interruptible wait
 * fails at once until then, so a signal that arrives just before a wait is not
 * slept through. CPython takes it wherever it checks for signals, which is what
 * it does after every EINTR. */
enum weft_park_result weft_park(enum weft_wait_kind kind, uintptr_t object,
                                int64_t timeout_ns);

/* The same for waits that cannot be given up: interrupts stay pending. */
enum weft_park_result weft_park_uninterrupted(enum weft_wait_kind kind,
                                              uintptr_t object, int64_t timeout_ns);

/* Clears the calling thread's pending interrupt and says whether there was one. */
int weft_interrupt_take(void);

/* Take back a token that may have been given to us by a waker we no longer wait
 * for. To be called after the waker can no longer find us (so its token, if any,
 * is already in the word). */
void weft_park_cancel(void);

/* A schedule for tests that decides when threads go on (wasm/python/stress.c); null else. */
struct weft_scheduler {
  /* Before the calling thread waits: whether it takes part. Then WEFT_EXPIRED alone ends its timeout, and `runs`
   * is called after the wait. */
  int (*blocks)(weft_thread *thread, int64_t timeout_ns);
  void (*runs)(weft_thread *thread);
  /* Before any thread's token is set. */
  void (*unparks)(weft_thread *thread);
  /* What a clock shows to the calling thread, in nanoseconds, or -1: what it shows to all. */
  int64_t (*now)(clockid_t clock);
};
extern const struct weft_scheduler *_Atomic weft_scheduler;

/* Any thread, at any time; never blocks. */
void weft_unpark(weft_thread *thread);
void weft_interrupt(weft_thread *thread);

/* Sleep for `timeout_ns`; 0 when it has passed, EINTR (positive) when interrupted. */
int weft_sleep(int64_t timeout_ns);

#ifdef __cplusplus
}
#endif
#endif
