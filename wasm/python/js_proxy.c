/* weft.JsProxy: a Python object that stands for a JavaScript value of one realm. Its slots only name
 * operations; what they mean for which value is said in src/python/js/operation.ts.
 *
 * A realm numbers equal values equally, so two proxies are equal when their numbers are. */
#define Py_BUILD_CORE
#include <Python.h>
#include "internal/pycore_object.h"
#undef Py_BUILD_CORE

#include <stdlib.h>

#include "weft_js.h"
#include "weft_python.h"

static void dealloc(PyObject *object);

/* Proxies cannot be subclassed: all have this destructor, and nothing else has. */
static int is_proxy(PyObject *object) { return Py_TYPE(object)->tp_dealloc == dealloc; }

static weft_realm *realm_of(weft_js_proxy *self, weft_realm *here) { return self->realm ? self->realm : here; }

PyObject *weft_js_operate(PyObject *proxy, int operation, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  weft_js_proxy *self = (weft_js_proxy *)proxy;
  weft_realm *here = weft_realm_here(), *realm = realm_of(self, here);
  if (realm == here) {
    return weft_host_call(operation, self->id, self->self, arguments, count, names);
  }
  if (realm->id == WEFT_HOST_REALM) {
    return weft_js_request(operation, self->id, self->self, arguments, count, names, -1);
  }
  if (self->name) {
    PyErr_Format(PyExc_RuntimeError, "the JavaScript value %R belongs to realm %d and cannot be used on a thread of realm %d",
                 self->name, realm->id, here->id);
  } else {
    PyErr_Format(PyExc_RuntimeError, "this JavaScript value belongs to realm %d and cannot be used on a thread of realm %d",
                 realm->id, here->id);
  }
  return NULL;
}

#define OPERATE(self, operation, ...)                                                                 \
  weft_js_operate(self, operation, (PyObject *[]){__VA_ARGS__},                                       \
                  sizeof((PyObject *[]){__VA_ARGS__}) / sizeof(PyObject *), NULL)
#define OPERATE0(self, operation) weft_js_operate(self, operation, NULL, 0, NULL)

static int status_of(PyObject *result) {
  Py_XDECREF(result);
  return result ? 0 : -1;
}

static PyObject *call(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  int converting = ((weft_js_proxy *)callable)->flags & WEFT_JS_CONVERTING;
  return weft_js_operate(callable, converting ? WEFT_JS_CALL_CONVERTING : WEFT_JS_CALL, arguments, PyVectorcall_NARGS(flags), names);
}

static void dealloc(PyObject *object) {
  weft_js_proxy *self = (weft_js_proxy *)object;
  PyObject_ClearWeakRefs(object);
  if (self->handle) {
    weft_js_drop(self->realm, self->handle);
  }
  Py_XDECREF(self->name);
  Py_TYPE(object)->tp_free(object);
}

/* ---- attributes ---- */

/* Names like __this__ are Python's own: asking the value for them would be slow and mean something else. */
static int is_special(PyObject *name) {
  Py_ssize_t length = PyUnicode_GET_LENGTH(name);
  return length > 4 && PyUnicode_READ_CHAR(name, 0) == '_' && PyUnicode_READ_CHAR(name, 1) == '_' &&
         PyUnicode_READ_CHAR(name, length - 1) == '_' && PyUnicode_READ_CHAR(name, length - 2) == '_';
}

static PyObject *getattro(PyObject *object, PyObject *name) {
  PyObject *own = _PyObject_GenericGetAttrWithDict(object, name, NULL, 1);
  if (own || PyErr_Occurred()) {
    return own;
  }
  PyObject *result = is_special(name) ? NULL : OPERATE(object, WEFT_JS_GET, name);
  if (!result && !PyErr_Occurred()) {
    PyErr_Format(PyExc_AttributeError, "this JavaScript value has no attribute '%U'", name);
  }
  return result;
}

