/* Locks that several realms share: mutex, rwlock, once, condition, barrier.
 *
 * One record each. All of its words but `references` are read and written under `lock` only, which is
 * held for a few instructions and never while its holder waits, attaches or runs Python code:
 *
 *   word      mutex, rwlock                      once                          condition, barrier
 *   owner     number of the thread that holds    of the thread that runs it    -
 *             it exclusively, or 0
 *   state     rwlock: readers; -1: a writer      enum weft_sync_once           -
 *   poisoned  1: a holder failed                 1: the last run that ended    -
 *                                                did so by a throw
 *   value     the object inside; read and        written before state becomes  -
 *             replaced by holders                DONE, then constant
 *   queue     threads that wait, in the order of their arrival (all kinds)
 *
 * `references` counts the JavaScript objects and the messages between realms that have the record; who
 * takes it to 0 is the last that knows of it and frees it.
 *
 * Waiting. A thread appends a node (on its stack) under `lock` and parks. Who changes the state grants
 * what the first in the queue wants, under `lock`, on their behalf: it updates owner and state, takes the
 * node out, writes its result and wakes its thread. So nobody who arrives later comes between, what a woken
 * thread finds is final, and a node is touched by others only under `lock` and while it is queued.
 * A thread that gives up (time, signal) looks under `lock` whether it was granted meanwhile, and takes
 * its node out; then, because it may have been the one that others waited behind, it grants again.
 *
 * A mutex is granted only to a thread that has waited for 1 ms. Before that, unlocking leaves it free and
 * wakes the first in the queue, which stays there and tries: handing over every time would cost two
 * thread switches for each short lock. No wake is lost: while the mutex is free the first in the queue has
 * a token or is awake, and it leaves the queue only with the mutex or after it found it taken; then
 * who has taken it wakes the first when it unlocks.
 *
 * A ticket is a node on the heap that no thread waits for: its realm watches the result word, which is
 * written under `lock` and then notified. The realm frees it, after a look under `lock`, when nobody can be
 * about to touch it. A mutex is handed to it as soon as it is first, for it cannot try by itself.
 *
 * Wakers unpark under `lock`. So a thread that has seen its node out of the queue, under `lock`,
 * has all tokens that it was given here, and takes them back before it goes on. */
#define Py_BUILD_CORE 1
#include "weft_sync.h"

#include <emscripten/threading.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "internal/pycore_critical_section.h"
#include "weft_python.h"
#include "weft_thread.h"
#include "weft_wait.h"

/* What a thread waits for a mutex before it is handed over. */
#define PATIENCE_NS 1000000

typedef struct weft_sync_waiter {
  _Atomic int32_t result; /* WAIT while queued; first, as the host looks at it in a ticket */
  struct weft_sync_waiter *next;
  weft_thread *thread; /* null for a ticket */
  int32_t number;
  enum weft_sync_want want;
  int64_t since;
} waiter;

struct weft_sync {
  _Atomic int32_t references;
  enum weft_sync_kind kind; /* constant */
  int32_t size;             /* barrier: how many threads it takes; constant */
  pthread_mutex_t lock;
  int32_t owner, state, poisoned;
  PyObject *value;
  waiter *first, **last;
  int32_t waiting;
};

static int64_t now_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int32_t weft_sync_thread(void) {
  /* Records of threads are used again, so their addresses would not do: a thread that ends while
   * it holds a lock must not bequeath it to a stranger. */
  static _Atomic int32_t last;
  static _Thread_local int32_t number;
  if (number == 0) {
    number = atomic_fetch_add(&last, 1) + 1;
  }
  return number;
}

weft_sync *weft_sync_new(enum weft_sync_kind kind, int32_t size, PyObject *value) {
  weft_sync *s = calloc(1, sizeof *s);
  if (s) {
    atomic_store(&s->references, 1);
    s->kind = kind;
    s->size = size;
    pthread_mutex_init(&s->lock, NULL);
    s->value = value;
    s->last = &s->first;
  }
  return s;
}

void weft_sync_share(weft_sync *s) { atomic_fetch_add(&s->references, 1); }

void weft_sync_drop(weft_sync *s) {
  if (atomic_fetch_sub(&s->references, 1) != 1) {
    return;
  }
  if (s->value) {
    weft_pool_drop(s->value);
  }
  pthread_mutex_destroy(&s->lock);
  free(s);
}

