/* Keeps engines from guessing what helpers of the eval loop call.
 *
 * When V8 (13.7 and later) compiles a hot function again, it inlines there what each indirect call has called so far, if that were
 * four functions at most. Another one later throws that code away: the code of the whole function that the call had come into by
 * inlining. The helpers below are small enough to become part of the eval loop, and what they call are slots of types and functions in C, which
 * come one by one: the eval loop lost its code up to three times in a program's first second, and ran at half of its speed until it was
 * compiled again. A call that has had more targets than four is left as it is.
 *
 * Engines count in each realm, but compile for all of them: for the first one in which a function has become hot. The eval loop does so
 * while Python starts, in the main thread's. */
#define Py_BUILD_CORE
#include <Python.h>
#include "internal/pycore_ceval.h"
#include "internal/pycore_object.h"
#undef Py_BUILD_CORE

#include "weft_python.h"

/* They differ in what they write, or they would be made one. */
static volatile int called;
#define TARGET(name, result, number, ...) \
  static PyObject *name##_##number(PyObject *self, ##__VA_ARGS__) { \
    (void)self; \
    called = number; \
    return result; \
  }
#define TARGETS(name, result, ...) \
  TARGET(name, result, 0, ##__VA_ARGS__) \
  TARGET(name, result, 1, ##__VA_ARGS__) \
  TARGET(name, result, 2, ##__VA_ARGS__) \
  TARGET(name, result, 3, ##__VA_ARGS__) \
  TARGET(name, result, 4, ##__VA_ARGS__)
#define ALL(name) {name##_0, name##_1, name##_2, name##_3, name##_4}

TARGETS(slot, NULL)
TARGETS(function, Py_None, PyObject *argument)
TARGETS(fast, Py_None, PyObject *const *arguments, Py_ssize_t count)
TARGETS(named, Py_None, PyObject *const *arguments, Py_ssize_t count, PyObject *names)

static const unaryfunc SLOTS[] = ALL(slot);
static const PyCFunction FUNCTIONS[] = ALL(function);
static const PyCFunctionFast FAST[] = ALL(fast);
static const PyCFunctionFastWithKeywords NAMED[] = ALL(named);
/* Attributes of every type whose descriptors have types of their own. */
static const char *const ATTRIBUTES[] = {"__class__", "__basicsize__", "mro", "__prepare__", "__call__"};

/* As CALL calls a function in C. */
static void call(PyCFunction function, int flags) {
  PyMethodDef method = {.ml_meth = function, .ml_flags = flags};
  PyCFunctionObject callable = {.ob_base = {.ob_type = &PyCFunction_Type}, .m_ml = &method};
  PyObject *arguments[] = {NULL, Py_None};
  _PyEval_CallOther(PyThreadState_Get(), (PyObject *)&callable, arguments + 1, 1);
}

void weft_call_sites(void) {
  PyNumberMethods number = {0};
  PyTypeObject type = {.tp_as_number = &number};
  PyObject object = {.ob_type = &type};
  for (int i = 0; i < 5; i++) {
    /* The engine's checks of signatures know one kind of pointer only. */
    number.nb_bool = (inquiry)(void (*)(void))SLOTS[i];
    type.tp_iter = SLOTS[i];
    PyObject_IsTrue(&object);
    PyObject_GetIter(&object);
    PyObject *name = PyUnicode_InternFromString(ATTRIBUTES[i]);
    if (name) {
      Py_XDECREF(_PyObject_LookupSpecial((PyObject *)&PyLong_Type, name));
      Py_DECREF(name);
    }
    call(FUNCTIONS[i], METH_O);
    call((PyCFunction)(void (*)(void))FAST[i], METH_FASTCALL);
    call((PyCFunction)(void (*)(void))NAMED[i], METH_FASTCALL | METH_KEYWORDS);
  }
  /* Without memory there are fewer targets, and nothing else is lost. */
  PyErr_Clear();
}
