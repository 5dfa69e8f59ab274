/* Locks and the like in guest memory, which the TypeScript of several realms shares, and critical
 * sections as TypeScript begins them. src/python/sync has the calls and the same numbers. */
#ifndef WEFT_SYNC_H
#define WEFT_SYNC_H

#include <Python.h>
#include <stdint.h>

enum weft_sync_kind {
  WEFT_SYNC_MUTEX = 1,
  WEFT_SYNC_RWLOCK = 2,
  WEFT_SYNC_ONCE = 3,
  WEFT_SYNC_CONDITION = 4,
  WEFT_SYNC_BARRIER = 5,
};

enum weft_sync_want {
  WEFT_SYNC_EXCLUSIVE = 0, /* once: unless it is poisoned */
  WEFT_SYNC_SHARED = 1,    /* rwlock */
  WEFT_SYNC_FORCED = 2,    /* once: poisoned or not */
};

enum weft_sync_result {
  WEFT_SYNC_WAIT = -1,     /* in a ticket: not yet */
  WEFT_SYNC_OK = 0,        /* held; once: the caller runs it; barrier: the caller is the leader */
  WEFT_SYNC_BUSY = 1,      /* not within the time */
  WEFT_SYNC_INTERRUPTED = 2,
  WEFT_SYNC_REENTRANT = 3, /* the calling thread has it already and would wait for itself */
  WEFT_SYNC_DONE = 4,      /* once: it has run; barrier: another thread is the leader */
  WEFT_SYNC_POISONED = 5,  /* once */
};

/* States of a once. */
enum weft_sync_once { WEFT_ONCE_EMPTY = 0, WEFT_ONCE_RUNNING = 1, WEFT_ONCE_DONE = 2, WEFT_ONCE_POISONED = 3 };

typedef struct weft_sync weft_sync;

/* One reference for the caller; null without memory. Takes over `value`, which may be null. */
weft_sync *weft_sync_new(enum weft_sync_kind kind, int32_t size, PyObject *value);
void weft_sync_share(weft_sync *sync);
/* Any thread, attached or not. The last one frees it. */
void weft_sync_drop(weft_sync *sync);

/* The calling thread's number: never 0, and never given to a second thread. */
int32_t weft_sync_thread(void);
/* How many threads wait, at this moment. */
int32_t weft_sync_waiting(weft_sync *sync);

/* Mutex, rwlock, once, barrier. `milliseconds` < 0: for ever; 0: never waits. Detached unless it is 0. */
enum weft_sync_result weft_sync_acquire(weft_sync *sync, enum weft_sync_want want, double milliseconds, int interruptible);
/* The same for a thread that may not wait: asks, and takes its place in the queue where it must. The word at the
 * ticket's address is WEFT_SYNC_WAIT until it is granted, then its result, and notified. Null without memory. A
 * ticket is nobody's reentrance: it waits also for what its own thread holds. */
typedef struct weft_sync_waiter weft_sync_ticket;
weft_sync_ticket *weft_sync_queue(weft_sync *sync, enum weft_sync_want want);
/* By the same thread: gives up the ticket, which it frees. The result, or WEFT_SYNC_BUSY where it was still waiting. */
enum weft_sync_result weft_sync_unqueue(weft_sync *sync, weft_sync_ticket *ticket);
/* Mutex and rwlock: 0, or -1 when the calling thread does not hold it. Never blocks. */
int weft_sync_release(weft_sync *sync, enum weft_sync_want want, int poison);
/* Once: the end of a run. Takes over `value`. 0, or -1 when the calling thread does not run it. */
int weft_sync_finish(weft_sync *sync, enum weft_sync_once state, PyObject *value);
enum weft_sync_once weft_sync_state(weft_sync *sync);

int weft_sync_poisoned(weft_sync *sync);
void weft_sync_clear_poison(weft_sync *sync);

/* The value, or null, borrowed. To be asked by who holds the lock, or by anyone of a once. */
PyObject *weft_sync_value(weft_sync *sync);
/* By who holds the lock exclusively: puts `value` in, which it takes over, and gives the old one out. */
PyObject *weft_sync_swap(weft_sync *sync, PyObject *value);

/* Detached: releases the mutex, waits for a notification, takes the mutex again (whatever the result).
 * OK, BUSY or INTERRUPTED; or REENTRANT when the calling thread does not hold the mutex. */
enum weft_sync_result weft_sync_wait(weft_sync *condition, weft_sync *mutex, double milliseconds, int interruptible);
/* Wakes the longest waiting thread, or all; how many those were. */
int32_t weft_sync_notify(weft_sync *condition, int all);

/* Attached. Begins a critical section on `a`, or on both where `b` is not null, in memory of the
 * caller's that stays in place until its end.
 * 0: begun. 1: the thread's innermost section holds the locks already; there is nothing to end.
 * 2: only where `checked`: it would have to wait, and nothing has happened. */
int weft_critical_begin(PyCriticalSection2 *section, PyObject *a, PyObject *b, int checked);
void weft_critical_end(PyCriticalSection2 *section);
/* Whether the locks of a section that the calling thread began are released at the moment. */
int weft_critical_suspended(PyCriticalSection2 *section);

#endif