/* Everything from here to weft_sync_waiting() runs under `lock`. */

static void enqueue(weft_sync *s, waiter *w) {
  w->next = NULL;
  atomic_store(&w->result, WEFT_SYNC_WAIT);
  *s->last = w;
  s->last = &w->next;
  s->waiting++;
}

static void dequeue(weft_sync *s, waiter *w, enum weft_sync_result result) {
  waiter **at = &s->first;
  while (*at != w) {
    at = &(*at)->next;
  }
  *at = w->next;
  if (!w->next) {
    s->last = at;
  }
  s->waiting--;
  atomic_store(&w->result, result);
}

static void grant(weft_sync *s, waiter *w, enum weft_sync_result result) {
  dequeue(s, w, result);
  if (w->thread) {
    weft_unpark(w->thread);
  } else {
    emscripten_futex_wake(&w->result, INT32_MAX);
  }
}

/* Gives the thread what it wants, if that is free. */
static enum weft_sync_result admit(weft_sync *s, const waiter *w) {
  enum weft_sync_want want = w->want;
  if (s->owner == w->number) {
    /* The code that holds it goes on while a ticket of the same thread waits. */
    return w->thread ? WEFT_SYNC_REENTRANT : WEFT_SYNC_WAIT;
  }
  switch (s->kind) {
    case WEFT_SYNC_MUTEX:
      if (s->owner != 0) {
        return WEFT_SYNC_WAIT;
      }
      s->owner = w->number;
      return WEFT_SYNC_OK;
    case WEFT_SYNC_RWLOCK:
      if (s->state < 0 || (s->state > 0 && want != WEFT_SYNC_SHARED)) {
        return WEFT_SYNC_WAIT;
      }
      if (want == WEFT_SYNC_SHARED) {
        s->state++;
      } else {
        s->state = -1;
        s->owner = w->number;
      }
      return WEFT_SYNC_OK;
    case WEFT_SYNC_ONCE:
      switch ((enum weft_sync_once)s->state) {
        case WEFT_ONCE_DONE:
          return WEFT_SYNC_DONE;
        case WEFT_ONCE_RUNNING:
          return WEFT_SYNC_WAIT;
        case WEFT_ONCE_POISONED:
          if (want != WEFT_SYNC_FORCED) {
            return WEFT_SYNC_POISONED;
          }
          break;
        case WEFT_ONCE_EMPTY:
          break;
      }
      s->state = WEFT_ONCE_RUNNING;
      s->owner = w->number;
      return WEFT_SYNC_OK;
    case WEFT_SYNC_BARRIER:
      if (s->waiting + 1 < s->size) {
        return WEFT_SYNC_WAIT;
      }
      while (s->first) {
        grant(s, s->first, WEFT_SYNC_DONE);
      }
      return WEFT_SYNC_OK;
    case WEFT_SYNC_CONDITION:
      break;
  }
  return WEFT_SYNC_WAIT;
}

/* For who has just come. */
static enum weft_sync_result admit_arriving(weft_sync *s, const waiter *w) {
  if (s->kind == WEFT_SYNC_RWLOCK && s->first && s->owner != w->number) {
    /* Readers do not overtake a writer that waits. */
    return WEFT_SYNC_WAIT;
  }
  return admit(s, w);
}

/* After a change of the state: to those who wait, in order, until one has to go on waiting. */
static void settle(weft_sync *s) {
  if (s->kind == WEFT_SYNC_BARRIER || s->kind == WEFT_SYNC_CONDITION) {
    return;
  }
  while (s->first) {
    waiter *w = s->first;
    if (s->kind == WEFT_SYNC_MUTEX && w->thread && now_ns() - w->since < PATIENCE_NS) {
      if (s->owner == 0) {
        weft_unpark(w->thread);
      }
      return;
    }
    enum weft_sync_result result = admit(s, w);
    if (result == WEFT_SYNC_WAIT) {
      return;
    }
    grant(s, w, result);
  }
}

