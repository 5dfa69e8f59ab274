/* The Python module `weft`: the exceptions that stand for those of the host, and JavaScript's values. */
#include "weft_js.h"
#include "weft_python.h"

static int fill(PyObject *module) {
  const struct {
    const char *name, *full, *doc;
    PyObject *base;
  } types[] = {
    {"HostError", "weft.HostError",
     "The host's code threw; `host` stands for what it threw. `name`, `message` and `stack` are those of a JavaScript error.",
     PyExc_Exception},
    {"PanicException", "weft.PanicException", "A fault inside of the host's code that no `except Exception` shall hide.", PyExc_BaseException},
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    /* What an instance has that Python code made itself. */
    PyObject *none = Py_BuildValue("{s:O,s:O,s:O,s:O}", "host", Py_None, "name", Py_None, "message", Py_None, "stack", Py_None);
    PyObject *type = none ? PyErr_NewExceptionWithDoc(types[i].full, types[i].doc, types[i].base, none) : NULL;
    Py_XDECREF(none);
    if (PyModule_Add(module, types[i].name, type) != 0) {
      return -1;
    }
  }
  return weft_js_fill(module);
}

static PyModuleDef_Slot slots[] = {
  {Py_mod_exec, fill},
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
  {Py_mod_gil, Py_MOD_GIL_NOT_USED},
  {0, NULL},
};

static PyModuleDef definition = {
  PyModuleDef_HEAD_INIT,
  .m_name = "weft",
  .m_doc = "The host that this interpreter runs in.",
  .m_slots = slots,
};

static PyObject *init(void) { return PyModuleDef_Init(&definition); }

int weft_module_install(void) {
  return PyImport_AppendInittab("weft", init) == 0 && PyImport_AppendInittab("js", weft_js_module_init) == 0
           ? PyImport_AppendInittab("_weft_stress", weft_stress_init)
           : -1;
}

void weft_error_set(PyObject *kind, const char *message, Py_ssize_t length) {
  PyObject *text = PyUnicode_DecodeUTF8(message, length, "replace");
  if (text) {
    PyErr_SetObject(kind, text);
    Py_DECREF(text);
  }
}
