/* Keeps engines from guessing what helpers of the eval loop call.
 *
 * When V8 (13.7 and later) compiles a hot function again, it inlines there what each indirect call has called so far, if that were
 * four functions at most. Another one later throws that code away: the code of the whole function that the call had come into by
 * inlining. The helpers below are small enough to become part of the eval loop, and what they call are slots of types, which come
 * one by one: the eval loop lost its code up to three times in a program's first second, and ran at half of its speed until it was
 * compiled again. A call that has had more targets than four is left as it is.
 *
 * Engines count in each realm, but compile for all of them: for the first one in which a function has become hot. The eval loop does so
 * while Python starts, in the main thread's. */
#define Py_BUILD_CORE
#include <Python.h>
#include "internal/pycore_object.h"
#undef Py_BUILD_CORE

#include "weft_python.h"

/* They differ in what they write, or they would be made one. */
static volatile int called;
#define TARGET(number) \
  static PyObject *target_##number(PyObject *self) { \
    (void)self; \
    called = number; \
    return NULL; \
  }
TARGET(0) TARGET(1) TARGET(2) TARGET(3) TARGET(4)

static const unaryfunc TARGETS[] = {target_0, target_1, target_2, target_3, target_4};
/* Attributes of every type whose descriptors have types of their own. */
static const char *const ATTRIBUTES[] = {"__class__", "__basicsize__", "mro", "__prepare__", "__call__"};

void weft_call_sites(void) {
  PyNumberMethods number = {0};
  PyTypeObject type = {.tp_as_number = &number};
  PyObject object = {.ob_type = &type};
  for (int i = 0; i < 5; i++) {
    /* The engine's checks of signatures know one kind of pointer only. */
    number.nb_bool = (inquiry)(void (*)(void))TARGETS[i];
    type.tp_iter = TARGETS[i];
    PyObject_IsTrue(&object);
    PyObject_GetIter(&object);
    PyObject *name = PyUnicode_InternFromString(ATTRIBUTES[i]);
    if (name) {
      Py_XDECREF(_PyObject_LookupSpecial((PyObject *)&PyLong_Type, name));
      Py_DECREF(name);
    }
  }
  /* Without memory there are fewer targets, and nothing else is lost. */
  PyErr_Clear();
}
