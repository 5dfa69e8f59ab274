/* See weft_class.h.
 *
 * A class that TypeScript defines is a heap type that `type()` makes: with one slot for every word that
 * its objects need, so that CPython's own code allocates, visits, clears and frees them, also as bases of
 * Python classes and with builtin types as bases. Slots that hold no objects are then marked as plain
 * words (weft_class_words()), before the type has objects. Special methods are functions in the type's
 * dict, which CPython's own slot functions look up.
 *
 * Fields are visited by the garbage collector while all threads are stopped, and every write to one is a
 * single store of a word, so a collection during a borrow sees whole values. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define Py_BUILD_CORE 1
#include "weft_python.h"
#include "weft_class.h"

#include "internal/pycore_call.h"
#include "internal/pycore_lock.h"
#include "internal/pycore_object.h"
#include "internal/pycore_typeobject.h"

/* ---- borrowing -------------------------------------------------------------------------------
 *
 * `state` changes by compare-and-swap only, never waits, and both begin and end are sequentially
 * consistent: what a borrower wrote is seen by the next one. `holder` is written inside of a borrow and
 * read by those who fail, for a message: it may be outdated, but it is always a name or null, as a plain store of a
 * word is enough for on wasm, whose atomic stores all cost as much as a compare-and-swap.
 *
 * Calls of functions borrow in src/python/classes/call.ts, after references that other threads dropped are released
 * and until the handler has returned, so that no destructor which the call's end runs finds the object borrowed. */

static struct weft_borrow_words *words_at(PyObject *object, int32_t borrow) {
  return (struct weft_borrow_words *)((char *)object + borrow);
}

static int32_t fail(PyObject *object, struct weft_borrow_words *words, const char *message, const char *wanted) {
  const char *holder = words->holder;
  PyObject *type = PyType_GetQualName(Py_TYPE(object));
  if (type) {
    if (holder) {
      PyErr_Format(PyExc_RuntimeError, "%s (%s on this %U, while %s has it)", message, wanted, type, holder);
    } else {
      PyErr_Format(PyExc_RuntimeError, "%s (%s on this %U)", message, wanted, type);
    }
    Py_DECREF(type);
  }
  return -1;
}

static int32_t foreign(PyObject *object) {
  PyErr_Format(PyExc_RuntimeError, "%T is unsendable, but is used on another thread than the one that made it", object);
  return -1;
}

int32_t weft_borrow_begin(PyObject *object, int32_t borrow, int32_t mode, int32_t flags, const char *name) {
  if (borrow < 0) {
    return 0;
  }
  struct weft_borrow_words *words = words_at(object, borrow);
  if (flags & WEFT_UNSENDABLE) {
    /* Written once, by the first who uses the object: its constructor, where there is one. */
    int32_t realm = 0;
    if (!atomic_compare_exchange_strong(&words->owner, &realm, weft_this_realm()) && realm != weft_this_realm()) {
      return foreign(object);
    }
  }
  int32_t seen;
  switch (mode) {
    case WEFT_BORROW_SHARED:
      seen = atomic_load(&words->state);
      do {
        if (seen < 0) {
          return fail(object, words, "Already mutably borrowed", name);
        }
      } while (!atomic_compare_exchange_weak(&words->state, &seen, seen + 1));
      break;
    case WEFT_BORROW_EXCLUSIVE:
      seen = 0;
      if (!atomic_compare_exchange_strong(&words->state, &seen, -1)) {
        return fail(object, words, seen < 0 ? "Already mutably borrowed" : "Already borrowed", name);
      }
      break;
    case WEFT_BORROW_LOCKED: {
      int32_t self = (int32_t)(uintptr_t)PyThreadState_GetUnchecked();
      /* Only this thread can have written its own. */
      if (atomic_load(&words->owner) == self) {
        return fail(object, words, "Already mutably borrowed", name);
      }
      PyMutex_Lock((PyMutex *)&words->state);
      atomic_store(&words->owner, self);
      break;
    }
    default:
      return 0;
  }
  words->holder = name;
  return 0;
}

void weft_borrow_end(PyObject *object, int32_t borrow, int32_t mode) {
  if (borrow < 0 || mode == WEFT_BORROW_NONE) {
    return;
  }
  struct weft_borrow_words *words = words_at(object, borrow);
  switch (mode) {
    case WEFT_BORROW_SHARED:
      atomic_fetch_sub(&words->state, 1);
      break;
    case WEFT_BORROW_EXCLUSIVE:
      atomic_store(&words->state, 0);
      break;
    default:
      atomic_store(&words->owner, 0);
      PyMutex_Unlock((PyMutex *)&words->state);
  }
}

