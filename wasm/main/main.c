#include "start.h"

#include "weft_host.h"
#include "weft_main.h"
#include "weft_python.h"
#include "weft_sys.h"
#include "weft_thread.h"

#include <Python.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXECUTABLE "/usr/bin/python3.13"
#define STDLIB_DIRECTORY "/usr/lib/python3.13t"

void weft_readline_install(void);

/* Written by the host realm before it starts the main thread, read by that. */
static char **arguments;
static int argument_count;
static int serving;

char **weft_main_arguments(int *count) {
  *count = argument_count;
  return arguments;
}

int weft_main_argument(const char *argument) {
  char **grown = realloc(arguments, (argument_count + 2) * sizeof *grown);
  char *copy = strdup(argument);
  if (!grown || !copy) {
    return ENOMEM;
  }
  arguments = grown;
  arguments[argument_count++] = copy;
  arguments[argument_count] = NULL;
  return 0;
}

int weft_main_setenv(const char *name, const char *value) {
  return setenv(name, value, 1) == 0 ? 0 : errno;
}

int weft_main_chdir(const char *path) { return chdir(path) == 0 ? 0 : errno; }

/* CPython's own, from its hashlib. */
typedef struct hash_state hash_state;
hash_state *python_hashlib_Hacl_Hash_SHA2_malloc_256(void);
uint8_t python_hashlib_Hacl_Hash_SHA2_update_256(hash_state *state, uint8_t *input, uint32_t length);
void python_hashlib_Hacl_Hash_SHA2_digest_256(hash_state *state, uint8_t *output);
void python_hashlib_Hacl_Hash_SHA2_free_256(hash_state *state);

static int has_hash(uint8_t *bytes, size_t length, const uint8_t sha256[32]) {
  uint8_t digest[32];
  hash_state *state = python_hashlib_Hacl_Hash_SHA2_malloc_256();
  if (!state) {
    return -ENOMEM;
  }
  python_hashlib_Hacl_Hash_SHA2_update_256(state, bytes, (uint32_t)length);
  python_hashlib_Hacl_Hash_SHA2_digest_256(state, digest);
  python_hashlib_Hacl_Hash_SHA2_free_256(state);
  return memcmp(digest, sha256, sizeof digest) == 0 ? 1 : -EBADMSG;
}

/* What the host gives may come from a server: it is used only when it is what the archive in memory says, which the host has
 * checked. */
static int load_part(const char *name, uint8_t *buffer, size_t length, const uint8_t sha256[32]) {
  int known = weft_host_library(name, buffer, length, sha256);
  if (known == 0) {
    known = has_hash(buffer, length, sha256);
  }
  if (known == -EBADMSG) {
    fprintf(stderr, "weft: %s is not the file that the runtime was built with: an older copy in a cache, or a damaged upload?\n", name);
  }
  return known < 0 ? known : 0;
}

int weft_main_stdlib(const void *zip, size_t size) {
  /* What sys.executable names exists, as everywhere, though nothing can start it. */
  int error = weft_sys_mkdirs("/usr/bin");
  if (error == 0) {
    error = weft_sys_write_file(EXECUTABLE, "", 0, 0755);
  }
  return error != 0 ? -error : -weft_archive_mount_parts(STDLIB_DIRECTORY, zip, size, load_part);
}

void weft_main_serve(void) { serving = 1; }

int weft_main_serves(void) { return serving; }

/* The end that Py_RunMain() brings a program to, but for the host threads: those may attach while
 * Python's own threads come to their ends, and not during finalization. */
static int serve(void) {
  /* What threads of the host print through sys.stdout shall not wait for the program's end. */
  PyObject *out = PySys_GetObject("stdout");
  PyObject *options = Py_BuildValue("{s:i}", "line_buffering", 1), *none = PyTuple_New(0);
  PyObject *method = out && out != Py_None ? PyObject_GetAttrString(out, "reconfigure") : NULL;
  PyObject *set = method && options && none ? PyObject_Call(method, none, options) : NULL;
  Py_XDECREF(set);
  Py_XDECREF(method);
  Py_XDECREF(none);
  Py_XDECREF(options);
  PyErr_Clear(); /* a closed stdout has no such method */
  weft_lifecycle_set(WEFT_RUNNING);
  weft_post_event(WEFT_EVENT_READY, 0, 0);
  int status = weft_serve();
  PyObject *threading = PyImport_ImportModule("threading");
  PyObject *done = threading ? PyObject_CallMethod(threading, "_shutdown", NULL) : NULL;
  if (!done) {
    PyErr_WriteUnraisable(threading);
  }
  Py_XDECREF(done);
  Py_XDECREF(threading);
  weft_finalize_begin();
  if (Py_FinalizeEx() < 0) {
    status = 120; /* as Py_RunMain(): buffered output is lost */
  }
  weft_lifecycle_set(WEFT_FINALIZED);
  return status;
}

/* First on the main thread. */
void weft_main_begin(void) {
  weft_usage_begin();
  weft_thread_begin();
  weft_thread_set_main();
  weft_readline_install();
}

/* Prints what is wrong and ends the program. */
void weft_main_check(PyStatus status) {
  if (PyStatus_IsExit(status)) {
    exit(status.exitcode);
  }
  if (PyStatus_Exception(status)) {
    Py_ExitStatusException(status);
  }
}

void weft_main_initialize(PyConfig *config) {
  PyStatus status = weft_module_install() == 0 ? PyStatus_Ok() : PyStatus_NoMemory();
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesArgv(config, argument_count, arguments);
  }
  if (!PyStatus_Exception(status)) {
    status = PyConfig_SetBytesString(config, &config->program_name, EXECUTABLE);
  }
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(config);
  }
  PyConfig_Clear(config);
  weft_main_check(status);
}

_Noreturn void weft_main_run(void) { exit(serving ? serve() : Py_RunMain()); }

static void *main_thread(void *unused) {
  (void)unused;
  weft_main_begin();
  if (serving) {
    weft_lifecycle_set(WEFT_INITIALIZING);
  }
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  weft_main_initialize(&config);
  weft_call_sites();
  weft_main_run();
}

int weft_main_thread(size_t stack_size, void *(*routine)(void *)) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (!weft_thread_reserve()) {
    return EAGAIN;
  }
  int error = pthread_attr_init(&attributes);
  if (error == 0) {
    error = pthread_attr_setstacksize(&attributes, stack_size);
    if (error == 0) {
      error = pthread_create(&thread, &attributes, routine, NULL);
    }
    pthread_attr_destroy(&attributes);
  }
  if (error != 0) {
    weft_thread_unreserve();
    return error;
  }
  pthread_detach(thread);
  return 0;
}

int weft_main_start(size_t stack_size) { return weft_main_thread(stack_size, main_thread); }
