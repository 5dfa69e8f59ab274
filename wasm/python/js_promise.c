/* Waiting for a promise: the thread blocks, or its asyncio loop is told.
 *
 * A realm settles its promises in its event loop. A thread of the same realm keeps that from running, so
 * only promises of the host realm, seen from other realms, can be waited for. */
#include "weft_js.h"

/* 0, or -1 with an exception. */
static int check(PyObject *promise) {
  weft_realm *realm = ((weft_js_proxy *)promise)->realm;
  if (realm != weft_realm_here()) {
    return 0;
  }
  if (realm->id == WEFT_HOST_REALM) {
    PyErr_SetString(PyExc_RuntimeError, "this thread is the host realm's own: a promise of the host realm settles only when "
                                        "Python has returned to its event loop, so wait for it on another thread");
  } else {
    PyErr_Format(PyExc_RuntimeError,
                 "this promise belongs to realm %d, the worker of this thread: it cannot be settled while the thread runs, so "
                 "take one of the host realm's (`from weft import host`)",
                 realm->id);
  }
  return -1;
}

PyObject *weft_promise_wait(PyObject *promise, PyObject *timeout) {
  int64_t nanoseconds = -1;
  if (timeout != Py_None) {
    double seconds = PyFloat_AsDouble(timeout);
    if (seconds == -1 && PyErr_Occurred()) {
      return NULL;
    }
    if (!(seconds >= 0)) {
      PyErr_Format(PyExc_ValueError, "a timeout is None or a number of seconds from 0, not %R", timeout);
      return NULL;
    }
    nanoseconds = seconds > 9e9 ? -1 : (int64_t)(seconds * 1e9);
  }
  if (check(promise) != 0) {
    return NULL;
  }
  weft_js_proxy *proxy = (weft_js_proxy *)promise;
  if (nanoseconds < 0 || proxy->realm->id != WEFT_HOST_REALM) {
    return weft_js_operate(promise, WEFT_JS_WAIT, NULL, 0, NULL);
  }
  return weft_js_request(WEFT_JS_WAIT, proxy->id, proxy->self, NULL, 0, NULL, nanoseconds);
}

/* On the loop's thread; `future` is bound. */
static PyObject *deliver(PyObject *future, PyObject *const *arguments, Py_ssize_t count) {
  PyObject *done = PyObject_CallMethod(future, "done", NULL);
  int is_done = done ? PyObject_IsTrue(done) : -1;
  Py_XDECREF(done);
  if (is_done != 0) {
    /* Cancelled meanwhile. */
    return is_done < 0 ? NULL : Py_NewRef(Py_None);
  }
  if (arguments[0] == Py_True) {
    return PyObject_CallMethod(future, "set_result", "(O)", arguments[1]);
  }
  PyObject *set = PyObject_CallMethod(future, "set_exception", "(O)", arguments[1]);
  if (!set) {
    /* A future refuses StopIteration. Whoever waits gets that error instead. */
    PyObject *error = PyErr_GetRaisedException();
    set = PyObject_CallMethod(future, "set_exception", "(O)", error);
    Py_DECREF(error);
  }
  return set;
}

static PyMethodDef deliver_def = {"deliver", (PyCFunction)(void (*)(void))deliver, METH_FASTCALL, NULL};

/* In the host realm, when the promise is settled; the pair (loop, future) is bound. */
static PyObject *settle(PyObject *pair, PyObject *const *arguments, Py_ssize_t count) {
  PyObject *loop = PyTuple_GET_ITEM(pair, 0);
  PyObject *function = PyCFunction_New(&deliver_def, PyTuple_GET_ITEM(pair, 1));
  PyObject *handle = function ? PyObject_CallMethod(loop, "call_soon_threadsafe", "(OOO)", function, arguments[0], arguments[1]) : NULL;
  Py_XDECREF(function);
  if (!handle) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *closed = PyObject_CallMethod(loop, "is_closed", NULL);
    int is_closed = closed ? PyObject_IsTrue(closed) : -1;
    Py_XDECREF(closed);
    if (is_closed == 1) {
      /* Its loop has ended, and nobody awaits the future any more. */
      Py_DECREF(error);
      Py_RETURN_NONE;
    }
    PyErr_Clear();
    PyErr_SetRaisedException(error);
  }
  return handle;
}

static PyMethodDef settle_def = {"settle", (PyCFunction)(void (*)(void))settle, METH_FASTCALL, NULL};

PyObject *weft_promise_await(PyObject *promise) {
  if (check(promise) != 0) {
    return NULL;
  }
  PyObject *asyncio = PyImport_ImportModule("asyncio");
  PyObject *loop = asyncio ? PyObject_CallMethod(asyncio, "get_running_loop", NULL) : NULL;
  PyObject *future = loop ? PyObject_CallMethod(loop, "create_future", NULL) : NULL;
  PyObject *pair = future ? PyTuple_Pack(2, loop, future) : NULL;
  PyObject *function = pair ? PyCFunction_New(&settle_def, pair) : NULL;
  PyObject *proxy = function ? weft_callable_new(function, 1, 1) : NULL;
  PyObject *asked = proxy ? weft_js_operate(promise, WEFT_JS_THEN, &proxy, 1, NULL) : NULL;
  PyObject *iterator = asked ? PyObject_CallMethod(future, "__await__", NULL) : NULL;
  Py_XDECREF(asked);
  Py_XDECREF(proxy);
  Py_XDECREF(function);
  Py_XDECREF(pair);
  Py_XDECREF(future);
  Py_XDECREF(loop);
  Py_XDECREF(asyncio);
  return iterator;
}