/* A new function or field, as CPython does it with its own: every call looks it up, and threads that count their references to
 * it would take turns in its cache line. Its owner lives as long as the interpreter. */
static void share(PyObject *object) { _PyObject_SetDeferredRefcount(object); }

/* ---- functions ------------------------------------------------------------------------------- */

typedef struct {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyTypeObject *owner; /* or null */
  PyObject *name, *qualname, *doc, *signature, *module_name;
  const char *text; /* the qualified name; never freed, since borrow words may name it at any time */
  int32_t module, index, kind, borrow;
} function;

static PyTypeObject function_type;

static int is_of(PyObject *object, PyTypeObject *owner) { return PyObject_TypeCheck(object, owner); }

/* How much of the engine's stack a call into the host's code and back takes, in levels of C recursion: Deno's and
 * the pages' workers have about 1 KiB for each level, and a dozen functions of JavaScript lie in between. Overflowing
 * that stack would cut off wasm frames without their clean-up. */
#define HOST_CALL_LEVELS 6

/* `arguments` begins with the object. The host's side borrows it. */
static PyObject *call_host(function *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  PyThreadState *thread = PyThreadState_Get();
  if (Py_EnterRecursiveCall(" while calling a host function")) {
    return NULL;
  }
  /* May be below 0 for as long as the call lasts: deeper calls then fail. */
  thread->c_recursion_remaining -= HOST_CALL_LEVELS - 1;
  PyObject *result = weft_host_function(self->module, self->index, arguments, count, names, self->borrow, self->text);
  thread->c_recursion_remaining += HOST_CALL_LEVELS - 1;
  Py_LeaveRecursiveCall();
  return result;
}

static PyObject *call_method(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  function *self = (function *)callable;
  Py_ssize_t count = PyVectorcall_NARGS(flags);
  if (count < 1) {
    PyErr_Format(PyExc_TypeError, "unbound method %U() needs an argument", self->qualname);
    return NULL;
  }
  if (!is_of(arguments[0], self->owner)) {
    PyErr_Format(PyExc_TypeError, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", self->name, self->owner,
                 arguments[0]);
    return NULL;
  }
  return call_host(self, arguments, count, names);
}

static PyObject *call_function(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  return call_host((function *)callable, arguments, PyVectorcall_NARGS(flags), names);
}

/* `__init__` of classes whose constructor has done everything. */
static PyObject *call_nothing(PyObject *Py_UNUSED(callable), PyObject *const *Py_UNUSED(arguments), size_t Py_UNUSED(flags),
                              PyObject *Py_UNUSED(names)) {
  Py_RETURN_NONE;
}

/* An object of `type`, without what its constructors do. The nearest base that has a function of its own for
 * that makes it: it knows the memory of its part. Those of our classes and of Python's all have the one that
 * looks up `__new__`. */
static PyObject *allocate(PyTypeObject *type, PyTypeObject *owner, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  PyTypeObject *base = type;
  while (base->tp_flags & Py_TPFLAGS_HEAPTYPE && base->tp_new == owner->tp_new) {
    base = base->tp_base;
  }
  if (base == &PyBaseObject_Type) {
    /* Its function refuses arguments. */
    return type->tp_alloc(type, 0);
  }
  PyObject *positional = PyTuple_New(count), *keywords = NULL, *object = NULL;
  if (!positional) {
    return NULL;
  }
  for (Py_ssize_t i = 0; i < count; i++) {
    PyTuple_SET_ITEM(positional, i, Py_NewRef(arguments[i]));
  }
  Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  if (named && !(keywords = PyDict_New())) {
    goto end;
  }
  for (Py_ssize_t i = 0; i < named; i++) {
    if (PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), arguments[count + i]) != 0) {
      goto end;
    }
  }
  object = base->tp_new(type, positional, keywords);
end:
  Py_DECREF(positional);
  Py_XDECREF(keywords);
  return object;
}

