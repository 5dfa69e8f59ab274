/* weft.create_proxy(): a Python function that JavaScript may keep, until destroy().
 *
 * JavaScript's functions for it, in as many realms as have got it, only call this object; so destroying
 * it is one write here, and every later call finds it. `callable` is guarded by the object's own lock. */
#include "weft_js.h"

typedef struct {
  PyObject_HEAD
  PyObject *callable; /* null once it is destroyed */
  int throws, once;
  PyObject *weakrefs;
} callable_object;

/* The callable as a new reference, or null; taken out with `remove`. */
static PyObject *held(callable_object *self, int remove) {
  PyObject *callable;
  Py_BEGIN_CRITICAL_SECTION(self);
  callable = self->callable;
  if (remove) {
    self->callable = NULL;
  } else {
    Py_XINCREF(callable);
  }
  Py_END_CRITICAL_SECTION();
  return callable;
}

static PyObject *call(PyObject *object, PyObject *arguments, PyObject *keywords) {
  callable_object *self = (callable_object *)object;
  PyObject *callable = held(self, self->once);
  if (!callable) {
    PyErr_SetString(PyExc_RuntimeError, self->once ? "this proxy of a Python function was made for one call, or was destroyed"
                                                   : "this proxy of a Python function was destroyed");
    return NULL;
  }
  PyObject *result = PyObject_Call(callable, arguments, keywords);
  Py_DECREF(callable);
  return result;
}

static PyObject *destroy(PyObject *object, PyObject *unused) {
  Py_XDECREF(held((callable_object *)object, 1));
  Py_RETURN_NONE;
}

static PyObject *enter(PyObject *object, PyObject *unused) { return Py_NewRef(object); }

static PyObject *leave(PyObject *object, PyObject *const *arguments, Py_ssize_t count) { return destroy(object, NULL); }

static PyObject *is_destroyed(PyObject *object, void *unused) {
  PyObject *callable = held((callable_object *)object, 0);
  Py_XDECREF(callable);
  return PyBool_FromLong(callable == NULL);
}

static PyObject *repr(PyObject *object) {
  PyObject *callable = held((callable_object *)object, 0);
  PyObject *text = callable ? PyUnicode_FromFormat("<proxy of %R>", callable) : PyUnicode_FromString("<destroyed proxy>");
  Py_XDECREF(callable);
  return text;
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  Py_VISIT(((callable_object *)object)->callable);
  return 0;
}

static int clear(PyObject *object) {
  Py_CLEAR(((callable_object *)object)->callable);
  return 0;
}

static void dealloc(PyObject *object) {
  PyObject_GC_UnTrack(object);
  PyObject_ClearWeakRefs(object);
  clear(object);
  Py_TYPE(object)->tp_free(object);
}

static PyMethodDef methods[] = {
  {"destroy", destroy, METH_NOARGS, "Lets go of the function. Calling the proxy is an error from now on. A second time does nothing."},
  {"__enter__", enter, METH_NOARGS, NULL},
  {"__exit__", (PyCFunction)(void (*)(void))leave, METH_FASTCALL, NULL},
  {NULL},
};

static PyGetSetDef properties[] = {
  {"destroyed", is_destroyed, NULL, "Whether the function was let go of.", NULL},
  {NULL},
};

PyTypeObject weft_callable_type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.FunctionProxy",
  .tp_doc = "A Python function that JavaScript may keep; create_proxy() makes one.",
  .tp_basicsize = sizeof(callable_object),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_weaklistoffset = offsetof(callable_object, weakrefs),
  .tp_call = call,
  .tp_dealloc = dealloc,
  .tp_traverse = traverse,
  .tp_clear = clear,
  .tp_repr = repr,
  .tp_methods = methods,
  .tp_getset = properties,
};

PyObject *weft_callable_new(PyObject *callable, int throws, int once) {
  if (!PyCallable_Check(callable)) {
    PyErr_Format(PyExc_TypeError, "create_proxy() takes a callable, not %R", callable);
    return NULL;
  }
  callable_object *self = PyObject_GC_New(callable_object, &weft_callable_type);
  if (self) {
    self->callable = Py_NewRef(callable);
    self->throws = throws;
    self->once = once;
    self->weakrefs = NULL;
    PyObject_GC_Track(self);
  }
  return (PyObject *)self;
}

int weft_callable_throws(PyObject *object) {
  return Py_IS_TYPE(object, &weft_callable_type) ? ((callable_object *)object)->throws : -1;
}
