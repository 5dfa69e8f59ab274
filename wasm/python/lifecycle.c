/* When host threads may attach.
 *
 * `joined` counts the host threads that are attached or about to be. A thread first counts itself
 * and then looks at the lifecycle; the main thread first sets the lifecycle to FINALIZING and then
 * looks at the count (all sequentially consistent). So either the thread sees FINALIZING and takes
 * itself back, or the main thread sees it counted and waits until it detaches. CPython is finalized
 * only after that, and never finds a host thread that it would have to hang or end.
 *
 * A thread that detaches below a call of Python's has to go back into Python code, so it stays counted
 * (weft_suspend) and the main thread waits for it as for an attached one.
 *
 * Without waiting. What an attach waits for is a stopped world: whoever stops it owns the mutex of one of two
 * records, the interpreter's or the runtime's, from before the stop until all threads may go on.
 * weft_attach_now() owns both for the moment in which it attaches, or gives up. Who gave up looks again when `world`
 * changes: it read `world` before it tried, and whoever owned a mutex then changes `world` after giving it back. */
#define Py_BUILD_CORE
#include <Python.h>
#include "internal/pycore_brc.h"
#include "internal/pycore_ceval.h"
#include "internal/pycore_lock.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_qsbr.h"
#include "internal/pycore_runtime.h"
#include "internal/pycore_tstate.h"
#undef Py_BUILD_CORE

#include <emscripten/threading.h>

#include "weft_python.h"
#include "weft_thread.h"
#include "weft_wait.h"

static struct weft_words words;
static _Atomic int joined;
static _Atomic(weft_thread *) finalizer;

/* This thread's pinned state: made at its first attach, so that thread-locals last and later
 * attaches cost little. Null on threads of CPython's own until they detach. */
static _Thread_local PyThreadState *state;
static _Thread_local int host_thread;
static _Thread_local PyGILState_STATE gil;
/* How many weft_suspend() are open on this thread: while there are any it stays counted. */
static _Thread_local int suspended;

struct weft_words *weft_python_words(void) { return &words; }

/* Stops of all threads so far. Written by whoever has stopped them, before they go on. */
static uint32_t stops;

uint32_t weft_world_stop(void) {
  PyInterpreterState *interpreter = PyInterpreterState_Get();
  return interpreter->stoptheworld.world_stopped || _PyRuntime.stoptheworld.world_stopped ? stops + 1 : 0;
}

static void world_goes_on(void) {
  atomic_fetch_add(&words.world, 1);
  emscripten_futex_wake(&words.world, INT32_MAX);
}

/* The linker puts these in the place of CPython's (--wrap in cpython-build/recipe.json). */
void __real__PyEval_StartTheWorld(PyInterpreterState *interpreter);
void __wrap__PyEval_StartTheWorld(PyInterpreterState *interpreter) {
  stops++;
  __real__PyEval_StartTheWorld(interpreter);
  world_goes_on();
}
void __real__PyEval_StartTheWorldAll(_PyRuntimeState *runtime);
void __wrap__PyEval_StartTheWorldAll(_PyRuntimeState *runtime) {
  stops++;
  __real__PyEval_StartTheWorldAll(runtime);
  world_goes_on();
}

/* Keeps others from stopping the world until release_world(): 1, or 0 where somebody has stopped it or is about to. */
static int hold_world(PyInterpreterState *interpreter) {
  if (!PyMutex_LockFast(&_PyRuntime.stoptheworld.mutex._bits)) {
    return 0;
  }
  if (!PyMutex_LockFast(&interpreter->stoptheworld.mutex._bits)) {
    PyMutex_Unlock(&_PyRuntime.stoptheworld.mutex);
    return 0;
  }
  return 1;
}

static void release_world(PyInterpreterState *interpreter) {
  PyMutex_Unlock(&interpreter->stoptheworld.mutex);
  PyMutex_Unlock(&_PyRuntime.stoptheworld.mutex);
  /* Another thread may have found a mutex of ours taken. */
  world_goes_on();
}

void weft_lifecycle_set(enum weft_lifecycle to) {
  atomic_store(&words.lifecycle, to);
  emscripten_futex_wake(&words.lifecycle, INT32_MAX);
  /* Who waits to attach may have to hear that it never will. */
  world_goes_on();
}