/* `arguments` are those after the type. */
static PyObject *create(function *self, PyTypeObject *type, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  if (self->index < 0 || type->tp_flags & Py_TPFLAGS_IS_ABSTRACT) {
    PyErr_Format(PyExc_TypeError, self->index < 0 ? "No constructor defined for %N" : "cannot make an object of the abstract class %N", type);
    return NULL;
  }
  Py_ssize_t all = count + (names ? PyTuple_GET_SIZE(names) : 0);
  PyObject *small[9], **values = all < 9 ? small : PyMem_Malloc((size_t)(all + 1) * sizeof *values);
  if (!values) {
    return PyErr_NoMemory();
  }
  PyObject *object = allocate(type, self->owner, arguments, count, names);
  if (object) {
    values[0] = object;
    memcpy(values + 1, arguments, (size_t)all * sizeof *values);
    PyObject *none = call_host(self, values, count + 1, names);
    if (none) {
      Py_DECREF(none);
    } else {
      Py_CLEAR(object);
    }
  }
  if (values != small) {
    PyMem_Free(values);
  }
  return object;
}

static PyObject *call_constructor(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  function *self = (function *)callable;
  Py_ssize_t count = PyVectorcall_NARGS(flags);
  if (count < 1 || !PyType_Check(arguments[0])) {
    PyErr_Format(PyExc_TypeError, "%U() needs a type as its first argument", self->qualname);
    return NULL;
  }
  PyTypeObject *type = (PyTypeObject *)arguments[0];
  if (!PyType_IsSubtype(type, self->owner)) {
    PyErr_Format(PyExc_TypeError, "%U(%N): %N is not a subtype of %N", self->qualname, type, type, self->owner);
    return NULL;
  }
  return create(self, type, arguments + 1, count - 1, names);
}

/* Calling a class, where nothing of what `type.__call__` looks for was changed. Python's subclasses do not inherit it. */
static PyObject *construct(PyObject *callable, PyObject *const *arguments, size_t flags, PyObject *names) {
  PyTypeObject *type = (PyTypeObject *)callable;
  static _Atomic(PyObject *) new_name;
  PyObject *name = atomic_load(&new_name);
  if (!name) {
    /* Interned: racing threads store the same one. */
    if (!(name = PyUnicode_InternFromString("__new__"))) {
      return NULL;
    }
    atomic_store(&new_name, name);
  }
  PyObject *result = NULL, *found = type->tp_init == PyBaseObject_Type.tp_init ? _PyType_LookupRef(type, name) : NULL;
  if (found && Py_IS_TYPE(found, &function_type) && ((function *)found)->kind == WEFT_CONSTRUCTOR &&
      PyType_IsSubtype(type, ((function *)found)->owner)) {
    result = create((function *)found, type, arguments, PyVectorcall_NARGS(flags), names);
  } else {
    result = _PyObject_MakeTpCall(PyThreadState_Get(), callable, arguments, PyVectorcall_NARGS(flags), names);
  }
  Py_XDECREF(found);
  return result;
}

static PyObject *bind(PyObject *self, PyObject *object, PyObject *Py_UNUSED(type)) {
  return object ? PyMethod_New(self, object) : Py_NewRef(self);
}

/* Functions that are no methods stay what they are wherever they are found. */
static PyObject *bind_nothing(PyObject *self, PyObject *Py_UNUSED(object), PyObject *Py_UNUSED(type)) { return Py_NewRef(self); }

static int function_traverse(PyObject *object, visitproc visit, void *arg) {
  function *self = (function *)object;
  Py_VISIT(self->owner);
  Py_VISIT(self->doc);
  Py_VISIT(self->module_name);
  return 0;
}

static int function_clear(PyObject *object) {
  /* The owner stays: a call may come yet, and its type breaks the cycle. */
  Py_CLEAR(((function *)object)->doc);
  Py_CLEAR(((function *)object)->module_name);
  return 0;
}

static void function_dealloc(PyObject *object) {
  function *self = (function *)object;
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self->owner);
  Py_XDECREF(self->name);
  Py_XDECREF(self->qualname);
  Py_XDECREF(self->doc);
  Py_XDECREF(self->signature);
  Py_XDECREF(self->module_name);
  Py_TYPE(object)->tp_free(object);
}

static PyObject *function_repr(PyObject *object) {
  return PyUnicode_FromFormat("<%s %U of a host module>", Py_IS_TYPE(object, &function_type) ? "function" : "method",
                              ((function *)object)->qualname);
}

/* Pickled as what it is called. */
static PyObject *function_reduce(PyObject *object, PyObject *Py_UNUSED(none)) { return Py_NewRef(((function *)object)->qualname); }

static PyMethodDef function_methods[] = {{"__reduce__", function_reduce, METH_NOARGS, NULL}, {NULL}};