/* Queues the calling thread, and waits until it is granted or gives up. */
static enum weft_sync_result wait_in_queue(weft_sync *s, waiter *w, double milliseconds, int interruptible) {
  w->since = now_ns();
  int64_t timeout = milliseconds < 0 || milliseconds > 1e12 ? -1 : (int64_t)(milliseconds * 1e6);
  enqueue(s, w);
  while (w->result == WEFT_SYNC_WAIT) {
    pthread_mutex_unlock(&s->lock);
    int64_t left = timeout;
    if (timeout >= 0) {
      left = w->since + timeout - now_ns();
      left = left < 0 ? 0 : left;
    }
    enum weft_park_result parked = interruptible ? weft_park(WEFT_WAIT_LOCK, (uintptr_t)s, left)
                                                 : weft_park_uninterrupted(WEFT_WAIT_LOCK, (uintptr_t)s, left);
    pthread_mutex_lock(&s->lock);
    if (w->result == WEFT_SYNC_WAIT && s->kind == WEFT_SYNC_MUTEX && s->first == w && admit(s, w) == WEFT_SYNC_OK) {
      dequeue(s, w, WEFT_SYNC_OK);
    }
    if (w->result == WEFT_SYNC_WAIT && parked != WEFT_PARK_OK) {
      dequeue(s, w, parked == WEFT_PARK_INTR ? WEFT_SYNC_INTERRUPTED : WEFT_SYNC_BUSY);
      settle(s);
    }
  }
  weft_park_cancel();
  return w->result;
}

int32_t weft_sync_waiting(weft_sync *s) {
  pthread_mutex_lock(&s->lock);
  int32_t waiting = s->waiting;
  pthread_mutex_unlock(&s->lock);
  return waiting;
}

enum weft_sync_result weft_sync_acquire(weft_sync *s, enum weft_sync_want want, double milliseconds, int interruptible) {
  waiter w = {.thread = weft_self(), .number = weft_sync_thread(), .want = want};
  pthread_mutex_lock(&s->lock);
  enum weft_sync_result result = admit_arriving(s, &w);
  if (result == WEFT_SYNC_WAIT) {
    result = milliseconds == 0 ? WEFT_SYNC_BUSY : wait_in_queue(s, &w, milliseconds, interruptible);
  }
  pthread_mutex_unlock(&s->lock);
  return result;
}

weft_sync_ticket *weft_sync_queue(weft_sync *s, enum weft_sync_want want) {
  waiter *w = calloc(1, sizeof *w);
  if (!w) {
    return NULL;
  }
  w->number = weft_sync_thread();
  w->want = want;
  pthread_mutex_lock(&s->lock);
  enum weft_sync_result result = admit_arriving(s, w);
  if (result == WEFT_SYNC_WAIT) {
    enqueue(s, w);
  } else {
    atomic_store(&w->result, result);
  }
  pthread_mutex_unlock(&s->lock);
  return w;
}

enum weft_sync_result weft_sync_unqueue(weft_sync *s, weft_sync_ticket *w) {
  pthread_mutex_lock(&s->lock);
  if (atomic_load(&w->result) == WEFT_SYNC_WAIT) {
    dequeue(s, w, WEFT_SYNC_BUSY);
    settle(s);
  }
  pthread_mutex_unlock(&s->lock);
  enum weft_sync_result result = atomic_load(&w->result);
  free(w);
  return result;
}

int weft_sync_release(weft_sync *s, enum weft_sync_want want, int poison) {
  int status = 0;
  pthread_mutex_lock(&s->lock);
  if (want == WEFT_SYNC_SHARED) {
    if (s->state > 0) {
      s->state--;
    } else {
      status = -1;
    }
  } else if (s->owner == weft_sync_thread()) {
    s->poisoned |= poison;
    s->owner = 0;
    s->state = 0;
  } else {
    status = -1;
  }
  if (status == 0) {
    settle(s);
  }
  pthread_mutex_unlock(&s->lock);
  return status;
}

int weft_sync_finish(weft_sync *s, enum weft_sync_once state, PyObject *value) {
  int status = -1;
  pthread_mutex_lock(&s->lock);
  if (s->owner == weft_sync_thread()) {
    s->value = value;
    s->state = state;
    s->poisoned = state == WEFT_ONCE_POISONED;
    s->owner = 0;
    settle(s);
    status = 0;
  }
  pthread_mutex_unlock(&s->lock);
  return status;
}

enum weft_sync_once weft_sync_state(weft_sync *s) {
  pthread_mutex_lock(&s->lock);
  enum weft_sync_once state = (enum weft_sync_once)s->state;
  pthread_mutex_unlock(&s->lock);
  return state;
}

int weft_sync_poisoned(weft_sync *s) {
  pthread_mutex_lock(&s->lock);
  int poisoned = s->poisoned;
  pthread_mutex_unlock(&s->lock);
  return poisoned;
}

