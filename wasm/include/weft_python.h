/* The host's way into Python: which threads may attach and when, jobs for the main thread,
 * references that are dropped by detached threads. weft_js.h has the way from Python into JavaScript.
 *
 * A host thread is one that CPython did not make and that joins: the host realm, a worker of
 * the host's, a thread that weft_thread_spawn() started. */
#ifndef WEFT_PYTHON_H
#define WEFT_PYTHON_H

#include <Python.h>
#include <stdatomic.h>
#include <stdint.h>

/* Goes one way. Python's main thread writes it, and the host realm FINALIZED when that thread has ended or is being ended. */
enum weft_lifecycle {
  WEFT_UNINITIALIZED = 0,
  WEFT_INITIALIZING = 1,
  WEFT_RUNNING = 2,
  WEFT_FINALIZING = 3, /* nobody attaches any more; those that are attached go on */
  WEFT_FINALIZED = 4,
};

/* 32-bit words that the host reads without calling. */
struct weft_words {
  _Atomic int32_t lifecycle; /* enum weft_lifecycle; notified at every change */
  _Atomic int32_t dropped;   /* not 0: weft_pool_drain() has work */
  _Atomic int32_t released;  /* grows whenever a host object of some realm was released */
  _Atomic int32_t world;     /* changes whenever a thread that could not attach at once may try again; notified */
};
struct weft_words *weft_python_words(void);

/* The module _weft_stress; see stress.c. */
PyObject *weft_stress_init(void);
/* Before Python is initialised: 0, or -1 without memory. */
int weft_module_install(void);

/* Called by the main thread before Python's code runs: see call_sites.c. Raises nothing. */
void weft_call_sites(void);

/* Called by the main thread. weft_finalize_begin() returns when no host thread is attached. */
void weft_lifecycle_set(enum weft_lifecycle state);
void weft_finalize_begin(void);

/* Attaches the calling host thread: 0, or the state that forbids it. Detaching keeps its thread
 * state. On a thread of CPython's own, which is attached already where it can call this, the
 * two are what Py_END_ALLOW_THREADS and Py_BEGIN_ALLOW_THREADS do. */
int weft_attach(void);
void weft_detach(void);
/* As weft_attach(), but instead of waiting for a stopped world it returns WEFT_ATTACH_BUSY. Only a thread's first
 * attach may still wait, when another thread stops the world just then. */
int weft_attach_now(void);
#define WEFT_ATTACH_BUSY (-2)
/* The same below a call that Python made: the thread must come back to it, so finalization waits for it
 * and coming back never fails. Attaching in between works as usual. */
void weft_suspend(void);
void weft_resume(void);
/* Attached, with no call into Python under way but those that Python code may be run in: tells CPython that
 * this thread holds on to no memory that others have freed. The eval loop does it between instructions;
 * a thread that only calls has to, or freed memory piles up, that of other threads too. */
void weft_quiescent(void);
/* Attached: a number for this stop of all threads, or 0 where they are not stopped. */
uint32_t weft_world_stop(void);
/* Before the thread ends or leaves for good: frees its thread state. Detached on return. */
void weft_leave(void);

/* Gives one reference away. Any thread, attached or not. */
void weft_pool_drop(PyObject *object);
/* Attached: releases what was given away. */
void weft_pool_drain(void);

/* A call for Python's main thread to make, or code for it to run; see serve.c for who owns what. */
typedef struct weft_job {
  struct weft_job *next;
  PyObject *callable, *arguments, *keywords; /* keywords may be null; all are where there is code */
  PyObject *result, *error;                  /* one of them after the job; none where statements have run */
  int cancelled;
  int has_value; /* the code is an expression */
  char *code;    /* UTF-8 */
  Py_ssize_t length;
} weft_job;
/* Attached. */
weft_job *weft_job_submit(PyObject *callable, PyObject *arguments, PyObject *keywords);
/* Any thread, attached or not: runs code as exec() and eval() do, with the globals of __main__. The job has `code`, from
 * malloc(), from now on. Null where there is no memory for the job: then `code` stays the caller's. */
weft_job *weft_job_submit_code(char *code, Py_ssize_t length, int has_value);
void weft_job_cancel(weft_job *job);
void weft_job_free(weft_job *job);
/* Ends the serving main thread after the jobs before. */
void weft_serve_end(int status);
/* The main thread's loop; returns the exit status. */
int weft_serve(void);
/* Wakes the loop, so that it drains the pool. */
void weft_serve_wake(void);

/* Whether a thread runs in this realm: a worker realm has none between two of them, and C code that needs a
 * stack or a thread must not be called then. */
int weft_thread_present(void);

/* A new object with `length` zeroed items: a block of memory with the buffer protocol. `format` is a character
 * of the struct module. Null with a pending exception. */
PyObject *weft_buffer_new(Py_ssize_t length, Py_ssize_t itemsize, int format);
/* The buffer that a memoryview holds, for as long as it lives unreleased. */
Py_buffer *weft_memoryview_buffer(PyObject *memoryview);

/* Starts a thread that runs `id` of the host's waiting entry points in its realm. 0 or errno. */
int weft_thread_spawn(int32_t id, size_t stack_size);
/* By a thread that stays for its realm's event loop: the last call but _emscripten_thread_exit(). */
void weft_thread_leave(void);

/* Set the pending exception from UTF-8 text. */
void weft_error_set(PyObject *type, const char *message, Py_ssize_t length);

/* Where the first thread state's address is, for observers. */
PyThreadState **weft_thread_states(void);

/* Of the layout (src/abi/layout.ts) that this module was compiled against. */
uint32_t weft_layout_hash(void);

/* The calling thread's realm. */
int32_t weft_this_realm(void);

/* Imports, in wasm/python-library.js. */
extern int32_t weft_host_realm(void);
/* 1: the thread stays for its realm's event loop. */
extern int32_t weft_host_thread(int32_t id);

#endif