static void count_out(void) {
  if (atomic_fetch_sub(&joined, 1) == 1) {
    weft_thread *waiter = atomic_load(&finalizer);
    if (waiter) {
      weft_unpark(waiter);
    }
  }
}

void weft_finalize_begin(void) {
  atomic_store(&finalizer, weft_self());
  weft_lifecycle_set(WEFT_FINALIZING);
  Py_BEGIN_ALLOW_THREADS
  while (atomic_load(&joined) != 0) {
    weft_park_uninterrupted(WEFT_WAIT_HOST, (uintptr_t)&joined, -1);
  }
  Py_END_ALLOW_THREADS
}

/* Objects of this thread's that other threads released wait until it merges their counts. CPython does
 * that between instructions, and this thread may never run any: it only calls. */
static void merge(void) {
  PyThreadState *self = PyThreadState_GetUnchecked();
  if (_Py_eval_breaker_bit_is_set(self, _PY_EVAL_EXPLICIT_MERGE_BIT)) {
    _Py_unset_eval_breaker_bit(self, _PY_EVAL_EXPLICIT_MERGE_BIT);
    _Py_brc_merge_refcounts(self);
  }
}

void weft_quiescent(void) { _Py_qsbr_quiescent_state(((_PyThreadStateImpl *)PyThreadState_GetUnchecked())->qsbr); }

/* Counts the calling thread: 0, or the state that forbids it to attach. */
static int count_in(void) {
  atomic_fetch_add(&joined, 1);
  int now = atomic_load(&words.lifecycle);
  if (now == WEFT_RUNNING) {
    return 0;
  }
  count_out();
  return now == 0 ? -1 : now;
}

/* The first attach makes the thread's state, which may have to stop the world itself. */
static void attach_first(void) {
  gil = PyGILState_Ensure();
  host_thread = 1;
  state = PyThreadState_GetUnchecked();
}

int weft_attach(void) {
  if (state && (!host_thread || suspended > 0)) {
    PyEval_RestoreThread(state);
    return 0;
  }
  int refused = count_in();
  if (refused != 0) {
    return refused;
  }
  if (!host_thread) {
    attach_first();
  } else {
    PyEval_RestoreThread(state);
    merge();
  }
  return 0;
}

int weft_attach_now(void) {
  int counted = !state || (host_thread && suspended == 0);
  int refused = counted ? count_in() : 0;
  if (refused != 0) {
    return refused;
  }
  PyInterpreterState *interpreter = PyInterpreterState_Main();
  if (!hold_world(interpreter)) {
    if (counted) {
      count_out();
    }
    return WEFT_ATTACH_BUSY;
  }
  if (counted && !host_thread) {
    release_world(interpreter);
    attach_first();
    return 0;
  }
  PyEval_RestoreThread(state);
  release_world(interpreter);
  if (counted) {
    merge();
  }
  return 0;
}

/* PyEval_SaveThread(), which stops this thread for whoever waits for all threads to stop: that one looks for
 * detached threads once in a millisecond, and would rarely find one that attaches again and again. Between
 * instructions CPython does the same. */
static PyThreadState *detach(void) {
  PyThreadState *self = PyThreadState_GetUnchecked();
  if (!_Py_eval_breaker_bit_is_set(self, _PY_EVAL_PLEASE_STOP_BIT)) {
    return PyEval_SaveThread();
  }
  _Py_unset_eval_breaker_bit(self, _PY_EVAL_PLEASE_STOP_BIT);
  /* Only detaches where the stop is over. */
  _PyThreadState_Suspend(self);
  return self;
}

void weft_detach(void) {
  state = detach();
  if (host_thread && suspended == 0) {
    count_out();
  }
}

void weft_suspend(void) {
  state = detach();
  suspended++;
}

void weft_resume(void) {
  suspended--;
  PyEval_RestoreThread(state);
}

void weft_leave(void) {
  if (!host_thread) {
    return;
  }
  if (weft_attach() == 0) {
    PyGILState_Release(gil);
    count_out();
  }
  /* Otherwise the interpreter is gone or going, and frees the states of all threads itself. */
  host_thread = 0;
  state = NULL;
}
