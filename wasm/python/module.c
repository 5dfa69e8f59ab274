/* The Python module `weft`: the exceptions that stand for those of the host. */
#include "weft_python.h"

static int fill(PyObject *module) {
  const struct {
    const char *name, *full, *doc;
    PyObject *base;
  } types[] = {
    {"HostError", "weft.HostError", "The host's code threw; `host` stands for what it threw.", PyExc_Exception},
    {"PanicException", "weft.PanicException", "A fault inside of the host's code that no `except Exception` shall hide.", PyExc_BaseException},
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    PyObject *type = PyErr_NewExceptionWithDoc(types[i].full, types[i].doc, types[i].base, NULL);
    if (PyModule_Add(module, types[i].name, type) != 0) {
      return -1;
    }
  }
  return 0;
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

int weft_module_install(void) { return PyImport_AppendInittab("weft", init); }