static PyMemberDef function_members[] = {
  {"__name__", Py_T_OBJECT_EX, offsetof(function, name), Py_READONLY, NULL},
  {"__qualname__", Py_T_OBJECT_EX, offsetof(function, qualname), Py_READONLY, NULL},
  {"__doc__", _Py_T_OBJECT, offsetof(function, doc), Py_READONLY, NULL},
  {"__text_signature__", _Py_T_OBJECT, offsetof(function, signature), Py_READONLY, NULL},
  {"__module__", _Py_T_OBJECT, offsetof(function, module_name), 0, NULL},
  {NULL},
};

#define FUNCTION_TYPE(flags, descriptor)                                                                             \
  {                                                                                                                  \
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "weft.Function",                                                        \
    .tp_doc = "A function of a host module: it runs in the calling thread's realm.", .tp_basicsize = sizeof(function), \
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |                               \
                Py_TPFLAGS_DISALLOW_INSTANTIATION | (flags),                                                         \
    .tp_vectorcall_offset = offsetof(function, vectorcall), .tp_call = PyVectorcall_Call,                            \
    .tp_descr_get = (descriptor), .tp_traverse = function_traverse, .tp_clear = function_clear,                      \
    .tp_dealloc = function_dealloc, .tp_repr = function_repr, .tp_methods = function_methods,                        \
    .tp_members = function_members,                                                                                  \
  }

/* With Py_TPFLAGS_METHOD_DESCRIPTOR `object.method()` calls it without making a bound method first. */
static PyTypeObject method_type = FUNCTION_TYPE(Py_TPFLAGS_METHOD_DESCRIPTOR, bind);
static PyTypeObject function_type = FUNCTION_TYPE(0, bind_nothing);

PyObject *weft_function_new(PyTypeObject *owner, int32_t module, int32_t index, int32_t kind, int32_t borrow,
                            const char *qualname, PyObject *doc, PyObject *signature) {
  if (PyType_Ready(&method_type) != 0 || PyType_Ready(&function_type) != 0) {
    return NULL;
  }
  char *text = strdup(qualname);
  if (!text) {
    return PyErr_NoMemory();
  }
  const char *dot = strrchr(text, '.');
  int method = kind == WEFT_METHOD || kind == WEFT_NOTHING;
  function *self = PyObject_GC_New(function, method ? &method_type : &function_type);
  if (!self) {
    free(text);
    return NULL;
  }
  self->vectorcall = kind == WEFT_METHOD        ? call_method
                     : kind == WEFT_CONSTRUCTOR ? call_constructor
                     : kind == WEFT_NOTHING     ? call_nothing
                                                : call_function;
  self->owner = (PyTypeObject *)Py_XNewRef(owner);
  self->name = PyUnicode_InternFromString(dot ? dot + 1 : text);
  self->qualname = PyUnicode_FromString(text);
  self->doc = Py_XNewRef(doc);
  self->signature = Py_XNewRef(signature);
  self->module_name = NULL;
  self->text = text;
  self->module = module;
  self->index = index;
  self->kind = kind;
  self->borrow = borrow;
  PyObject_GC_Track(self);
  if (!self->name || !self->qualname) {
    Py_DECREF(self);
    return NULL;
  }
  share((PyObject *)self);
  return (PyObject *)self;
}

/* ---- fields ---------------------------------------------------------------------------------- */

typedef struct {
  PyObject_HEAD
  PyTypeObject *owner;
  PyObject *name, *doc;
  const char *text;
  int32_t kind, offset, size, flags, borrow;
} field;

static PyObject *read_field(field *self, PyObject *object) {
  char *at = (char *)object + self->offset;
  switch (self->kind) {
    case WEFT_FIELD_I32:
      return PyLong_FromLong(atomic_load((_Atomic int32_t *)at));
    case WEFT_FIELD_I64:
      return PyLong_FromLongLong(atomic_load((_Atomic int64_t *)at));
    case WEFT_FIELD_F64: {
      int64_t bits = atomic_load((_Atomic int64_t *)at);
      double value;
      memcpy(&value, &bits, sizeof value);
      return PyFloat_FromDouble(value);
    }
    case WEFT_FIELD_BOOL:
      return PyBool_FromLong(atomic_load((_Atomic int32_t *)at));
    case WEFT_FIELD_BYTES:
      return PyBytes_FromStringAndSize(at, self->size);
    default: {
      /* Nobody replaces it meanwhile: there is a borrow, or the class is frozen and its constructor sets it once. */
      PyObject *value = atomic_load((_Atomic(PyObject *) *)at);
      if (!value) {
        PyErr_Format(PyExc_AttributeError, "'%T' object has no attribute '%U' yet", object, self->name);
        return NULL;
      }
      return Py_NewRef(value);
    }
  }
}