void weft_sync_clear_poison(weft_sync *s) {
  pthread_mutex_lock(&s->lock);
  s->poisoned = 0;
  pthread_mutex_unlock(&s->lock);
}

PyObject *weft_sync_value(weft_sync *s) {
  pthread_mutex_lock(&s->lock);
  PyObject *value = s->value;
  pthread_mutex_unlock(&s->lock);
  return value;
}

PyObject *weft_sync_swap(weft_sync *s, PyObject *value) {
  pthread_mutex_lock(&s->lock);
  PyObject *old = s->value;
  s->value = value;
  pthread_mutex_unlock(&s->lock);
  return old;
}

enum weft_sync_result weft_sync_wait(weft_sync *condition, weft_sync *mutex, double milliseconds, int interruptible) {
  waiter w = {.thread = weft_self(), .number = weft_sync_thread()};
  pthread_mutex_lock(&mutex->lock);
  int held = mutex->owner == w.number;
  pthread_mutex_unlock(&mutex->lock);
  if (!held) {
    return WEFT_SYNC_REENTRANT;
  }
  /* The mutex is released while the condition is locked, and before this thread is queued. A
   * notification by who takes the mutex next waits for that lock, and finds the node. */
  pthread_mutex_lock(&condition->lock);
  weft_sync_release(mutex, WEFT_SYNC_EXCLUSIVE, 0);
  enum weft_sync_result result = wait_in_queue(condition, &w, milliseconds, interruptible);
  pthread_mutex_unlock(&condition->lock);
  weft_sync_acquire(mutex, WEFT_SYNC_EXCLUSIVE, -1, 0);
  return result;
}

int32_t weft_sync_notify(weft_sync *condition, int all) {
  int32_t woken = 0;
  pthread_mutex_lock(&condition->lock);
  while (condition->first && (all || woken == 0)) {
    grant(condition, condition->first, WEFT_SYNC_OK);
    woken++;
  }
  pthread_mutex_unlock(&condition->lock);
  return woken;
}

/* Critical sections. The chain of a thread's sections belongs to that thread; each link's lowest bit
 * says that the section it points to is suspended. */

static PyCriticalSection *untagged(uintptr_t link) { return (PyCriticalSection *)(link & ~(uintptr_t)_Py_CRITICAL_SECTION_MASK); }

static int innermost_holds(uintptr_t link, PyMutex *mutex) {
  PyCriticalSection *top = untagged(link);
  return top->_cs_mutex == mutex ||
         ((link & _Py_CRITICAL_SECTION_TWO_MUTEXES) && ((PyCriticalSection2 *)top)->_cs_mutex2 == mutex);
}

int weft_critical_begin(PyCriticalSection2 *section, PyObject *a, PyObject *b, int checked) {
  PyThreadState *state = PyThreadState_GetUnchecked();
  PyMutex *first = &a->ob_mutex, *second = b ? &b->ob_mutex : first;
  uintptr_t link = state->critical_section;
  if (_PyCriticalSection_IsActive(link) && innermost_holds(link, first) && innermost_holds(link, second)) {
    /* To lock it again would mean to wait for ourselves: CPython gets out of that by suspending. */
    return 1;
  }
  if (checked) {
    if (!PyMutex_LockFast(&first->_bits)) {
      return 2;
    }
    if (second != first && !PyMutex_LockFast(&second->_bits)) {
      PyMutex_Unlock(first);
      return 2;
    }
    section->_cs_base._cs_mutex = first;
    section->_cs_mutex2 = second == first ? NULL : second;
    section->_cs_base._cs_prev = link;
    state->critical_section = (uintptr_t)section | (second == first ? 0 : _Py_CRITICAL_SECTION_TWO_MUTEXES);
    return 0;
  }
  _PyCriticalSection2_BeginMutex(section, first, second);
  return 0;
}

void weft_critical_end(PyCriticalSection2 *section) { _PyCriticalSection2_End(section); }

int weft_critical_suspended(PyCriticalSection2 *section) {
  uintptr_t link = PyThreadState_GetUnchecked()->critical_section;
  while (link) {
    PyCriticalSection *at = untagged(link);
    if (at == &section->_cs_base) {
      return (link & _Py_CRITICAL_SECTION_INACTIVE) != 0;
    }
    link = at->_cs_prev;
  }
  return 0;
}