static int setattro(PyObject *object, PyObject *name, PyObject *value) {
  if (is_special(name)) {
    PyErr_Format(PyExc_AttributeError, "'%U' cannot be set on a JavaScript value", name);
    return -1;
  }
  return status_of(value ? OPERATE(object, WEFT_JS_SET, name, value) : OPERATE(object, WEFT_JS_DELETE, name));
}

static PyObject *dir(PyObject *object, PyObject *unused) {
  PyObject *names = OPERATE0(object, WEFT_JS_DIR);
  PyObject *own = names ? PyObject_Dir((PyObject *)Py_TYPE(object)) : NULL;
  if (!own || PyList_Extend(names, own) != 0) {
    Py_CLEAR(names);
  }
  Py_XDECREF(own);
  return names;
}

static PyObject *get_typeof(PyObject *object, void *unused) { return OPERATE0(object, WEFT_JS_TYPEOF); }

static PyObject *get_name(PyObject *object, void *unused) {
  weft_js_proxy *self = (weft_js_proxy *)object;
  if (self->name) {
    return Py_NewRef(self->name);
  }
  if (self->flags & WEFT_JS_CALLABLE) {
    PyObject *name = PyUnicode_FromString("name");
    PyObject *result = name ? OPERATE(object, WEFT_JS_GET, name) : NULL;
    Py_XDECREF(name);
    if (result || PyErr_Occurred()) {
      return result;
    }
  }
  PyErr_SetString(PyExc_AttributeError, "this JavaScript value has no attribute '__name__'");
  return NULL;
}

/* ---- items ---- */

static PyObject *subscript(PyObject *object, PyObject *key) { return OPERATE(object, WEFT_JS_GET_ITEM, key); }

static int ass_subscript(PyObject *object, PyObject *key, PyObject *value) {
  return status_of(value ? OPERATE(object, WEFT_JS_SET_ITEM, key, value) : OPERATE(object, WEFT_JS_DELETE_ITEM, key));
}

static Py_ssize_t length(PyObject *object) {
  PyObject *result = OPERATE0(object, WEFT_JS_LENGTH);
  Py_ssize_t size = result ? PyLong_AsSsize_t(result) : -1;
  Py_XDECREF(result);
  return size;
}

static int truth_of(PyObject *result) {
  int truth = result ? PyObject_IsTrue(result) : -1;
  Py_XDECREF(result);
  return truth;
}

static int contains(PyObject *object, PyObject *value) { return truth_of(OPERATE(object, WEFT_JS_CONTAINS, value)); }

static int truth(PyObject *object) { return truth_of(OPERATE0(object, WEFT_JS_TRUTH)); }

static PyObject *iterate(PyObject *object) { return OPERATE0(object, WEFT_JS_ITERATE); }

static PyObject *next(PyObject *object) { return OPERATE0(object, WEFT_JS_NEXT); }

/* ---- text, identity ---- */

/* A proxy of another worker can be shown too. */
static int is_foreign(PyObject *object) {
  weft_realm *here = weft_realm_here(), *realm = realm_of((weft_js_proxy *)object, here);
  return realm != here && realm->id != WEFT_HOST_REALM;
}

static PyObject *repr(PyObject *object) {
  weft_js_proxy *self = (weft_js_proxy *)object;
  if (!self->realm) {
    return PyUnicode_FromString("<the JavaScript globals of the calling thread's realm>");
  }
  if (self->name) {
    return PyUnicode_FromFormat("<host object %U of realm %d>", self->name, self->realm->id);
  }
  if (is_foreign(object)) {
    return PyUnicode_FromFormat("<%s of realm %d>", Py_TYPE(object)->tp_name, self->realm->id);
  }
  return OPERATE0(object, WEFT_JS_REPR);
}

static PyObject *text(PyObject *object) {
  return is_foreign(object) ? repr(object) : OPERATE0(object, WEFT_JS_TEXT);
}

