/* Memory that JavaScript and Python see both: an object with the buffer protocol and nothing else, and
 * the host's way to the buffer of any object.
 *
 * A block never moves, grows or shrinks, so a buffer of it needs no count of exports: the reference that every
 * Py_buffer has to its object keeps the block. All fields are written before the object is known to anyone
 * and constant from then on; only the block's content changes, as threads write it. The last reference, on
 * whatever thread, frees the block. */
#include "weft_python.h"

typedef struct {
  PyObject_HEAD
  PyObject *weakrefs;
  void *data;
  Py_ssize_t length, itemsize, size; /* in items, bytes, bytes */
  char format[2];
} buffer_object;

static int get_buffer(PyObject *object, Py_buffer *view, int flags) {
  buffer_object *self = (buffer_object *)object;
  *view = (Py_buffer){
    .buf = self->data,
    .obj = Py_NewRef(object),
    .len = self->size,
    .itemsize = self->itemsize,
    .ndim = 1,
    .format = flags & PyBUF_FORMAT ? self->format : NULL,
    .shape = flags & PyBUF_ND ? &self->length : NULL,
    .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &self->itemsize : NULL,
  };
  return 0;
}

static void dealloc(PyObject *object) {
  buffer_object *self = (buffer_object *)object;
  PyObject_ClearWeakRefs(object);
  PyMem_RawFree(self->data);
  Py_TYPE(object)->tp_free(object);
}

/* Items are memoryview's business, with all its checks. */
static Py_ssize_t length(PyObject *object) { return ((buffer_object *)object)->length; }

static PyObject *subscript(PyObject *object, PyObject *key) {
  PyObject *view = PyMemoryView_FromObject(object);
  PyObject *result = view ? PyObject_GetItem(view, key) : NULL;
  Py_XDECREF(view);
  return result;
}

static int assign_subscript(PyObject *object, PyObject *key, PyObject *value) {
  PyObject *view = PyMemoryView_FromObject(object);
  int status = -1;
  if (view) {
    status = value ? PyObject_SetItem(view, key, value) : PyObject_DelItem(view, key);
    Py_DECREF(view);
  }
  return status;
}

static PyObject *iter(PyObject *object) {
  PyObject *view = PyMemoryView_FromObject(object);
  PyObject *result = view ? PyObject_GetIter(view) : NULL;
  Py_XDECREF(view);
  return result;
}

static PyObject *repr(PyObject *object) {
  buffer_object *self = (buffer_object *)object;
  return PyUnicode_FromFormat("<weft.Buffer of %zd items of format '%s'>", self->length, self->format);
}

static PyBufferProcs as_buffer = {.bf_getbuffer = get_buffer};
static PyMappingMethods as_mapping = {
  .mp_length = length,
  .mp_subscript = subscript,
  .mp_ass_subscript = assign_subscript,
};

static PyTypeObject type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.Buffer",
  .tp_doc = "Memory that the host's code and Python share. memoryview(), indexing and iteration work on it.",
  .tp_basicsize = sizeof(buffer_object),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_weaklistoffset = offsetof(buffer_object, weakrefs),
  .tp_dealloc = dealloc,
  .tp_repr = repr,
  .tp_iter = iter,
  .tp_as_buffer = &as_buffer,
  .tp_as_mapping = &as_mapping,
};

PyObject *weft_buffer_new(Py_ssize_t length, Py_ssize_t itemsize, int format) {
  /* Racing first uses: PyType_Ready() does its work once, under the type lock. */
  if (PyType_Ready(&type) != 0) {
    return NULL;
  }
  if (length < 0 || length > PY_SSIZE_T_MAX / itemsize) {
    return PyErr_NoMemory();
  }
  void *data = PyMem_RawCalloc(length ? length : 1, itemsize);
  if (!data) {
    return PyErr_NoMemory();
  }
  buffer_object *self = PyObject_New(buffer_object, &type);
  if (!self) {
    PyMem_RawFree(data);
    return NULL;
  }
  self->weakrefs = NULL;
  self->data = data;
  self->length = length;
  self->itemsize = itemsize;
  self->size = length * itemsize;
  self->format[0] = (char)format;
  self->format[1] = 0;
  return (PyObject *)self;
}

Py_buffer *weft_memoryview_buffer(PyObject *memoryview) { return PyMemoryView_GET_BUFFER(memoryview); }
