/* What the interpreter does for its host (`interpreter` in wasm/weft.wit). */
#include "solo_python.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weft_seed.h"
#include "weft_sys.h"

#define EXPORT(name) __attribute__((export_name("weft:python/interpreter@0.1.0#" name)))
#define POST(name) __attribute__((export_name("cabi_post_weft:python/interpreter@0.1.0#" name)))

#define STDLIB_DIRECTORY "/usr/lib/python3.13t"
#define EXECUTABLE "/usr/bin/python3.13"

/* The archive, which the link puts into the module's data. */
extern const char weft_stdlib_start[], weft_stdlib_end[];

/* Memory for what the host hands over, and the only way in which it is allocated. */
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  (void)old_size;
  (void)align; /* malloc's suffices for 8 */
  if (size == 0) {
    return (void *)align; /* an address, as it must be one; nobody frees it */
  }
  void *made = realloc(old, size);
  if (!made) {
    abort();
  }
  return made;
}

/* The host reads a result after the call and then calls the function's post-return, so one is enough. */
static wit_result result;

static wit_result *failed(void) {
  result.failed = 1;
  solo_error_take(&result.u.error);
  return &result;
}

static wit_result *nothing(void) {
  result = (wit_result){0};
  return &result;
}

/* Gives the value to the host; takes the reference. */
static wit_result *given(PyObject *object) {
  if (!object) {
    return failed();
  }
  wit_value value;
  int status = solo_value_from(object, &value);
  Py_DECREF(object);
  if (status != 0) {
    return failed();
  }
  result.failed = 0;
  result.u.value = value;
  return &result;
}

/* Parameters are the callee's to free. */
static PyObject *text_of(wit_string text) {
  PyObject *made = PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.length, "strict");
  solo_string_free(text);
  return made;
}

static char *c_string(wit_string text) {
  char *made = strndup(text.data, text.length);
  solo_string_free(text);
  if (!made) {
    abort();
  }
  return made;
}

/* ---- the start ------------------------------------------------------------------------------- */

static int started;

static PyStatus initialize(void) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.parse_argv = 0;
  config.buffered_stdio = 1;
  /* Whoever builds from the same inputs gets the same snapshot; every instance gets another seed. */
  config.use_hash_seed = 1;
  config.hash_seed = 1;
  PyStatus status = PyImport_AppendInittab("weft", solo_module_init) == 0 ? PyStatus_Ok() : PyStatus_NoMemory();
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesString(&config, &config.program_name, EXECUTABLE);
  }
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(&config);
  }
  PyConfig_Clear(&config);
  return status;
}

static void start(void) {
  if (started) {
    return;
  }
  started = 1;
  if (weft_sys_open(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0) < 0) {
    abort();
  }
  /* What sys.executable names exists, as everywhere, though nothing can start it. */
  if (weft_sys_mkdirs("/usr/bin") != 0 || weft_sys_write_file(EXECUTABLE, "", 0, 0755) != 0 ||
      weft_archive_mount(STDLIB_DIRECTORY, weft_stdlib_start, (size_t)(weft_stdlib_end - weft_stdlib_start)) != 0) {
    abort();
  }
  PyStatus status = initialize();
  if (PyStatus_Exception(status)) {
    Py_ExitStatusException(status);
  }
  PyObject *module = PyImport_ImportModule("weft");
  if (!module) {
    PyErr_Print();
    abort();
  }
  Py_DECREF(module);
  /* They would duplicate the descriptor, and WASI has no dup(): shutil.rmtree() shall take its other way. */
  if (PyRun_SimpleString("import os\nos.supports_fd -= {os.listdir, os.scandir}\ndel os") != 0) {
    abort();
  }
  weft_seed_prepare();
}

/* The pre-initialiser runs it and keeps what it made. */
__attribute__((export_name("wizer.initialize"))) void weft_solo_initialize(void) { start(); }

/* ---- running code ------------------------------------------------------------------------------ */

static PyObject *main_globals(void) {
  PyObject *main = PyImport_AddModuleRef("__main__");
  PyObject *globals = main ? Py_NewRef(PyModule_GetDict(main)) : NULL;
  Py_XDECREF(main);
  return globals;
}