static PyObject *compare(PyObject *left, PyObject *right, int operator) {
  if ((operator != Py_EQ && operator != Py_NE) || !is_proxy(left) || !is_proxy(right)) {
    Py_RETURN_NOTIMPLEMENTED;
  }
  weft_realm *here = weft_realm_here();
  weft_js_proxy *a = (weft_js_proxy *)left, *b = (weft_js_proxy *)right;
  int same = a->id == b->id && realm_of(a, here) == realm_of(b, here);
  return PyBool_FromLong(same == (operator == Py_EQ));
}

static Py_hash_t hash(PyObject *object) {
  weft_js_proxy *self = (weft_js_proxy *)object;
  /* The globals have one whether the proxy names their realm or not. */
  return self->id == 0 ? 0 : (Py_hash_t)(((uint32_t)self->id * 31u + (uint32_t)self->realm->id) & 0x7fffffff);
}

/* ---- methods ---- */

static PyObject *to_py(PyObject *object, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"depth", NULL};
  int depth = -1;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|i:to_py", names, &depth)) {
    return NULL;
  }
  PyObject *number = PyLong_FromLong(depth);
  PyObject *result = number ? OPERATE(object, WEFT_JS_TO_PYTHON, number) : NULL;
  Py_XDECREF(number);
  return result;
}

static PyObject *construct(PyObject *object, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  return weft_js_operate(object, WEFT_JS_NEW, arguments, count, names);
}

static PyObject *instance_check(PyObject *object, PyObject *other) {
  if (!is_proxy(other)) {
    Py_RETURN_FALSE;
  }
  weft_realm *here = weft_realm_here();
  if (realm_of((weft_js_proxy *)object, here) != realm_of((weft_js_proxy *)other, here)) {
    /* Each realm has classes of its own. */
    Py_RETURN_FALSE;
  }
  return OPERATE(object, WEFT_JS_INSTANCE_OF, other);
}

static PyObject *wait_for(PyObject *object, PyObject *arguments, PyObject *keywords) {
  static char *names[] = {"timeout", NULL};
  PyObject *timeout = Py_None;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:wait", names, &timeout)) {
    return NULL;
  }
  return weft_promise_wait(object, timeout);
}

static PyMethodDef methods[] = {
  {"to_py", (PyCFunction)(void (*)(void))to_py, METH_VARARGS | METH_KEYWORDS,
   "to_py(depth=-1): the value as Python has it: arrays as lists, plain objects and maps as dicts, sets as sets,\n"
   "byte arrays as bytes, down to a depth (-1: to the bottom). What has no counterpart stays a proxy."},
  {"__dir__", dir, METH_NOARGS, NULL},
  {NULL},
};

static PyMethodDef function_methods[] = {
  {"new", (PyCFunction)(void (*)(void))construct, METH_FASTCALL | METH_KEYWORDS, "new(*args): an instance of this class."},
  {"__instancecheck__", instance_check, METH_O, NULL},
  {NULL},
};

static PyMethodDef promise_methods[] = {
  {"wait", (PyCFunction)(void (*)(void))wait_for, METH_VARARGS | METH_KEYWORDS,
   "wait(timeout=None): blocks this thread until the promise is settled, and gives its value or raises its reason.\n"
   "TimeoutError after that many seconds."},
  {NULL},
};

static PyGetSetDef properties[] = {
  {"typeof", get_typeof, NULL, "What JavaScript's typeof says.", NULL},
  {"__name__", get_name, NULL, NULL, NULL},
  {NULL},
};

static PyMappingMethods as_mapping = {.mp_length = length, .mp_subscript = subscript, .mp_ass_subscript = ass_subscript};
static PySequenceMethods as_sequence = {.sq_contains = contains};
static PyNumberMethods as_number = {.nb_bool = truth};
static PyAsyncMethods as_async = {.am_await = weft_promise_await};

PyTypeObject weft_js_proxy_type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.JsProxy",
  .tp_doc = "A JavaScript value, which lives in its realm.",
  .tp_basicsize = sizeof(weft_js_proxy),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_weaklistoffset = offsetof(weft_js_proxy, weakrefs),
  .tp_dealloc = dealloc,
  .tp_repr = repr,
  .tp_str = text,
  .tp_hash = hash,
  .tp_richcompare = compare,
  .tp_getattro = getattro,
  .tp_setattro = setattro,
  .tp_iter = iterate,
  .tp_iternext = next,
  .tp_as_mapping = &as_mapping,
  .tp_as_sequence = &as_sequence,
  .tp_as_number = &as_number,
  .tp_methods = methods,
  .tp_getset = properties,
};

