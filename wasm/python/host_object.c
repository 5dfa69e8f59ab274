/* Python objects that stand for a value (most often a function) of one realm. The value itself stays
 * in a table of that realm; the object has its number there, and the realm's.
 *
 * An object may die on any thread. Numbers to be released are kept in one list under a mutex, and
 * each realm takes its own out when `words.released` has changed. */
#include <pthread.h>
#include <stdlib.h>

#include "weft_python.h"

typedef struct {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  int32_t id;
  int32_t realm;
  PyObject *name;
  PyObject *weakrefs;
} host_object;

typedef struct released {
  struct released *next;
  int32_t id, realm;
} released;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static released *list;

/* A realm runs one thread at a time, and a thread stays in its realm. */
int32_t weft_this_realm(void) {
  static _Thread_local int32_t realm;
  if (realm == 0) {
    realm = weft_host_realm();
  }
  return realm;
}

static PyObject *call(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  host_object *self = (host_object *)callable;
  if (self->realm != weft_this_realm()) {
    PyErr_Format(PyExc_RuntimeError,
                 "the host function %R belongs to realm %d and cannot be called on a thread of realm %d",
                 self->name, self->realm, weft_this_realm());
    return NULL;
  }
  return weft_host_call(self->id, arguments, PyVectorcall_NARGS(flags), names);
}

static void dealloc(PyObject *object) {
  host_object *self = (host_object *)object;
  PyObject_ClearWeakRefs(object);
  released *r = malloc(sizeof *r);
  if (r) { /* else the value stays in its realm's table */
    *r = (released){.id = self->id, .realm = self->realm};
    pthread_mutex_lock(&lock);
    r->next = list;
    list = r;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&weft_python_words()->released, 1);
  }
  Py_DECREF(self->name);
  Py_TYPE(object)->tp_free(object);
}

static PyObject *repr(PyObject *object) {
  host_object *self = (host_object *)object;
  return PyUnicode_FromFormat("<host object %U of realm %d>", self->name, self->realm);
}

static PyMemberDef members[] = {
  {"__name__", Py_T_OBJECT_EX, offsetof(host_object, name), Py_READONLY, NULL},
  {NULL},
};

static PyTypeObject type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.HostObject",
  .tp_doc = "A value of the host's, bound to the realm that it lives in.",
  .tp_basicsize = sizeof(host_object),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_vectorcall_offset = offsetof(host_object, vectorcall),
  .tp_weaklistoffset = offsetof(host_object, weakrefs),
  .tp_call = PyVectorcall_Call,
  .tp_dealloc = dealloc,
  .tp_repr = repr,
  .tp_members = members,
};

PyObject *weft_host_object_new(int32_t id, const char *name) {
  /* Racing first uses: PyType_Ready() does its work once, under the type lock. */
  if (PyType_Ready(&type) != 0) {
    return NULL;
  }
  PyObject *text = PyUnicode_FromString(name);
  host_object *self = text ? PyObject_New(host_object, &type) : NULL;
  if (!self) {
    Py_XDECREF(text);
    return NULL;
  }
  self->vectorcall = call;
  self->id = id;
  self->realm = weft_this_realm();
  self->name = text;
  self->weakrefs = NULL;
  return (PyObject *)self;
}

int32_t weft_host_object_id(PyObject *object) {
  if (!Py_IS_TYPE(object, &type) || ((host_object *)object)->realm != weft_this_realm()) {
    return -1;
  }
  return ((host_object *)object)->id;
}

int32_t weft_host_object_released(void) {
  int32_t realm = weft_this_realm(), id = -1;
  pthread_mutex_lock(&lock);
  for (released **at = &list; *at; at = &(*at)->next) {
    released *r = *at;
    if (r->realm == realm) {
      id = r->id;
      *at = r->next;
      free(r);
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  return id;
}

void weft_error_set(PyObject *kind, const char *message, Py_ssize_t length) {
  PyObject *text = PyUnicode_DecodeUTF8(message, length, "replace");
  if (text) {
    PyErr_SetObject(kind, text);
    Py_DECREF(text);
  }
}