static PyObject *evaluate(wit_string code, int kind) {
  /* Of calls that only read or write something. */
  solo_forget_interrupts();
  PyObject *text = text_of(code), *globals = main_globals(), *made = NULL;
  PyObject *compiled = NULL;
  if (text && globals) {
    Py_ssize_t length;
    const char *source = PyUnicode_AsUTF8AndSize(text, &length);
    if (source && strlen(source) != (size_t)length) {
      PyErr_SetString(PyExc_SyntaxError, "source code string cannot contain null bytes");
    } else if (source) {
      /* Leading blanks are allowed in an expression, as in eval(). */
      compiled = Py_CompileString(source + (kind == Py_eval_input ? strspn(source, " \t") : 0), "<string>", kind);
    }
  }
  if (compiled) {
    made = PyEval_EvalCode(compiled, globals, globals);
  }
  Py_XDECREF(compiled);
  Py_XDECREF(globals);
  Py_XDECREF(text);
  return made;
}

/* Whole lines and prompts reach the host when the call is over. */
static void flush(void) {
  solo_forget_interrupts();
  PyObject *exception = PyErr_GetRaisedException();
  for (int i = 0; i < 2; i++) {
    PyObject *stream = PySys_GetObject(i ? "stderr" : "stdout");
    PyObject *done = stream && stream != Py_None ? PyObject_CallMethod(stream, "flush", NULL) : NULL;
    Py_XDECREF(done);
    PyErr_Clear();
  }
  PyErr_SetRaisedException(exception);
}

/* Before anything is hashed. */
static int set_seed(const wit_string *names, size_t count) {
  static const char NAME[] = "PYTHONHASHSEED=";
  char *given = NULL;
  for (size_t i = 0; i < count && !given; i++) {
    if (names[i].length >= sizeof NAME - 1 && memcmp(names[i].data, NAME, sizeof NAME - 1) == 0) {
      given = strndup(names[i].data + sizeof NAME - 1, names[i].length - (sizeof NAME - 1));
    }
  }
  int status = weft_seed_renew(given);
  free(given);
  return status;
}

static int set_environment(wit_string *names, size_t count) {
  int status = set_seed(names, count);
  PyObject *os = status == 0 ? PyImport_ImportModule("os") : NULL, *environ = os ? PyObject_GetAttrString(os, "environ") : NULL;
  status = environ ? 0 : -1;
  for (size_t i = 0; i < count; i++) {
    char *entry = c_string(names[i]), *equals = strchr(entry, '=');
    if (status == 0 && equals) {
      *equals = '\0';
      PyObject *value = PyUnicode_FromString(equals + 1);
      status = value ? PyMapping_SetItemString(environ, entry, value) : -1;
      Py_XDECREF(value);
    }
    free(entry);
  }
  free(count ? names : NULL);
  Py_XDECREF(environ);
  Py_XDECREF(os);
  return status;
}

static int set_arguments(wit_string *arguments, size_t count) {
  PyObject *list = PyList_New(0);
  int status = list ? 0 : -1;
  for (size_t i = 0; i < count; i++) {
    PyObject *text = text_of(arguments[i]);
    if (status == 0) {
      status = text ? PyList_Append(list, text) : -1;
    }
    Py_XDECREF(text);
  }
  free(count ? arguments : NULL);
  if (status == 0 && count == 0) {
    PyObject *empty = PyUnicode_FromString("");
    status = empty ? PyList_Append(list, empty) : -1;
    Py_XDECREF(empty);
  }
  if (status == 0) {
    status = PySys_SetObject("argv", list);
  }
  Py_XDECREF(list);
  return status;
}

EXPORT("create") wit_result *create(wit_string *environment, size_t environment_count, wit_string *arguments, size_t argument_count,
                                    char *directory, size_t directory_length) {
  start();
  char *path = c_string((wit_string){directory, directory_length});
  int status = set_environment(environment, environment_count);
  if (set_arguments(arguments, argument_count) != 0) {
    status = -1;
  }
  if (status == 0) {
    int error = weft_sys_mkdirs(path);
    if (error < 0 || chdir(path) != 0) {
      errno = error < 0 ? -error : errno;
      PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
      status = -1;
    }
  }
  free(path);
  return status == 0 ? nothing() : failed();
}

