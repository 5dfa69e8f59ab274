/* A memory in which Python is initialized already.
 *
 * The build lets a thread initialize Python and leave the guest with all of its state in memory: none of it is on the
 * engine's stack. What the memory is then, the build keeps as the snapshot. A program whose memory begins as that starts
 * the same thread again: its record, its stack and its thread-local storage are where they were, so Python's objects are
 * those of the thread that runs, and it goes on in resume().
 *
 * What Python took from its surroundings is made again there: the hash seed, the environment with three of Python's
 * variables, the arguments, the standard streams where they are no pipes, the time zone, the name of the engine, the recursion
 * limit.
 *
 * `snapshot` is written by the host realm before it makes the thread, and then by that thread alone: at the build before it
 * stores `made`, which the host realm waits for; in a program when its realm begins with it, after the host realm has sent
 * it there. */
#define Py_BUILD_CORE
#include <Python.h>
#include "internal/pycore_fileutils.h"
#include "internal/pycore_initconfig.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_pylifecycle.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_runtime.h"
#undef Py_BUILD_CORE

#include <emscripten.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "start.h"

#include "weft_main.h"
#include "weft_python.h"
#include "weft_seed.h"
#include "weft_thread.h"

/* Patch 0013. */
PyStatus _Py_InitStandardStreams(PyThreadState *tstate);
PyObject *_PySys_MakeEmscriptenInfo(void);
int _PyTime_InitTimezone(PyObject *module);

/* The linker's: makes `block` the calling thread's storage, with what thread-locals are initialized with. */
void __wasm_init_tls(void *block);

/* wasm/realm-library.js: runs `routine` on a thread that has everything but a realm. 0 or an errno. */
int weft_host_resume(pthread_t thread, void *(*routine)(void *));

static struct {
  pthread_t thread; /* NULL without a snapshot, and when it has begun */
  void *storage, *saved;
  size_t size;
  void *host; /* the host realm's storage, which that realm keeps */
} snapshot;
static _Atomic int made;

/* The C library asks the engine for its time zone once. The linker puts this in its place: the first time shall come in a
 * program. `making` is written by the one thread that there is. */
static bool making;
void __real_tzset(void);
void __wrap_tzset(void) {
  static char utc[] = "UTC";
  if (!making) {
    __real_tzset();
  }
  /* An engine has no short names for time zones, so they are called by their distance from this one, which has a name. Every
   * thread that comes here writes the same. */
  for (int i = 0; i < 2; i++) {
    if (making || strcmp(__atomic_load_n(&tzname[i], __ATOMIC_RELAXED), "UTC-0000") == 0) {
      __atomic_store_n(&tzname[i], utc, __ATOMIC_RELAXED);
    }
  }
}

/* Whether the standard streams are as at the build, where they are what a page's are, and those of most processes that others
 * start. */
static bool are_pipes(void) {
  for (int fd = 0; fd <= 2; fd++) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
      return false;
    }
  }
  return true;
}

/* ---- at the build ------------------------------------------------------------------------------ */

static void *make(void *unused) {
  (void)unused;
  making = true;
  weft_main_begin();
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  /* Who builds from the same inputs gets the same snapshot; every program gets another seed. */
  config.use_hash_seed = 1;
  config.hash_seed = 1;
  weft_main_initialize(&config);
  if (!are_pipes()) {
    Py_FatalError("the snapshot's standard streams must be pipes");
  }
  PyConfig *used = (PyConfig *)_Py_GetConfig();
  used->use_hash_seed = 0;
  used->hash_seed = 0;
  weft_seed_prepare();
  making = false;

  snapshot.size = __builtin_wasm_tls_size();
  snapshot.storage = __builtin_wasm_tls_base();
  snapshot.saved = malloc(snapshot.size);
  if (!snapshot.saved) {
    Py_FatalError("out of memory");
  }
  snapshot.thread = pthread_self();
  memcpy(snapshot.saved, snapshot.storage, snapshot.size);
  atomic_store(&made, 1);
  /* Back to the realm's event loop, and never again from there. */
  emscripten_exit_with_live_runtime();
}

int weft_snapshot_make(size_t stack_size) {
  snapshot.host = __builtin_wasm_tls_base();
  return weft_main_thread(stack_size, make);
}

int weft_snapshot_made(void) { return atomic_load(&made); }

/* ---- in a program ------------------------------------------------------------------------------- */