/* What a field can be set to, apart from the object, so that conversions (which may run Python code) are over
 * before the object is borrowed. */
union value {
  int32_t i32;
  int64_t i64;
  double f64;
  PyObject *object;
  Py_buffer bytes;
};

static int convert(field *self, PyObject *from, union value *to) {
  switch (self->kind) {
    case WEFT_FIELD_I32: {
      int overflow;
      long value = PyLong_AsLongAndOverflow(from, &overflow);
      if (overflow) {
        PyErr_Format(PyExc_OverflowError, "%U must be between -2147483648 and 2147483647, not %R", self->name, from);
        return -1;
      }
      to->i32 = (int32_t)value;
      return value == -1 && PyErr_Occurred() ? -1 : 0;
    }
    case WEFT_FIELD_I64:
      to->i64 = PyLong_AsLongLong(from);
      return to->i64 == -1 && PyErr_Occurred() ? -1 : 0;
    case WEFT_FIELD_F64:
      to->f64 = PyFloat_AsDouble(from);
      return to->f64 == -1.0 && PyErr_Occurred() ? -1 : 0;
    case WEFT_FIELD_BOOL:
      if (!PyBool_Check(from)) {
        PyErr_Format(PyExc_TypeError, "%U must be a bool, not %T", self->name, from);
        return -1;
      }
      to->i32 = from == Py_True;
      return 0;
    case WEFT_FIELD_BYTES:
      if (PyObject_GetBuffer(from, &to->bytes, PyBUF_SIMPLE) != 0) {
        return -1;
      }
      if (to->bytes.len != self->size) {
        PyErr_Format(PyExc_ValueError, "%U holds %d bytes, not %zd", self->name, self->size, to->bytes.len);
        PyBuffer_Release(&to->bytes);
        return -1;
      }
      return 0;
    case WEFT_FIELD_STR:
      if (!PyUnicode_Check(from)) {
        PyErr_Format(PyExc_TypeError, "%U must be a str, not %T", self->name, from);
        return -1;
      }
      /* fall through */
    default:
      to->object = Py_NewRef(from);
      return 0;
  }
}

/* Returns what is to be released after the borrow. */
static PyObject *write_field(field *self, PyObject *object, union value *value) {
  char *at = (char *)object + self->offset;
  switch (self->kind) {
    case WEFT_FIELD_I32:
    case WEFT_FIELD_BOOL:
      atomic_store((_Atomic int32_t *)at, value->i32);
      return NULL;
    case WEFT_FIELD_I64:
    case WEFT_FIELD_F64:
      atomic_store((_Atomic int64_t *)at, value->i64);
      return NULL;
    case WEFT_FIELD_BYTES:
      memcpy(at, value->bytes.buf, (size_t)self->size);
      return NULL;
    default: {
      return atomic_exchange((_Atomic(PyObject *) *)at, value->object);
    }
  }
}

static int mode_of(field *self, int shared) {
  return self->flags & WEFT_LOCKED ? WEFT_BORROW_LOCKED : shared ? WEFT_BORROW_SHARED : WEFT_BORROW_EXCLUSIVE;
}

