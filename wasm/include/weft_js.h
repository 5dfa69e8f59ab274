/* JavaScript values as Python objects (weft.JsProxy), and Python functions as JavaScript ones.
 *
 * A value stays in a table of its realm; a proxy has its number there. What is done with a proxy is an
 * operation: on a thread of the value's realm it runs at once; the host realm's are sent to its event
 * loop, and the calling thread waits (js_request.c); those of other realms are refused. */
#ifndef WEFT_JS_H
#define WEFT_JS_H

#include <Python.h>
#include <stdatomic.h>
#include <stdint.h>

#define WEFT_HOST_REALM 1

/* Numbers of values that are not counted. */
#define WEFT_JS_GLOBALS 0
#define WEFT_JS_SERVICES 1

/* src/python/js/operation.ts has the same numbers, and what each means for which value. */
enum weft_js_operation {
  WEFT_JS_CALL = 1,
  WEFT_JS_CALL_CONVERTING = 2, /* of what py.function() and py.rawFunction() made */
  WEFT_JS_NEW = 3,
  WEFT_JS_GET = 4, /* null without an exception: there is no such attribute */
  WEFT_JS_SET = 5,
  WEFT_JS_DELETE = 6,
  WEFT_JS_GET_ITEM = 7,
  WEFT_JS_SET_ITEM = 8,
  WEFT_JS_DELETE_ITEM = 9,
  WEFT_JS_CONTAINS = 10,
  WEFT_JS_LENGTH = 11,
  WEFT_JS_ITERATE = 12,
  WEFT_JS_NEXT = 13, /* null without an exception: the end */
  WEFT_JS_TEXT = 14,
  WEFT_JS_REPR = 15,
  WEFT_JS_TRUTH = 16,
  WEFT_JS_DIR = 17,
  WEFT_JS_TYPEOF = 18,
  WEFT_JS_INSTANCE_OF = 19,
  WEFT_JS_TO_PYTHON = 20,
  WEFT_JS_TO_JS = 21,
  WEFT_JS_WAIT = 22, /* answered when the promise is settled: as a request only */
  WEFT_JS_THEN = 23,
};

/* What a proxy is made for, besides keeping the value. */
enum weft_js_flags {
  WEFT_JS_CALLABLE = 1,
  WEFT_JS_THENABLE = 2,
  WEFT_JS_CONVERTING = 4, /* a call converts as py.function() says */
};

/* ---- js_handles.c ---- */

/* A number that a dead proxy gives back. Made with the proxy, so that its end cannot fail. */
typedef struct weft_js_handle {
  struct weft_js_handle *next;
  int32_t id;   /* above WEFT_JS_SERVICES: counted in the realm's table */
  int32_t self; /* the same for the object that a method belongs to */
} weft_js_handle;

/* A realm as proxies see it. Never freed: proxies on all threads point to it. */
typedef struct weft_realm {
  struct weft_realm *next;
  int32_t id;
  _Atomic(weft_js_handle *) dropped;
  _Atomic int32_t announced; /* the host realm: it will empty the list soon */
  weft_js_handle *taken;     /* used by the realm's own thread only */
} weft_realm;

/* The realm of the calling thread. */
weft_realm *weft_realm_here(void);
/* Any thread: gives the handle to its realm. */
void weft_js_drop(weft_realm *realm, weft_js_handle *handle);
/* Takes a number of this realm that Python released, or returns -1. Needs no attached thread. */
int32_t weft_js_released(void);
/* The host realm, before it takes those that WEFT_EVENT_RELEASED announced. */
void weft_js_release_begin(void);

/* ---- js_proxy.c ---- */

typedef struct {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  weft_realm *realm; /* null: that of whoever asks (the module js) */
  weft_js_handle *handle;
  int32_t id;   /* 0: the realm's globals */
  int32_t self; /* `this` of calls: a number, or -1 for undefined */
  uint32_t flags;
  PyObject *name; /* or null */
  PyObject *weakrefs;
} weft_js_proxy;

extern PyTypeObject weft_js_proxy_type, weft_js_function_type, weft_js_promise_type;

/* Readies the types: 0, or -1 with an exception. */
int weft_js_ready(void);
/* For a value of this realm, whose counts of `id` and `self` it takes over where it succeeds. `name` may be null. */
PyObject *weft_js_proxy_new(int32_t id, int32_t self, const char *name, uint32_t flags);
/* For the globals of a realm, or of the calling one (null). */
PyObject *weft_js_globals_new(weft_realm *realm);
/* For what the host realm offers to the modules below wasm/library: src/hosts/shared/services.ts. */
PyObject *weft_js_services_new(void);
weft_realm *weft_realm_host(void);
/* The value's number in the calling thread's realm, or -1 for other realms and objects. */
int32_t weft_js_proxy_id(PyObject *object);
/* Runs an operation wherever it has to. A new reference, or null: with an exception, or where the operation says so. */
PyObject *weft_js_operate(PyObject *proxy, int operation, PyObject *const *arguments, Py_ssize_t count, PyObject *names);

/* ---- js_request.c ---- */

/* `timeout_ns` < 0: without a limit. */
PyObject *weft_js_request(int operation, int32_t id, int32_t self, PyObject *const *arguments, Py_ssize_t count,
                          PyObject *names, int64_t timeout_ns);

/* A request as the host realm reads it; js_request.c says who owns it when. */
typedef struct weft_request {
  int32_t operation, id, self, count;
  PyObject *names;
  PyObject **arguments;
  PyObject *result, *error;
  struct weft_thread *thread;
  _Atomic int32_t state;
  int32_t refused;
} weft_request;

/* The host realm takes a request: 0 when nobody waits for it any more. */
int weft_request_begin(weft_request *request);
/* Attached: answers it with one of the two, or with neither (see WEFT_JS_NEXT). Takes the references over. */
void weft_request_end(weft_request *request, PyObject *result, PyObject *error);
/* Not attached: Python is ending, and nothing can be answered. */
void weft_request_refuse(weft_request *request);

/* ---- js_callable.c ---- */

extern PyTypeObject weft_callable_type;
/* weft.create_proxy() */
PyObject *weft_callable_new(PyObject *callable, int throws, int once);
/* -1 for other objects; else whether JavaScript gets its exceptions also from the event loop. */
int weft_callable_throws(PyObject *object);

/* ---- js_promise.c ---- */

PyObject *weft_promise_await(PyObject *promise);
PyObject *weft_promise_wait(PyObject *promise, PyObject *timeout);

/* ---- js_module.c ---- */

/* Adds what concerns JavaScript to the module weft: 0, or -1 with an exception. */
int weft_js_fill(PyObject *module);
/* A realm whose JavaScript the program was not given: sets the ImportError that says so. */
void weft_js_refuse(void);
/* A realm that cannot load what its JavaScript needs: sets an ImportError with why, in UTF-8. */
void weft_js_unavailable(const char *reason, Py_ssize_t length);

/* Import, in wasm/python-library.js: runs an operation in this realm. */
extern PyObject *weft_host_call(int32_t operation, int32_t id, int32_t self, PyObject *const *arguments, Py_ssize_t count,
                                PyObject *names);

#endif