/* Thread-locals are not there yet: nothing here may use one. */
int weft_snapshot_thread(uintptr_t self) {
  if (!snapshot.thread || self != (uintptr_t)snapshot.thread) {
    return 0;
  }
  __wasm_init_tls(snapshot.storage);
  memcpy(snapshot.storage, snapshot.saved, snapshot.size);
  snapshot.thread = NULL; /* another thread may have its address after its end */
  return 1;
}

/* As CPython's command line, of which only this much is given. */
static PyStatus set_program(PyConfig *config, int count, char **arguments) {
  PyStatus status = PyConfig_SetBytesArgv(config, count, arguments);
  if (PyStatus_Exception(status)) {
    return status;
  }
  if (_PyWideStringList_Copy(&config->orig_argv, &config->argv) < 0 || _PyWideStringList_Copy(&_PyRuntime.orig_argv, &config->argv) < 0) {
    return PyStatus_NoMemory();
  }
  if (count < 2) {
    return PyConfig_SetBytesArgv(config, 1, (char *[]){""});
  }
  char kind = arguments[1][0] == '-' ? arguments[1][1] : 'f'; /* or the end of "-" */
  wchar_t *text = Py_DecodeLocale(arguments[kind == 'c' || kind == 'm' ? 2 : 1], NULL);
  if (!text) {
    return PyStatus_NoMemory();
  }
  if (kind == 'm') {
    status = PyConfig_SetString(config, &config->run_module, text);
  } else if (kind == 'c') {
    size_t length = wcslen(text);
    wchar_t *line = PyMem_RawMalloc((length + 2) * sizeof *line);
    if (line) {
      wmemcpy(line, text, length);
      wcscpy(line + length, L"\n");
      status = PyConfig_SetString(config, &config->run_command, line);
      PyMem_RawFree(line);
    } else {
      status = PyStatus_NoMemory();
    }
  } else if (kind == 'f') {
    wchar_t *absolute = NULL;
    if (_Py_isabs(text)) {
      status = PyConfig_SetString(config, &config->run_filename, text);
    } else if (_Py_abspath(text, &absolute) < 0 || !absolute) {
      status = PyStatus_NoMemory();
    } else {
      status = PyConfig_SetString(config, &config->run_filename, absolute);
      PyMem_RawFree(absolute);
    }
  }
  PyMem_RawFree(text);
  if (PyStatus_Exception(status)) {
    return status;
  }
  if (kind == 'c' || kind == 'm') {
    /* argv[0] is the option, until runpy knows the module's file. */
    arguments[2] = arguments[1];
    return PyConfig_SetBytesArgv(config, count - 2, arguments + 2);
  }
  return PyConfig_SetBytesArgv(config, count - 1, arguments + 1);
}

static PyStatus set_arguments(PyConfig *config) {
  int count;
  char **arguments = weft_main_arguments(&count);
  return count > 0 ? set_program(config, count, arguments) : PyStatus_Ok();
}

extern char **environ;

/* `os.environ` is a view of the dict that the module posix has. */
static int set_environment(void) {
  PyObject *posix = PyImport_ImportModule("posix"), *names = posix ? PyObject_GetAttrString(posix, "environ") : NULL;
  int status = names ? 0 : -1;
  for (char **entry = environ; status == 0 && entry && *entry; entry++) {
    const char *equals = strchr(*entry, '=');
    if (!equals) {
      continue;
    }
    PyObject *name = PyBytes_FromStringAndSize(*entry, equals - *entry), *value = PyBytes_FromString(equals + 1);
    status = name && value ? PyDict_SetItem(names, name, value) : -1;
    Py_XDECREF(name);
    Py_XDECREF(value);
  }
  Py_XDECREF(names);
  Py_XDECREF(posix);
  return status;
}