PyTypeObject weft_js_function_type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.JsFunction",
  .tp_doc = "A JavaScript function or class.",
  .tp_basicsize = sizeof(weft_js_proxy),
  .tp_base = &weft_js_proxy_type,
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_vectorcall_offset = offsetof(weft_js_proxy, vectorcall),
  .tp_call = PyVectorcall_Call,
  .tp_dealloc = dealloc,
  .tp_methods = function_methods,
};

PyTypeObject weft_js_promise_type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.JsPromise",
  .tp_doc = "A JavaScript promise, or anything else with a method then().",
  .tp_basicsize = sizeof(weft_js_proxy),
  .tp_base = &weft_js_proxy_type,
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_dealloc = dealloc,
  .tp_as_async = &as_async,
  .tp_methods = promise_methods,
};

int weft_js_ready(void) {
  /* Racing first uses: PyType_Ready() does its work once, under the type lock. */
  return PyType_Ready(&weft_js_proxy_type) != 0 || PyType_Ready(&weft_js_function_type) != 0 ||
             PyType_Ready(&weft_js_promise_type) != 0 || PyType_Ready(&weft_callable_type) != 0
           ? -1
           : 0;
}

static weft_js_proxy *make(PyTypeObject *type, weft_realm *realm, int32_t id, int32_t self, uint32_t flags) {
  weft_js_proxy *proxy = PyObject_New(weft_js_proxy, type);
  if (proxy) {
    proxy->vectorcall = call;
    proxy->realm = realm;
    proxy->handle = NULL;
    proxy->id = id;
    proxy->self = self;
    proxy->flags = flags;
    proxy->name = NULL;
    proxy->weakrefs = NULL;
  }
  return proxy;
}

PyObject *weft_js_proxy_new(int32_t id, int32_t self, const char *name, uint32_t flags) {
  if (weft_js_ready() != 0) {
    return NULL;
  }
  PyTypeObject *type = flags & WEFT_JS_CALLABLE ? &weft_js_function_type
                       : flags & WEFT_JS_THENABLE ? &weft_js_promise_type
                                                  : &weft_js_proxy_type;
  weft_js_proxy *proxy = make(type, weft_realm_here(), id, self, flags);
  if (!proxy) {
    return NULL;
  }
  if (name && !(proxy->name = PyUnicode_FromString(name))) {
    Py_DECREF(proxy);
    return NULL;
  }
  if (id > 0 || self > 0) {
    proxy->handle = malloc(sizeof *proxy->handle);
    if (!proxy->handle) {
      Py_DECREF(proxy);
      return PyErr_NoMemory();
    }
    *proxy->handle = (weft_js_handle){.id = id, .self = self};
  }
  return (PyObject *)proxy;
}

PyObject *weft_js_services_new(void) {
  return weft_js_ready() == 0 ? (PyObject *)make(&weft_js_proxy_type, weft_realm_host(), WEFT_JS_SERVICES, -1, 0) : NULL;
}

PyObject *weft_js_globals_new(weft_realm *realm) {
  if (weft_js_ready() != 0) {
    return NULL;
  }
  weft_js_proxy *proxy = make(&weft_js_proxy_type, realm, WEFT_JS_GLOBALS, -1, 0);
  if (proxy && !realm && !(proxy->name = PyUnicode_FromString("js"))) {
    Py_CLEAR(proxy);
  }
  return (PyObject *)proxy;
}

int32_t weft_js_proxy_id(PyObject *object) {
  if (!is_proxy(object)) {
    return -1;
  }
  weft_realm *here = weft_realm_here();
  return realm_of((weft_js_proxy *)object, here) == here ? ((weft_js_proxy *)object)->id : -1;
}
