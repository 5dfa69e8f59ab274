/* Python modules that the host's code defines: a list of names, and the finder and loader that import
 * them. The code itself runs in the importing thread's realm, once, under the import lock; functions
 * find it by the module's number in every other realm.
 *
 * The list only grows. An entry is complete before `count` covers it (release, acquire) and does not change
 * then. Writers hold the mutex. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define Py_BUILD_CORE 1
#include "weft_python.h"
#include "weft_class.h"

#include "internal/pycore_ceval.h"
#include "internal/pycore_import.h"
#include "internal/pycore_lock.h"

#define MODULES 4096

typedef struct {
  const char *name;
  const char *url;
  _Atomic int32_t fingerprint; /* 0: no realm has loaded it yet */
} entry;

/* The types of classes, newest first; written under the mutex, never removed. */
typedef struct class {
  struct class *next;
  int32_t module, index, offset;
  PyTypeObject *type;
} class;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry entries[MODULES];
static _Atomic int32_t count;
static class *_Atomic classes;

static int32_t find(const char *name) {
  int32_t n = atomic_load(&count);
  for (int32_t i = 0; i < n; i++) {
    if (strcmp(entries[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

/* Whether some module's name begins with this one and a dot. */
static int has_submodules(const char *name) {
  size_t length = strlen(name);
  int32_t n = atomic_load(&count);
  for (int32_t i = 0; i < n; i++) {
    if (strncmp(entries[i].name, name, length) == 0 && entries[i].name[length] == '.') {
      return 1;
    }
  }
  return 0;
}

int32_t weft_module_register(const char *name, const char *url) {
  char *own_name = strdup(name), *own_url = strdup(url);
  int32_t number = -1;
  pthread_mutex_lock(&lock);
  if (own_name && own_url && (number = find(name)) < 0 && (number = atomic_load(&count)) < MODULES) {
    entries[number].name = own_name;
    entries[number].url = own_url;
    own_name = own_url = NULL;
    atomic_store(&count, number + 1);
  }
  pthread_mutex_unlock(&lock);
  free(own_name);
  free(own_url);
  return number < MODULES ? number : -1;
}

const char *weft_module_url(int32_t module) {
  return module >= 0 && module < atomic_load(&count) ? entries[module].url : NULL;
}

int32_t weft_module_same(int32_t module, int32_t fingerprint) {
  int32_t own = 0;
  return module >= 0 && module < atomic_load(&count) &&
         (atomic_compare_exchange_strong(&entries[module].fingerprint, &own, fingerprint) || own == fingerprint);
}

/* One thread at a time makes types: CPython 3.13 makes every type immortal once there were threads, so one that
 * is made in vain would stay, and be seen among its base's subclasses. Recursive, since making one makes its bases and
 * can run Python code; waiters are detached. Such code must not wait for another thread that needs a
 * type, as with any lock. */
static _PyRecursiveMutex making;

void weft_class_enter(void) { _PyRecursiveMutex_Lock(&making); }

void weft_class_leave(void) { _PyRecursiveMutex_Unlock(&making); }

static class *find_class(int32_t module, int32_t index) {
  class *at = atomic_load(&classes);
  while (at && (at->module != module || at->index != index)) {
    at = at->next;
  }
  return at;
}

PyObject *weft_class_publish(int32_t module, int32_t index, PyTypeObject *type, int32_t offset) {
  class *made = malloc(sizeof *made);
  if (!made) {
    return PyErr_NoMemory();
  }
  pthread_mutex_lock(&lock);
  class *known = find_class(module, index);
  if (!known) {
    *made = (class){
      .next = atomic_load(&classes), .module = module, .index = index, .offset = offset, .type = (PyTypeObject *)Py_NewRef(type)};
    known = made;
    made = NULL;
    atomic_store(&classes, known);
  }
  pthread_mutex_unlock(&lock);
  free(made);
  return Py_NewRef(known->type);
}

PyObject *weft_class_type(int32_t module, int32_t index) {
  class *known = find_class(module, index);
  return known ? (PyObject *)known->type : NULL;
}

int32_t weft_class_offset(int32_t module, int32_t index) {
  class *known = find_class(module, index);
  return known ? known->offset : -1;
}

static PyObject *find_spec(PyObject *self, PyObject *const *arguments, Py_ssize_t nargs, PyObject *Py_UNUSED(names)) {
  const char *name = nargs > 0 ? PyUnicode_AsUTF8(arguments[0]) : NULL;
  if (!name) {
    if (!PyErr_Occurred()) {
      PyErr_SetString(PyExc_TypeError, "find_spec() needs a module's name");
    }
    return NULL;
  }
  int32_t number = find(name);
  if (number < 0) {
    Py_RETURN_NONE;
  }
  PyObject *machinery = PyImport_ImportModule("importlib.machinery");
  PyObject *make = machinery ? PyObject_GetAttrString(machinery, "ModuleSpec") : NULL;
  PyObject *values = make ? Py_BuildValue("(OO)", arguments[0], self) : NULL;
  PyObject *keywords = values ? Py_BuildValue("{s:s,s:O,s:i}", "origin", weft_module_url(number), "is_package",
                                              has_submodules(name) ? Py_True : Py_False, "loader_state", number)
                              : NULL;
  PyObject *spec = keywords ? PyObject_Call(make, values, keywords) : NULL;
  Py_XDECREF(keywords);
  Py_XDECREF(values);
  Py_XDECREF(make);
  Py_XDECREF(machinery);
  return spec;
}

static PyObject *create_module(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(spec)) { Py_RETURN_NONE; }

static PyObject *exec_module(PyObject *Py_UNUSED(self), PyObject *module) {
  PyObject *name = PyModule_GetNameObject(module);
  const char *text = name ? PyUnicode_AsUTF8(name) : NULL;
  int32_t number = text ? find(text) : -1;
  int failed = -1;
  if (number >= 0) {
    failed = weft_host_module(number, module);
  } else if (!PyErr_Occurred()) {
    PyErr_Format(PyExc_ImportError, "no host module is called %R", name);
  }
  Py_XDECREF(name);
  if (failed) {
    return NULL;
  }
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
  {"find_spec", (PyCFunction)(void (*)(void))find_spec, METH_FASTCALL | METH_KEYWORDS, NULL},
  {"create_module", create_module, METH_O, NULL},
  {"exec_module", exec_module, METH_O, NULL},
  {NULL},
};

static PyTypeObject type = {
  PyVarObject_HEAD_INIT(NULL, 0)
  .tp_name = "weft.HostModules",
  .tp_doc = "Finds and loads the modules that the host's code defines.",
  .tp_basicsize = sizeof(PyObject),
  .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
  .tp_methods = methods,
};

PyObject *weft_module_finder(void) {
  static _Atomic(PyObject *) finder;
  PyObject *known = atomic_load(&finder);
  if (!known) {
    PyObject *made = PyType_Ready(&type) == 0 ? PyObject_New(PyObject, &type) : NULL;
    if (!made) {
      return NULL;
    }
    if (atomic_compare_exchange_strong(&finder, &known, made)) {
      known = made;
    } else {
      Py_DECREF(made);
    }
  }
  return Py_NewRef(known);
}

int weft_module_needs_gil(PyObject *module, PyObject *name) {
  if (PyUnstable_Module_SetGIL(module, Py_MOD_GIL_USED) != 0) {
    return -1;
  }
  _PyEval_EnableGILTransient(PyThreadState_Get());
  return _PyImport_CheckGILForModule(module, name);
}