static PyObject *field_get(PyObject *descriptor, PyObject *object, PyObject *Py_UNUSED(type)) {
  field *self = (field *)descriptor;
  if (!object) {
    return Py_NewRef(descriptor);
  }
  if (!is_of(object, self->owner)) {
    PyErr_Format(PyExc_TypeError, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", self->name, self->owner, object);
    return NULL;
  }
  int mode = mode_of(self, 1);
  if (weft_borrow_begin(object, self->borrow, mode, self->flags, self->text) != 0) {
    return NULL;
  }
  PyObject *value = read_field(self, object);
  weft_borrow_end(object, self->borrow, mode);
  return value;
}

static int field_set(PyObject *descriptor, PyObject *object, PyObject *from) {
  field *self = (field *)descriptor;
  if (!is_of(object, self->owner)) {
    PyErr_Format(PyExc_TypeError, "descriptor '%U' for '%N' objects doesn't apply to a '%T' object", self->name, self->owner, object);
    return -1;
  }
  if (self->flags & WEFT_READONLY) {
    PyErr_Format(PyExc_AttributeError, "attribute '%U' of '%N' objects is not writable", self->name, self->owner);
    return -1;
  }
  if (!from) {
    PyErr_Format(PyExc_TypeError, "can't delete attribute '%U' of '%N' objects", self->name, self->owner);
    return -1;
  }
  union value value;
  if (convert(self, from, &value) != 0) {
    return -1;
  }
  int mode = mode_of(self, 0), failed = weft_borrow_begin(object, self->borrow, mode, self->flags, self->text);
  PyObject *old = NULL;
  if (failed == 0) {
    old = write_field(self, object, &value);
    weft_borrow_end(object, self->borrow, mode);
  } else if (self->kind == WEFT_FIELD_OBJECT || self->kind == WEFT_FIELD_STR) {
    old = value.object;
  }
  if (self->kind == WEFT_FIELD_BYTES) {
    PyBuffer_Release(&value.bytes);
  }
  /* May run a destructor, which may use the object. */
  Py_XDECREF(old);
  return failed;
}

static int field_traverse(PyObject *object, visitproc visit, void *arg) {
  Py_VISIT(((field *)object)->owner);
  return 0;
}

static void field_dealloc(PyObject *object) {
  field *self = (field *)object;
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self->owner);
  Py_XDECREF(self->name);
  Py_XDECREF(self->doc);
  Py_TYPE(object)->tp_free(object);
}

static PyObject *field_repr(PyObject *object) {
  return PyUnicode_FromFormat("<field '%U' of '%N' objects>", ((field *)object)->name, ((field *)object)->owner);
}

static PyMemberDef field_members[] = {
  {"__name__", Py_T_OBJECT_EX, offsetof(field, name), Py_READONLY, NULL},
  {"__objclass__", Py_T_OBJECT_EX, offsetof(field, owner), Py_READONLY, NULL},
  {"__doc__", _Py_T_OBJECT, offsetof(field, doc), Py_READONLY, NULL},
  {NULL},
};

static PyTypeObject field_type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.Field",
  .tp_doc = "A field in the memory of a host class's objects.",
  .tp_basicsize = sizeof(field),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_descr_get = field_get,
  .tp_descr_set = field_set,
  .tp_traverse = field_traverse,
  .tp_dealloc = field_dealloc,
  .tp_repr = field_repr,
  .tp_members = field_members,
};

PyObject *weft_field_new(PyTypeObject *owner, int32_t kind, int32_t offset, int32_t size, int32_t flags, int32_t borrow,
                         const char *name, PyObject *doc) {
  if (PyType_Ready(&field_type) != 0) {
    return NULL;
  }
  char *text = strdup(name);
  if (!text) {
    return PyErr_NoMemory();
  }
  field *self = PyObject_GC_New(field, &field_type);
  if (!self) {
    free(text);
    return NULL;
  }
  self->owner = (PyTypeObject *)Py_NewRef(owner);
  const char *dot = strrchr(text, '.');
  self->name = PyUnicode_InternFromString(dot ? dot + 1 : text);
  self->doc = Py_XNewRef(doc);
  self->text = text;
  self->kind = kind;
  self->offset = offset;
  self->size = size;
  self->flags = flags;
  self->borrow = borrow;
  PyObject_GC_Track(self);
  if (!self->name) {
    Py_DECREF(self);
    return NULL;
  }
  share((PyObject *)self);
  return (PyObject *)self;
}

/* ---- types ----------------------------------------------------------------------------------- */

int32_t weft_class_words(PyTypeObject *type, const uint32_t *objects, int32_t final) {
  if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
    PyErr_Format(PyExc_TypeError, "%N is no heap type", type);
    return -1;
  }
  PyMemberDef *members = type->tp_members;
  Py_ssize_t count = Py_SIZE(type);
  for (Py_ssize_t i = 0; i < count; i++) {
    if (!(objects[i / 32] >> (i % 32) & 1)) {
      /* CPython visits and clears members of its own kind only. */
      members[i].type = Py_T_UINT;
      members[i].flags = Py_READONLY;
    }
  }
  if (final) {
    type->tp_flags &= ~Py_TPFLAGS_BASETYPE;
  }
  type->tp_vectorcall = construct;
  return count == 0 ? 0 : (int32_t)members[0].offset;
}