/* As getpath.py does it. */
static PyStatus set_search_path(PyConfig *config) {
  const char *value = getenv("PYTHONPATH");
  if (!value || !*value) {
    return PyStatus_Ok();
  }
  wchar_t *text = Py_DecodeLocale(value, NULL);
  if (!text) {
    return PyStatus_NoMemory();
  }
  PyWideStringList paths = _PyWideStringList_INIT;
  PyStatus status = PyConfig_SetString(config, &config->pythonpath_env, text);
  for (wchar_t *folder = text; folder && !PyStatus_Exception(status);) {
    wchar_t *colon = wcschr(folder, L':'), *absolute = NULL;
    if (colon) {
      *colon++ = 0;
    }
    if (_Py_abspath(_Py_normpath(folder, -1), &absolute) < 0 || !absolute) {
      status = PyStatus_NoMemory();
    } else {
      status = PyWideStringList_Append(&paths, absolute);
      PyMem_RawFree(absolute);
    }
    folder = colon;
  }
  PyMem_RawFree(text);
  if (!PyStatus_Exception(status)) {
    status = _PyWideStringList_Extend(&paths, &config->module_search_paths);
  }
  if (!PyStatus_Exception(status) && _PyWideStringList_Copy(&config->module_search_paths, &paths) < 0) {
    status = PyStatus_NoMemory();
  }
  _PyWideStringList_Clear(&paths);
  return status;
}

/* What site.py does for folders that it has not seen. A package `encodings` in them comes too late. */
static int customize(PyConfig *config) {
  if (!config->pythonpath_env) {
    return 0;
  }
  static const char *const SITE[] = {"removeduppaths", "execsitecustomize"};
  PyObject *site = PyImport_ImportModule("site");
  int status = site ? 0 : -1;
  for (size_t i = 0; status == 0 && i < sizeof SITE / sizeof *SITE; i++) {
    PyObject *result = PyObject_CallMethod(site, SITE[i], NULL);
    status = result ? 0 : -1;
    Py_XDECREF(result);
  }
  Py_XDECREF(site);
  return status;
}

/* Those of Python's variables that programs in containers have. The others are in src/runtime/snapshot.ts. */
static void set_flags(PyConfig *config) {
  int unbuffered = 0, no_bytecode = 0;
  _Py_get_env_flag(1, &unbuffered, "PYTHONUNBUFFERED");
  _Py_get_env_flag(1, &no_bytecode, "PYTHONDONTWRITEBYTECODE");
  config->buffered_stdio = !unbuffered;
  config->write_bytecode = !no_bytecode;
  _Py_COMP_DIAG_PUSH
  _Py_COMP_DIAG_IGNORE_DEPR_DECLS
  Py_UnbufferedStdioFlag = !config->buffered_stdio;
  Py_DontWriteBytecodeFlag = !config->write_bytecode;
  _Py_COMP_DIAG_POP
  if (unbuffered) {
    setvbuf(stdin, NULL, _IONBF, BUFSIZ);
    setvbuf(stdout, NULL, _IONBF, BUFSIZ);
    setvbuf(stderr, NULL, _IONBF, BUFSIZ);
  }
}

static int set_engine(void) {
  PyObject *info = _PySys_MakeEmscriptenInfo();
  int status = info ? PySys_SetObject("_emscripten_info", info) : -1;
  Py_XDECREF(info);
  return status;
}

static int set_time_zone(void) {
  PyObject *time = PyImport_ImportModule("time");
  int status = time ? _PyTime_InitTimezone(time) : -1;
  Py_XDECREF(time);
  return status;
}

static void *resume(void *unused) {
  (void)unused;
  weft_usage_begin();
  weft_thread_set_main();
  PyThreadState *tstate = PyThreadState_Get();
  tstate->c_recursion_remaining = Py_C_RECURSION_LIMIT;
  if (weft_main_serves()) {
    weft_lifecycle_set(WEFT_INITIALIZING);
  }
  free(snapshot.saved);
  int status = weft_seed_renew(NULL);
  if (status == 0) {
    weft_call_sites();
    PyConfig *config = (PyConfig *)_Py_GetConfig();
    set_flags(config);
    if (!are_pipes() || !config->buffered_stdio) {
      weft_main_check(_Py_InitStandardStreams(tstate));
    }
    weft_main_check(set_arguments(config));
    weft_main_check(set_search_path(config));
    status = set_environment() == 0 && _PySys_UpdateConfig(tstate) == 0 && set_engine() == 0 && set_time_zone() == 0 && customize(config) == 0 ? 0 : -1;
  }
  if (status != 0) {
    PyErr_Print();
    weft_main_check(PyStatus_Error("Python's surroundings cannot be made"));
  }
  weft_main_run();
}

int weft_main_resume(void) {
  if (!snapshot.thread || snapshot.host != __builtin_wasm_tls_base()) {
    return ESRCH; /* the memory began as another than the build's */
  }
  return weft_host_resume(snapshot.thread, resume);
}
