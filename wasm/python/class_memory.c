/* What a class has besides its slots: a buffer over bytes in its objects, and memory that is kept for the next object.
 *
 * It is in a capsule in the type's `tp_cache`, which CPython keeps and uses for nothing else; written before the type has
 * objects and constant from then on, but for `spare`. */
#define Py_BUILD_CORE 1
#include "weft_python.h"
#include "weft_class.h"

#include "internal/pycore_gc.h"
#include "internal/pycore_object.h"

#include <string.h>

static const char CAPSULE[] = "weft.class";

typedef struct {
  struct weft_class_memory said;
  const char *name; /* never freed */
  int32_t dimensions;
  Py_ssize_t shape[WEFT_DIMENSIONS], strides[WEFT_DIMENSIONS];
  char format[2];
  /* Objects without references, `said.spares` places. Who exchanges one for null has it. */
  _Atomic(PyObject *) spare[];
} memory;

/* Types derived from it by Python code have none of their own. */
static memory *own(PyTypeObject *type) {
  return type->tp_cache ? PyCapsule_GetPointer(type->tp_cache, CAPSULE) : NULL;
}

/* ---- buffers --------------------------------------------------------------------------------- */

/* The bytes are the object's, so the reference that every Py_buffer has to its object keeps them. */
static int get_buffer(PyObject *object, Py_buffer *view, int flags) {
  memory *self = NULL;
  for (PyTypeObject *type = Py_TYPE(object); !self || self->dimensions == 0; type = type->tp_base) {
    self = own(type);
  }
  view->obj = NULL;
  if (self->said.readonly && flags & PyBUF_WRITABLE) {
    PyErr_Format(PyExc_BufferError, "the bytes of a %T cannot be written", object);
    return -1;
  }
  if (self->dimensions > 1 && (flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS) {
    PyErr_Format(PyExc_BufferError, "the bytes of a %T are not in the order of Fortran's arrays", object);
    return -1;
  }
  /* A look at the object, as any other: not on a foreign thread where it is unsendable, nor when somebody has it alone. */
  int mode = self->said.flags & WEFT_LOCKED ? WEFT_BORROW_LOCKED : WEFT_BORROW_SHARED;
  if (weft_borrow_begin(object, self->said.borrow, mode, self->said.flags, self->name) != 0) {
    return -1;
  }
  weft_borrow_end(object, self->said.borrow, mode);
  int shaped = flags & PyBUF_ND;
  *view = (Py_buffer){
    .buf = (char *)object + self->said.offset,
    .obj = Py_NewRef(object),
    .len = self->said.size,
    .itemsize = self->said.itemsize,
    .readonly = self->said.readonly,
    .ndim = shaped ? self->dimensions : 1,
    .format = flags & PyBUF_FORMAT ? self->format : NULL,
    .shape = shaped ? self->shape : NULL,
    .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? self->strides : NULL,
  };
  return 0;
}

/* A type that Python code derives has the slots that its bases' dictionaries name, so `__buffer__` is there too, as CPython's own types
 * have it. */
static int name_buffer(PyTypeObject *type) {
  PyObject *known = NULL, *wrapper = NULL;
  PyObject *there = PyType_GetDict(&PyBytes_Type), *here = PyType_GetDict(type);
  int result = PyDict_GetItemStringRef(there, "__buffer__", &known);
  if (result == 1) {
    wrapper = PyDescr_NewWrapper(type, ((PyWrapperDescrObject *)known)->d_base, (void *)get_buffer);
    result = wrapper ? PyDict_SetItemString(here, "__buffer__", wrapper) : -1;
    PyType_Modified(type);
  }
  Py_XDECREF(wrapper);
  Py_XDECREF(known);
  Py_DECREF(here);
  Py_DECREF(there);
  return result;
}

/* ---- spare objects --------------------------------------------------------------------------- */

/* Where a thread looks first, so that threads do not meet at one place, and how far it looks. */
static uint32_t place(memory *self, int32_t step) {
  return (((uint32_t)(uintptr_t)PyThreadState_Get() >> 6) + (uint32_t)step) % (uint32_t)self->said.spares;
}
enum { STEPS = 4 };

static PyObject *allocate(PyTypeObject *type, Py_ssize_t items) {
  memory *self = own(type);
  for (int32_t i = 0; i < STEPS; i++) {
    _Atomic(PyObject *) *at = &self->spare[place(self, i)];
    PyObject *object = atomic_load(at) ? atomic_exchange(at, NULL) : NULL;
    if (object) {
      memset(object + 1, 0, (size_t)type->tp_basicsize - sizeof *object);
      _PyObject_Init(object, type);
      PyObject_GC_Track(object);
      return object;
    }
  }
  return PyType_GenericAlloc(type, items);
}

/* CPython has cleared weak references, fields and the rest: the words before an object are 0 again. */
static void release(void *pointer) {
  PyObject *object = pointer;
  memory *self = own(Py_TYPE(object));
  if (_PyObject_GC_IS_TRACKED(object)) {
    PyObject_GC_UnTrack(object);
  }
  for (int32_t i = 0; i < STEPS; i++) {
    PyObject *none = NULL;
    if (atomic_compare_exchange_strong(&self->spare[place(self, i)], &none, object)) {
      return;
    }
  }
  PyObject_GC_Del(object);
}

static void free_memory(PyObject *capsule) { PyMem_Free(PyCapsule_GetPointer(capsule, CAPSULE)); }

int32_t weft_class_memory(PyTypeObject *type, const struct weft_class_memory *said, const char *name) {
  memory *self = PyMem_Calloc(1, sizeof *self + (size_t)said->spares * sizeof *self->spare);
  char *text = self ? strdup(name) : NULL;
  PyObject *capsule = text ? PyCapsule_New(self, CAPSULE, free_memory) : NULL;
  if (!capsule) {
    free(text);
    PyMem_Free(self);
    PyErr_NoMemory();
    return -1;
  }
  self->said = *said;
  self->name = text;
  self->format[0] = (char)said->format;
  Py_ssize_t stride = said->itemsize;
  for (int32_t i = WEFT_DIMENSIONS - 1; i >= 0; i--) {
    if (said->shape[i] > 0) {
      if (self->dimensions == 0) {
        self->dimensions = i + 1;
      }
      self->shape[i] = said->shape[i];
      self->strides[i] = stride;
      stride *= said->shape[i];
    }
  }
  type->tp_cache = capsule;
  if (self->dimensions > 0) {
    type->tp_as_buffer->bf_getbuffer = get_buffer;
    if (name_buffer(type) != 0) {
      return -1;
    }
  }
  if (said->spares > 0) {
    type->tp_alloc = allocate;
    type->tp_free = release;
  }
  return 0;
}
