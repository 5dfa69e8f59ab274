/* Python objects as values of wasm/weft.wit, and back. */
#include "solo_python.h"

#include <stdlib.h>
#include <string.h>

wit_string solo_string(const char *data, size_t length) {
  wit_string made = {NULL, length};
  if (length > 0) {
    made.data = malloc(length);
    if (!made.data) {
      abort();
    }
    memcpy(made.data, data, length);
  }
  return made;
}

void solo_string_free(wit_string text) {
  if (text.length > 0) {
    free(text.data);
  }
}

/* ---- from Python ------------------------------------------------------------------------ */

typedef struct {
  wit_value value;
  size_t capacity;
} builder;

static wit_node *add(builder *to, uint8_t tag) {
  if (to->value.count == to->capacity) {
    size_t capacity = to->capacity ? 2 * to->capacity : 8;
    wit_node *grown = realloc(to->value.nodes, capacity * sizeof *grown);
    if (!grown) {
      PyErr_NoMemory();
      return NULL;
    }
    to->value.nodes = grown;
    to->capacity = capacity;
  }
  wit_node *node = &to->value.nodes[to->value.count++];
  *node = (wit_node){.tag = tag};
  return node;
}

static int add_text(builder *to, uint8_t tag, const char *data, Py_ssize_t length) {
  wit_node *node = add(to, tag);
  if (!node) {
    return -1;
  }
  if (length == 0) {
    return 0;
  }
  char *copy = malloc((size_t)length);
  if (!copy) {
    PyErr_NoMemory();
    return -1;
  }
  memcpy(copy, data, (size_t)length);
  node->u.text = (wit_string){copy, (size_t)length};
  return 0;
}

static int add_str(builder *to, PyObject *object) {
  Py_ssize_t length;
  const char *text = PyUnicode_AsUTF8AndSize(object, &length);
  if (text) {
    return add_text(to, WIT_NODE_TEXT, text, length);
  }
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) {
    return -1;
  }
  PyErr_Clear();
  PyObject *bytes = PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace");
  int status = bytes ? add_text(to, WIT_NODE_TEXT, PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes)) : -1;
  Py_XDECREF(bytes);
  return status;
}

static int add_int(builder *to, PyObject *object) {
  int overflow;
  long long small = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (!overflow) {
    wit_node *node = add(to, WIT_NODE_INT);
    if (node) {
      node->u.integer = small;
    }
    return node ? 0 : -1;
  }
  PyObject *hex = PyNumber_ToBase(object, 16);
  Py_ssize_t length;
  const char *text = hex ? PyUnicode_AsUTF8AndSize(hex, &length) : NULL;
  /* "0x..." or "-0x...": without the prefix. */
  int negative = text && text[0] == '-', status = -1;
  if (text) {
    status = add_text(to, WIT_NODE_BIG_INT, text + 2, length - 2);
    if (status == 0 && negative) {
      to->value.nodes[to->value.count - 1].u.text.data[0] = '-'; /* in place of the x */
    }
  }
  Py_XDECREF(hex);
  return status;
}

static int add_object(builder *to, PyObject *object);

static int add_items(builder *to, uint8_t tag, PyObject *items) {
  Py_ssize_t count = PyList_GET_SIZE(items);
  wit_node *node = add(to, tag);
  if (!node) {
    return -1;
  }
  node->u.count = (uint32_t)count;
  for (Py_ssize_t i = 0; i < count; i++) {
    if (add_object(to, PyList_GET_ITEM(items, i)) != 0) {
      return -1;
    }
  }
  return 0;
}

static int add_container(builder *to, PyObject *object) {
  if (PyDict_CheckExact(object)) {
    /* Lists of its own: converting runs no Python code, so nothing changes meanwhile. */
    wit_node *node = add(to, WIT_NODE_MAPPING);
    if (!node) {
      return -1;
    }
    node->u.count = (uint32_t)PyDict_GET_SIZE(object);
    Py_ssize_t at = 0;
    PyObject *key, *value;
    while (PyDict_Next(object, &at, &key, &value)) {
      if (add_object(to, key) != 0 || add_object(to, value) != 0) {
        return -1;
      }
    }
    return 0;
  }
  uint8_t tag = PyList_CheckExact(object) ? WIT_NODE_SEQUENCE : PyTuple_CheckExact(object) ? WIT_NODE_TUPLE : WIT_NODE_SET;
  PyObject *items = PySequence_List(object);
  int status = items ? add_items(to, tag, items) : -1;
  Py_XDECREF(items);
  return status;
}

static int add_object(builder *to, PyObject *object) {
  if (object == Py_None) {
    return add(to, WIT_NODE_NONE) ? 0 : -1;
  }
  if (PyBool_Check(object)) {
    wit_node *node = add(to, WIT_NODE_BOOLEAN);
    if (node) {
      node->u.boolean = object == Py_True;
    }
    return node ? 0 : -1;
  }
  if (PyLong_CheckExact(object)) {
    return add_int(to, object);
  }
  if (PyFloat_CheckExact(object)) {
    wit_node *node = add(to, WIT_NODE_FLOAT);
    if (node) {
      node->u.real = PyFloat_AS_DOUBLE(object);
    }
    return node ? 0 : -1;
  }
  if (PyUnicode_CheckExact(object)) {
    return add_str(to, object);
  }
  if (PyBytes_CheckExact(object)) {
    return add_text(to, WIT_NODE_BYTES, PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object));
  }
  if (PyList_CheckExact(object) || PyTuple_CheckExact(object) || PyDict_CheckExact(object) || PyAnySet_CheckExact(object)) {
    /* Also what ends an object that contains itself. */
    if (Py_EnterRecursiveCall(" while converting a value for the host")) {
      return -1;
    }
    int status = add_container(to, object);
    Py_LeaveRecursiveCall();
    return status;
  }
  PyErr_Format(PyExc_TypeError, "a value of type %T has no counterpart in the host: convert it in Python first", object);
  return -1;
}