EXPORT("run") wit_result *run(char *code, size_t length) {
  PyObject *made = evaluate((wit_string){code, length}, Py_file_input);
  flush();
  if (!made) {
    return failed();
  }
  Py_DECREF(made);
  return nothing();
}

EXPORT("eval") wit_result *eval(char *code, size_t length) {
  PyObject *made = evaluate((wit_string){code, length}, Py_eval_input);
  flush();
  return given(made);
}

/* Parameters that are values: the nodes and what they hold are ours. */
static PyObject *value_of(wit_node *nodes, size_t count) {
  wit_value value = {nodes, count};
  PyObject *made = solo_value_to(&value);
  solo_value_free(&value);
  return made;
}

EXPORT("call") wit_result *call(char *callable, size_t length, wit_node *arguments, size_t argument_count, wit_node *keywords, size_t keyword_count) {
  PyObject *named = value_of(keywords, keyword_count), *list = value_of(arguments, argument_count);
  PyObject *tuple = list ? PySequence_Tuple(list) : NULL;
  PyObject *function = evaluate((wit_string){callable, length}, Py_eval_input);
  PyObject *made = NULL;
  if (function && tuple && named) {
    made = PyDict_Check(named) ? PyObject_Call(function, tuple, named) : NULL;
    if (!made && !PyErr_Occurred()) {
      PyErr_SetString(PyExc_TypeError, "keyword arguments are a mapping");
    }
  }
  flush();
  Py_XDECREF(function);
  Py_XDECREF(tuple);
  Py_XDECREF(list);
  Py_XDECREF(named);
  return given(made);
}

EXPORT("get") wit_result *get(char *name, size_t length) {
  PyObject *key = text_of((wit_string){name, length}), *globals = main_globals(), *found = NULL;
  if (key && globals && PyDict_GetItemRef(globals, key, &found) == 0) {
    PyErr_Format(PyExc_NameError, "name %R is not defined", key);
  }
  Py_XDECREF(globals);
  Py_XDECREF(key);
  return given(found);
}

EXPORT("set") wit_result *set(char *name, size_t length, wit_node *nodes, size_t count) {
  PyObject *value = value_of(nodes, count), *key = text_of((wit_string){name, length}), *globals = main_globals();
  int status = value && key && globals ? PyDict_SetItem(globals, key, value) : -1;
  Py_XDECREF(globals);
  Py_XDECREF(key);
  Py_XDECREF(value);
  return status == 0 ? nothing() : failed();
}

/* ---- files: by Python's own modules, whose errors are what users know --------------------------- */

/* A module's function with one or two arguments; takes the references. */
static PyObject *use(const char *module, const char *name, PyObject *first, PyObject *second) {
  PyObject *found = PyImport_ImportModule(module), *made = NULL;
  if (found && first) {
    PyObject *method = PyUnicode_FromString(name);
    made = method ? PyObject_CallMethodObjArgs(found, method, first, second, NULL) : NULL;
    Py_XDECREF(method);
  }
  Py_XDECREF(found);
  Py_XDECREF(first);
  Py_XDECREF(second);
  return made;
}

static PyObject *path_of(char *path, size_t length) { return use("pathlib", "Path", text_of((wit_string){path, length}), NULL); }

EXPORT("read-file") wit_result *read_file(char *path, size_t length) {
  PyObject *file = path_of(path, length), *data = file ? PyObject_CallMethod(file, "read_bytes", NULL) : NULL;
  Py_XDECREF(file);
  if (!data) {
    return failed();
  }
  result.failed = 0;
  result.u.bytes = solo_string(PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data));
  Py_DECREF(data);
  return &result;
}

