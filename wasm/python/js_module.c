/* What the modules weft and js have for JavaScript. */
#include "weft_js.h"
#include "weft_python.h"

static PyObject *create_proxy(PyObject *module, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"callable", "throws", "once", NULL};
  PyObject *callable;
  int throws = 0, once = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|$pp:create_proxy", names, &callable, &throws, &once)) {
    return NULL;
  }
  return weft_callable_new(callable, throws, once);
}

static PyObject *to_js(PyObject *module, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"object", "depth", "host", NULL};
  PyObject *object;
  int depth = -1, in_host = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|i$p:to_js", names, &object, &depth, &in_host)) {
    return NULL;
  }
  PyObject *globals = weft_js_globals_new(in_host ? weft_realm_host() : NULL), *number = PyLong_FromLong(depth);
  PyObject *result = globals && number ? weft_js_operate(globals, WEFT_JS_TO_JS, (PyObject *[]){object, number}, 2, NULL) : NULL;
  Py_XDECREF(globals);
  Py_XDECREF(number);
  return result;
}

static PyObject *run_sync(PyObject *module, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"promise", "timeout", NULL};
  PyObject *promise, *timeout = Py_None;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O|O:run_sync", names, &promise, &timeout)) {
    return NULL;
  }
  if (!Py_IS_TYPE(promise, &weft_js_promise_type)) {
    PyErr_Format(PyExc_TypeError, "run_sync() takes a JavaScript promise, not %R", promise);
    return NULL;
  }
  return weft_promise_wait(promise, timeout);
}

void weft_js_refuse(void) {
  PyErr_SetString(PyExc_ImportError, "this program was not given JavaScript, by which it could use all of the machine: weft run --js gives it");
}

void weft_js_unavailable(const char *reason, Py_ssize_t length) { weft_error_set(PyExc_ImportError, reason, length); }

/* For wasm/library/js.py: asking it for an attribute must ask the realm of the thread that asks. */
static PyObject *js_globals(PyObject *module, PyObject *unused) {
  PyObject *globals = weft_js_globals_new(NULL);
  /* A realm may refuse: then there is no module. */
  PyObject *kind = globals ? weft_js_operate(globals, WEFT_JS_TYPEOF, NULL, 0, NULL) : NULL;
  if (!kind) {
    Py_CLEAR(globals);
  }
  Py_XDECREF(kind);
  return globals;
}

static PyMethodDef functions[] = {
  {"create_proxy", (PyCFunction)(void (*)(void))create_proxy, METH_VARARGS | METH_KEYWORDS,
   "create_proxy(callable, *, throws=False, once=False): the function as one that JavaScript may keep, until destroy()\n"
   "or, with `once`, its first call. What it raises when the event loop calls it goes to sys.unraisablehook, or, with\n"
   "`throws`, to JavaScript."},
  {"to_js", (PyCFunction)(void (*)(void))to_js, METH_VARARGS | METH_KEYWORDS,
   "to_js(object, depth=-1, *, host=False): containers as new JavaScript ones, down to a depth (-1: to the bottom), in the\n"
   "realm of this thread or in the host realm."},
  {"run_sync", (PyCFunction)(void (*)(void))run_sync, METH_VARARGS | METH_KEYWORDS,
   "run_sync(promise, timeout=None): blocks this thread until a promise of the host realm is settled."},
  {"_js_globals", js_globals, METH_NOARGS, NULL},
  {NULL},
};

int weft_js_fill(PyObject *module) {
  if (weft_js_ready() != 0 || PyModule_AddFunctions(module, functions) != 0 || PyModule_AddType(module, &weft_js_proxy_type) != 0 ||
      PyModule_AddType(module, &weft_js_function_type) != 0 || PyModule_AddType(module, &weft_js_promise_type) != 0 ||
      PyModule_AddType(module, &weft_callable_type) != 0) {
    return -1;
  }
  return PyModule_Add(module, "host", weft_js_globals_new(weft_realm_host())) != 0
           ? -1
           : PyModule_Add(module, "_services", weft_js_services_new());
}