int solo_value_from(PyObject *object, wit_value *out) {
  builder to = {{NULL, 0}, 0};
  int status = add_object(&to, object);
  if (status != 0) {
    solo_value_free(&to.value);
  }
  *out = to.value;
  return status;
}

static int holds_text(uint8_t tag) { return tag == WIT_NODE_BIG_INT || tag == WIT_NODE_TEXT || tag == WIT_NODE_BYTES; }

void solo_value_free(wit_value *value) {
  for (size_t i = 0; i < value->count; i++) {
    if (holds_text(value->nodes[i].tag)) {
      solo_string_free(value->nodes[i].u.text);
    }
  }
  if (value->count > 0) {
    free(value->nodes);
  }
  *value = (wit_value){NULL, 0};
}

/* ---- to Python ----------------------------------------------------------------------------- */

typedef struct {
  const wit_node *at, *end;
} reader;

static PyObject *read_object(reader *from);

static PyObject *read_items(reader *from, uint32_t count) {
  PyObject *list = PyList_New(0);
  for (uint32_t i = 0; list && i < count; i++) {
    PyObject *item = read_object(from);
    if (!item || PyList_Append(list, item) != 0) {
      Py_CLEAR(list);
    }
    Py_XDECREF(item);
  }
  return list;
}

static PyObject *read_mapping(reader *from, uint32_t count) {
  PyObject *dict = PyDict_New();
  for (uint32_t i = 0; dict && i < count; i++) {
    PyObject *key = read_object(from), *value = key ? read_object(from) : NULL;
    if (!value || PyDict_SetItem(dict, key, value) != 0) {
      Py_CLEAR(dict);
    }
    Py_XDECREF(key);
    Py_XDECREF(value);
  }
  return dict;
}

static PyObject *converted(PyObject *items, PyObject *(*convert)(PyObject *)) {
  PyObject *made = items ? convert(items) : NULL;
  Py_XDECREF(items);
  return made;
}

static PyObject *read_big_int(const wit_string *text) {
  char *copy = malloc(text->length + 1);
  if (!copy) {
    return PyErr_NoMemory();
  }
  memcpy(copy, text->data, text->length);
  copy[text->length] = '\0';
  char *end;
  PyObject *made = PyLong_FromString(copy, &end, 16);
  if (made && end != copy + text->length) {
    Py_CLEAR(made);
    PyErr_Format(PyExc_ValueError, "the host gave a big-int that is no hexadecimal number: %s", copy);
  }
  free(copy);
  return made;
}

static PyObject *read_node(reader *from, const wit_node *node) {
  switch (node->tag) {
    case WIT_NODE_NONE:
      Py_RETURN_NONE;
    case WIT_NODE_BOOLEAN:
      return PyBool_FromLong(node->u.boolean);
    case WIT_NODE_INT:
      return PyLong_FromLongLong(node->u.integer);
    case WIT_NODE_BIG_INT:
      return read_big_int(&node->u.text);
    case WIT_NODE_FLOAT:
      return PyFloat_FromDouble(node->u.real);
    case WIT_NODE_TEXT:
      return PyUnicode_DecodeUTF8(node->u.text.data, (Py_ssize_t)node->u.text.length, "strict");
    case WIT_NODE_BYTES:
      return PyBytes_FromStringAndSize(node->u.text.data, (Py_ssize_t)node->u.text.length);
    case WIT_NODE_SEQUENCE:
      return read_items(from, node->u.count);
    case WIT_NODE_TUPLE:
      return converted(read_items(from, node->u.count), PyList_AsTuple);
    case WIT_NODE_SET:
      return converted(read_items(from, node->u.count), PySet_New);
    case WIT_NODE_MAPPING:
      return read_mapping(from, node->u.count);
    case WIT_NODE_FUNCTION:
      return solo_function_new(node->u.count);
    default:
      PyErr_Format(PyExc_ValueError, "the host gave a node of an unknown kind: %d", node->tag);
      return NULL;
  }
}

static PyObject *read_object(reader *from) {
  if (from->at == from->end) {
    PyErr_SetString(PyExc_ValueError, "the host gave a value with a container that ends too early");
    return NULL;
  }
  if (Py_EnterRecursiveCall(" while converting a value of the host's")) {
    return NULL;
  }
  const wit_node *node = from->at++;
  PyObject *made = read_node(from, node);
  Py_LeaveRecursiveCall();
  return made;
}

PyObject *solo_value_to(const wit_value *value) {
  reader from = {value->nodes, value->nodes + value->count};
  PyObject *made = read_object(&from);
  if (made && from.at != from.end) {
    Py_CLEAR(made);
    PyErr_SetString(PyExc_ValueError, "the host gave a value with nodes behind its end");
  }
  return made;
}
