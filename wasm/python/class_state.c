/* What keeps the JavaScript state of an unsendable object whose class has a `traverses()`: it tells the garbage collector
 * which references the state owns, so that cycles through JavaScript are collected.
 *
 * Only the thread of the state's realm reads or writes `found`, `count` and `stop`: on other threads an object is not
 * looked into, which leaves whatever it refers to alive. A collection visits an object several times while the world is
 * stopped, and all of these visits have to name the same references, or live objects would be freed: the host's
 * function is asked once in a stop, and its answer kept. */
#include <stdlib.h>

#include "weft_class.h"
#include "weft_js.h"
#include "weft_python.h"

typedef struct {
  PyObject_HEAD
  PyObject *proxy;      /* for the state; null once it was cleared */
  PyObject *owner;      /* its address only: it may be gone */
  int32_t module, index;
  uint32_t stop;        /* that `found` was filled in; 0: in none */
  int32_t count, room;
  PyObject **found;
} state_object;

PyObject **weft_state_room(PyObject *state, int32_t count) {
  state_object *self = (state_object *)state;
  if (count > self->room) {
    /* Stopped threads hold no lock of the allocator: they stop between instructions. */
    PyObject **room = realloc(self->found, (size_t)count * sizeof *room);
    if (!room) {
      return NULL;
    }
    self->found = room;
    self->room = count;
  }
  self->count = count;
  return self->found;
}

static int traverse(PyObject *object, visitproc visit, void *arg) {
  state_object *self = (state_object *)object;
  Py_VISIT(self->proxy);
  if (!self->proxy || weft_js_proxy_id(self->proxy) < 0) {
    return 0;
  }
  uint32_t stop = weft_world_stop();
  if (stop == 0 || stop != self->stop) {
    self->count = 0;
    weft_host_traverse(self->module, self->index, weft_js_proxy_id(self->proxy), self->owner, object);
    self->stop = stop;
  }
  for (int32_t i = 0; i < self->count; i++) {
    Py_VISIT(self->found[i]);
  }
  return 0;
}

static int clear(PyObject *object) {
  state_object *self = (state_object *)object;
  PyObject *proxy = self->proxy;
  if (proxy) {
    /* Before: what the state lets go of may look at the object. */
    self->proxy = NULL;
    self->stop = 0;
    self->count = 0;
    int32_t id = weft_js_proxy_id(proxy);
    if (id >= 0) {
      weft_host_clear(self->module, self->index, id);
    }
    Py_DECREF(proxy);
  }
  return 0;
}

static void dealloc(PyObject *object) {
  state_object *self = (state_object *)object;
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self->proxy);
  free(self->found);
  Py_TYPE(object)->tp_free(object);
}

static PyTypeObject type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.State",
  .tp_doc = "The JavaScript state of an unsendable object.",
  .tp_basicsize = sizeof(state_object),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_traverse = traverse,
  .tp_clear = clear,
  .tp_dealloc = dealloc,
};

PyObject *weft_state_new(int32_t module, int32_t index, PyObject *owner, PyObject *proxy) {
  if (PyType_Ready(&type) != 0) {
    return NULL;
  }
  state_object *self = PyObject_GC_New(state_object, &type);
  if (!self) {
    return NULL;
  }
  self->proxy = Py_NewRef(proxy);
  self->owner = owner;
  self->module = module;
  self->index = index;
  self->stop = 0;
  self->count = self->room = 0;
  self->found = NULL;
  PyObject_GC_Track(self);
  return (PyObject *)self;
}

PyObject *weft_state_proxy(PyObject *state) { return ((state_object *)state)->proxy; }