EXPORT("write-file") wit_result *write_file(char *path, size_t length, char *data, size_t size) {
  PyObject *bytes = PyBytes_FromStringAndSize(data, (Py_ssize_t)size);
  free(size ? data : NULL);
  PyObject *file = path_of(path, length), *parent = file ? PyObject_GetAttrString(file, "parent") : NULL;
  PyObject *none = PyTuple_New(0), *keywords = Py_BuildValue("{s:O,s:O}", "parents", Py_True, "exist_ok", Py_True);
  PyObject *mkdir = parent ? PyObject_GetAttrString(parent, "mkdir") : NULL;
  PyObject *made = mkdir && none && keywords ? PyObject_Call(mkdir, none, keywords) : NULL;
  PyObject *done = made && bytes ? PyObject_CallMethod(file, "write_bytes", "O", bytes) : NULL;
  Py_XDECREF(made);
  Py_XDECREF(mkdir);
  Py_XDECREF(keywords);
  Py_XDECREF(none);
  Py_XDECREF(parent);
  Py_XDECREF(file);
  Py_XDECREF(bytes);
  if (!done) {
    return failed();
  }
  Py_DECREF(done);
  return nothing();
}

EXPORT("list-folder") wit_result *list_folder(char *path, size_t length) {
  PyObject *names = use("os", "listdir", text_of((wit_string){path, length}), NULL);
  if (!names) {
    return failed();
  }
  size_t count = (size_t)PyList_GET_SIZE(names);
  wit_string *items = calloc(count ? count : 1, sizeof *items);
  if (!items) {
    abort();
  }
  for (size_t i = 0; i < count; i++) {
    PyObject *name = PyUnicode_AsEncodedString(PyList_GET_ITEM(names, i), "utf-8", "replace");
    items[i] = name ? solo_string(PyBytes_AS_STRING(name), (size_t)PyBytes_GET_SIZE(name)) : solo_string("", 0);
    Py_XDECREF(name);
    PyErr_Clear();
  }
  Py_DECREF(names);
  result.failed = 0;
  result.u.strings.items = items;
  result.u.strings.count = count;
  return &result;
}

EXPORT("remove") wit_result *remove_path(char *path, size_t length) {
  PyObject *name = text_of((wit_string){path, length});
  PyObject *is_folder = name ? use("os.path", "isdir", Py_NewRef(name), NULL) : NULL;
  PyObject *is_link = name ? use("os.path", "islink", Py_NewRef(name), NULL) : NULL;
  int folder = is_folder == Py_True && is_link == Py_False;
  PyObject *done = is_folder && is_link ? use(folder ? "shutil" : "os", folder ? "rmtree" : "remove", Py_NewRef(name), NULL) : NULL;
  Py_XDECREF(is_link);
  Py_XDECREF(is_folder);
  Py_XDECREF(name);
  if (!done) {
    return failed();
  }
  Py_DECREF(done);
  return nothing();
}

EXPORT("dispose") uint32_t dispose(void) {
  return Py_FinalizeEx() < 0 ? 120 : 0; /* 120: buffered output is lost, as Py_RunMain() has it */
}

/* ---- freeing results ------------------------------------------------------------------------------ */

static void free_error(wit_result *done) {
  if (done->failed) {
    solo_error_free(&done->u.error);
  }
}

static void free_value(wit_result *done) {
  free_error(done);
  if (!done->failed) {
    solo_value_free(&done->u.value);
  }
}

POST("create") void create_done(wit_result *done) { free_error(done); }
POST("run") void run_done(wit_result *done) { free_error(done); }
POST("eval") void eval_done(wit_result *done) { free_value(done); }
POST("call") void call_done(wit_result *done) { free_value(done); }
POST("get") void get_done(wit_result *done) { free_value(done); }
POST("set") void set_done(wit_result *done) { free_error(done); }
POST("write-file") void write_file_done(wit_result *done) { free_error(done); }
POST("remove") void remove_done(wit_result *done) { free_error(done); }
POST("read-file") void read_file_done(wit_result *done) {
  free_error(done);
  if (!done->failed) {
    solo_string_free(done->u.bytes);
  }
}
POST("list-folder") void list_folder_done(wit_result *done) {
  free_error(done);
  if (!done->failed) {
    for (size_t i = 0; i < done->u.strings.count; i++) {
      solo_string_free(done->u.strings.items[i]);
    }
    free(done->u.strings.items);
  }
}
