/* The Python module `weft`: the exceptions that stand for those of the host, and JavaScript's values. */
#include "weft_js.h"
#include "weft_python.h"

/* The rest of the package is written in Python (wasm/library) and is beside the standard library. */
static int set_path(PyObject *module) {
  PyObject *folder = PySys_GetObject("_stdlib_dir");
  return PyModule_Add(module, "__path__", folder ? Py_BuildValue("[N]", PyUnicode_FromFormat("%U/weft", folder)) : PyList_New(0));
}

static int fill(PyObject *module) {
  if (set_path(module) != 0) {
    return -1;
  }
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

/* Names that modules of the package are imported for when they are first used: most programs use none. */
static PyObject *get_late(PyObject *module, PyObject *name) {
  static const struct {
    const char *name, *module;
  } late[] = {
    {"display", "weft._display"}, {"Display", "weft._display"}, {"Canvas", "weft._display"}, {"HTML", "weft._display"},
    {"SVG", "weft._display"},     {"PNG", "weft._display"},     {"page", "weft.page"},       {"plot", "weft.plot"},
  };
  for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
    if (PyUnicode_Check(name) && PyUnicode_EqualToUTF8(name, late[i].name)) {
      PyObject *imported = PyImport_ImportModule(late[i].module);
      if (imported && late[i].module[sizeof "weft." - 1] == '_') {
        Py_SETREF(imported, PyObject_GetAttr(imported, name));
        if (imported && PyObject_SetAttr(module, name, imported) != 0) {
          Py_CLEAR(imported);
        }
      }
      return imported;
    }
  }
  return PyErr_Format(PyExc_AttributeError, "module 'weft' has no attribute '%S'", name);
}

static PyMethodDef functions[] = {
  {"__getattr__", get_late, METH_O, NULL},
  {NULL},
};

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
  .m_methods = functions,
  .m_slots = slots,
};

static PyObject *init(void) { return PyModuleDef_Init(&definition); }

int weft_module_install(void) {
  return PyImport_AppendInittab("weft", init) == 0 ? PyImport_AppendInittab("_weft_stress", weft_stress_init) : -1;
}

void weft_error_set(PyObject *kind, const char *message, Py_ssize_t length) {
  PyObject *text = PyUnicode_DecodeUTF8(message, length, "replace");
  if (text) {
    PyErr_SetObject(kind, text);
    Py_DECREF(text);
  }
}
