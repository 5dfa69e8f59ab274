/* Operations on the host realm's values that another realm's thread asks for.
 *
 * The thread makes a request, posts it to the host realm's event loop, detaches and parks on its own wait
 * record. Python's objects are the same in all realms, so the host realm attaches and reads the arguments
 * and makes the result itself: nothing is copied.
 *
 * `state` says whose the request is:
 *
 *   from      to         by          then the request is
 *   ASKED     RUNNING    host        the host's, which answers it
 *   RUNNING   ANSWERED   host        the thread's, which frees it; `result`, `error` and `refused` were written before
 *   ASKED     GIVEN_UP   thread      the host's, which frees it when the event arrives
 *   RUNNING   GIVEN_UP   thread      the host's, which frees it instead of answering
 *
 * Every change is a compare-and-swap or an exchange, so exactly one of the two frees it. The host wakes the
 * thread after the change, by its record, which is permanent; a wake that comes late is a spurious one. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "weft_js.h"
#include "weft_main.h"
#include "weft_python.h"
#include "weft_wait.h"

enum { ASKED, RUNNING, ANSWERED, GIVEN_UP };

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static Py_ssize_t total(weft_request *request) {
  return request->count + (request->names ? PyTuple_GET_SIZE(request->names) : 0);
}

/* Any thread, attached or not. */
static void discard(weft_request *request) {
  for (Py_ssize_t i = 0, n = total(request); i < n; i++) {
    weft_pool_drop(request->arguments[i]);
  }
  PyObject *const others[] = {request->names, request->result, request->error};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (others[i]) {
      weft_pool_drop(others[i]);
    }
  }
  free(request);
}

static weft_request *make(int operation, int32_t id, int32_t self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  Py_ssize_t all = count + (names ? PyTuple_GET_SIZE(names) : 0);
  weft_request *request = malloc(sizeof *request + (size_t)all * sizeof(PyObject *));
  if (!request) {
    PyErr_NoMemory();
    return NULL;
  }
  *request = (weft_request){
    .operation = operation,
    .id = id,
    .self = self,
    .count = (int32_t)count,
    .names = Py_XNewRef(names),
    .arguments = (PyObject **)(request + 1),
    .thread = weft_self(),
    .state = ASKED,
  };
  for (Py_ssize_t i = 0; i < all; i++) {
    request->arguments[i] = Py_NewRef(arguments[i]);
  }
  return request;
}

/* Attached. */
static PyObject *take(weft_request *request) {
  PyObject *result = request->result, *error = request->error;
  if (request->refused) {
    PyErr_SetString(PyExc_RuntimeError, "the host realm cannot be reached any more: Python is ending");
  } else if (error) {
    PyErr_SetRaisedException(error);
  }
  for (Py_ssize_t i = 0, n = total(request); i < n; i++) {
    Py_DECREF(request->arguments[i]);
  }
  Py_XDECREF(request->names);
  free(request);
  return result;
}

/* Attached, with an exception: whether the request was left to the host. */
static int give_up(weft_request *request) {
  int32_t state = atomic_load(&request->state);
  while (state != ANSWERED) {
    if (atomic_compare_exchange_weak(&request->state, &state, GIVEN_UP)) {
      return 1;
    }
  }
  return 0;
}

PyObject *weft_js_request(int operation, int32_t id, int32_t self, PyObject *const *arguments, Py_ssize_t count,
                          PyObject *names, int64_t timeout_ns) {
  if (atomic_load(&weft_python_words()->lifecycle) != WEFT_RUNNING) {
    PyErr_SetString(PyExc_RuntimeError, "the host realm answers only while an interpreter runs that loadWeft() started");
    return NULL;
  }
  weft_request *request = make(operation, id, self, arguments, count, names);
  if (!request) {
    return NULL;
  }
  int64_t deadline = timeout_ns < 0 ? 0 : now_ns() + timeout_ns;
  weft_post_event(WEFT_EVENT_REQUEST, (uintptr_t)request, 0);
  for (;;) {
    enum weft_park_result parked = WEFT_PARK_OK;
    Py_BEGIN_ALLOW_THREADS
    while (parked == WEFT_PARK_OK && atomic_load(&request->state) != ANSWERED) {
      int64_t left = timeout_ns < 0 ? -1 : deadline - now_ns();
      parked = weft_park(WEFT_WAIT_HOST, (uintptr_t)request, timeout_ns >= 0 && left < 0 ? 0 : left);
    }
    Py_END_ALLOW_THREADS
    if (parked == WEFT_PARK_OK) {
      return take(request);
    }
    if (parked == WEFT_PARK_TIMEOUT) {
      PyErr_SetString(PyExc_TimeoutError, "the host realm did not answer in time");
    } else if (PyErr_CheckSignals() == 0) {
      continue;
    }
    if (!give_up(request)) {
      /* The answer came just now. Arguments, result and error go; the exception stays. */
      discard(request);
    }
    return NULL;
  }
}

int weft_request_begin(weft_request *request) {
  int32_t state = ASKED;
  if (atomic_compare_exchange_strong(&request->state, &state, RUNNING)) {
    return 1;
  }
  discard(request);
  return 0;
}

static void answer(weft_request *request) {
  /* Afterwards the request may be gone. */
  weft_thread *thread = request->thread;
  if (atomic_exchange(&request->state, ANSWERED) == GIVEN_UP) {
    discard(request);
  } else {
    weft_unpark(thread);
  }
}

void weft_request_end(weft_request *request, PyObject *result, PyObject *error) {
  request->result = result;
  request->error = error;
  answer(request);
}

void weft_request_refuse(weft_request *request) {
  request->refused = 1;
  answer(request);
}
