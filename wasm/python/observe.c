/* Where observers find the thread states: the head of the main interpreter's list. They read it, and what
 * it leads to, from outside and without locks (src/runtime/observer.ts). */
#define Py_BUILD_CORE 1
#include <Python.h>
#include "internal/pycore_runtime.h"

#include "weft_python.h"

PyThreadState **weft_thread_states(void) { return &_PyRuntime._main_interpreter.threads.head; }
