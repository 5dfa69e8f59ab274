/* What the interpreter asks of its host (`host` in wasm/weft.wit). */
#include "solo_python.h"
#include "weft_interrupt.h"
#include "weft_solo.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define IMPORT(name) __attribute__((import_module("weft:python/host@0.1.0"), import_name(name)))

IMPORT("call") void host_call(uint32_t function, wit_node *arguments, size_t argument_count, wit_node *keywords,
                              size_t keyword_count, wit_result *result);
IMPORT("release") void host_release(uint32_t function);
IMPORT("interrupted") int32_t host_interrupted(void);
IMPORT("sleep") int32_t host_sleep(int64_t nanoseconds);

_Static_assert(WEFT_SOLO_SLEPT == WIT_WAIT_DONE && WEFT_SOLO_INTERRUPTED == WIT_WAIT_INTERRUPTED &&
               WEFT_SOLO_IMPOSSIBLE == WIT_WAIT_IMPOSSIBLE, "the WIT's order of `wait`");

/* ---- interrupts and time -------------------------------------------------------------------- */

/* The host has interrupted the call that is under way. */
static int interrupted;

static void interrupt(void) {
  interrupted = 1;
  PyErr_SetInterrupt();
}

void weft_interrupt_ignored(void) {
  if (interrupted) {
    PyErr_SetInterrupt();
  }
}

void solo_forget_interrupts(void) {
  interrupted = 0;
  PyObject *exception = PyErr_GetRaisedException();
  if (PyErr_CheckSignals() != 0) {
    PyErr_Clear();
  }
  PyErr_SetRaisedException(exception);
}

enum weft_solo_sleep weft_solo_sleep(int64_t nanoseconds) {
  enum weft_solo_sleep how = host_sleep(nanoseconds);
  if (how == WEFT_SOLO_INTERRUPTED) {
    interrupt();
  }
  return how;
}

void weft_solo_tick(void) {
  if (host_interrupted()) {
    interrupt();
  }
}

#define CANNOT_WAIT \
  "this host cannot wait: Weft's solo profile waits where its thread may block, as in a worker or in Node, and on a page's own " \
  "thread in engines with JavaScript Promise Integration"

void weft_solo_cannot_wait(void) { PyErr_SetString(PyExc_RuntimeError, CANNOT_WAIT); }

static int raise_pending(void *message) {
  PyErr_SetString(PyExc_RuntimeError, message);
  return -1;
}

/* Those who wait for locks look for pending calls, and raise what these raise. */
void weft_solo_deadlock(void) {
  Py_AddPendingCall(raise_pending, "this would wait for ever: Weft's solo profile has one thread, and only another one could end the wait");
}

int weft_solo_wait_until(const struct timespec *deadline) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t left = (int64_t)(deadline->tv_sec - now.tv_sec) * 1000000000 + (deadline->tv_nsec - now.tv_nsec);
  switch (left > 0 ? weft_solo_sleep(left) : WEFT_SOLO_SLEPT) {
    case WEFT_SOLO_SLEPT:
      return ETIMEDOUT;
    case WEFT_SOLO_IMPOSSIBLE:
      Py_AddPendingCall(raise_pending, CANNOT_WAIT);
      return 0;
    default:
      return 0;
  }
}

/* ---- functions of the host's ------------------------------------------------------------------- */

typedef struct {
  PyObject_HEAD
  uint32_t number;
} function;

static PyObject *function_call(PyObject *self, PyObject *positional, PyObject *named) {
  PyObject *list = PySequence_List(positional), *dict = named ? Py_NewRef(named) : PyDict_New(), *made = NULL;
  wit_value arguments = {NULL, 0}, keywords = {NULL, 0};
  if (list && dict && solo_value_from(list, &arguments) == 0 && solo_value_from(dict, &keywords) == 0) {
    wit_result result;
    host_call(((function *)self)->number, arguments.nodes, arguments.count, keywords.nodes, keywords.count, &result);
    if (result.failed) {
      solo_error_raise(&result.u.error);
      solo_error_free(&result.u.error);
    } else {
      made = solo_value_to(&result.u.value);
      solo_value_free(&result.u.value);
    }
  }
  solo_value_free(&arguments);
  solo_value_free(&keywords);
  Py_XDECREF(list);
  Py_XDECREF(dict);
  return made;
}

static void function_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  host_release(((function *)self)->number);
  type->tp_free(self);
  Py_DECREF(type);
}

static PyType_Slot function_slots[] = {
  {Py_tp_call, function_call},
  {Py_tp_dealloc, function_dealloc},
  {Py_tp_doc, "A function of the host's."},
  {0, NULL},
};
static PyType_Spec function_spec = {
  "weft.HostFunction", sizeof(function), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE, function_slots,
};

static PyTypeObject *function_type;
static PyObject *host_error;

PyObject *solo_function_new(uint32_t number) {
  function *made = PyObject_New(function, function_type);
  if (made) {
    made->number = number;
  }
  return (PyObject *)made;
}

PyObject *solo_host_error(void) { return host_error; }

/* ---- the module `weft` --------------------------------------------------------------------------- */

static struct PyModuleDef definition = {
  PyModuleDef_HEAD_INIT,
  .m_name = "weft",
  .m_doc = "The host that this interpreter runs in.",
  .m_size = -1,
};

PyObject *solo_module_init(void) {
  PyObject *module = PyModule_Create(&definition);
  if (!module) {
    return NULL;
  }
  PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
  function_type = (PyTypeObject *)PyType_FromSpec(&function_spec);
  /* What an instance has that Python code made itself. */
  PyObject *none = Py_BuildValue("{s:O,s:O,s:O}", "name", Py_None, "message", Py_None, "stack", Py_None);
  host_error = none ? PyErr_NewExceptionWithDoc("weft.HostError", "The host's code threw.", NULL, none) : NULL;
  Py_XDECREF(none);
  if (!function_type || PyModule_AddObjectRef(module, "HostError", host_error) != 0) {
    Py_CLEAR(module);
  }
  return module;
}
