/* Python's exceptions as error records, and the host's errors as exceptions. */
#include "solo_python.h"

#include <stdlib.h>
#include <string.h>

/* Causes that are reported; an exception can be its own cause by way of others. */
enum { CAUSES = 16 };

static wit_string text_of(PyObject *object) {
  PyObject *bytes = object && PyUnicode_Check(object) ? PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace") : NULL;
  wit_string made = bytes ? solo_string(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)) : solo_string("", 0);
  Py_XDECREF(bytes);
  PyErr_Clear();
  return made;
}

static wit_string name_of(PyTypeObject *type) {
  PyObject *name = PyType_GetFullyQualifiedName(type);
  wit_string made = text_of(name);
  Py_XDECREF(name);
  return made;
}

/* Without causes, which have records of their own. */
static wit_string traceback_of(PyObject *exception) {
  PyObject *module = PyImport_ImportModule("traceback");
  PyObject *format = module ? PyObject_GetAttrString(module, "format_exception") : NULL;
  PyObject *positional = PyTuple_Pack(1, exception), *keywords = Py_BuildValue("{s:O}", "chain", Py_False);
  PyObject *lines = format && positional && keywords ? PyObject_Call(format, positional, keywords) : NULL;
  PyObject *empty = PyUnicode_FromString("");
  PyObject *joined = lines && empty ? PyUnicode_Join(empty, lines) : NULL;
  wit_string made = text_of(joined);
  Py_XDECREF(joined);
  Py_XDECREF(empty);
  Py_XDECREF(lines);
  Py_XDECREF(keywords);
  Py_XDECREF(positional);
  Py_XDECREF(format);
  Py_XDECREF(module);
  PyErr_Clear();
  return made;
}

/* What `raise ... from` named, or the exception that was being handled: as Python prints it. A new reference or NULL. */
static PyObject *cause_of(PyObject *exception) {
  PyObject *cause = PyException_GetCause(exception);
  return cause || ((PyBaseExceptionObject *)exception)->suppress_context ? cause : PyException_GetContext(exception);
}

void solo_error_take(wit_error *out) {
  PyObject *exception = PyErr_GetRaisedException();
  *out = (wit_error){calloc(CAUSES, sizeof(wit_raised)), 0};
  if (!out->raised) {
    abort();
  }
  while (exception && out->count < CAUSES) {
    PyObject *message = PyObject_Str(exception);
    wit_raised *raised = &out->raised[out->count++];
    raised->type_name = name_of(Py_TYPE(exception));
    raised->message = text_of(message);
    raised->traceback = traceback_of(exception);
    Py_XDECREF(message);
    Py_SETREF(exception, cause_of(exception));
  }
  Py_XDECREF(exception);
}

void solo_error_free(wit_error *error) {
  for (size_t i = 0; i < error->count; i++) {
    solo_string_free(error->raised[i].type_name);
    solo_string_free(error->raised[i].message);
    solo_string_free(error->raised[i].traceback);
  }
  if (error->count > 0) {
    free(error->raised);
  }
}

static PyObject *to_text(const wit_string *text) { return PyUnicode_DecodeUTF8(text->data, (Py_ssize_t)text->length, "replace"); }

/* The exception type that `builtins` has under this name, borrowed, or NULL without an exception. */
static PyObject *builtin_exception(PyObject *name) {
  PyObject *found = PyDict_GetItemWithError(PyEval_GetBuiltins(), name);
  PyErr_Clear();
  return found && PyExceptionClass_Check(found) ? found : NULL;
}

void solo_error_raise(const wit_error *error) {
  static const wit_raised unknown;
  const wit_raised *raised = error->count > 0 ? &error->raised[0] : &unknown;
  PyObject *name = to_text(&raised->type_name), *message = to_text(&raised->message), *stack = to_text(&raised->traceback);
  PyObject *type = name ? builtin_exception(name) : NULL;
  if (name && message && stack && type) {
    PyErr_SetObject(type, message);
  } else if (name && message && stack) {
    PyObject *text = PyUnicode_FromFormat("%U: %U", name, message);
    PyObject *made = text ? PyObject_CallOneArg(solo_host_error(), text) : NULL;
    if (made && PyObject_SetAttrString(made, "name", name) == 0 && PyObject_SetAttrString(made, "message", message) == 0 &&
        PyObject_SetAttrString(made, "stack", stack) == 0) {
      PyErr_SetObject(solo_host_error(), made);
    }
    Py_XDECREF(made);
    Py_XDECREF(text);
  }
  Py_XDECREF(name);
  Py_XDECREF(message);
  Py_XDECREF(stack);
}
