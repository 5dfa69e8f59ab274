/* Python's main thread as a host's library uses it: it waits, detached, for jobs and makes their
 * calls one after the other.
 *
 * A job belongs to the queue from weft_job_submit() or weft_job_submit_code() until its event is posted, then to the host
 * realm, which calls weft_job_free(). `lock` guards the queue, `current` and `cancelled`. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "weft_interrupt.h"
#include "weft_main.h"
#include "weft_python.h"
#include "weft_thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static weft_job *first, **last = &first, *current;
static int ending, end_status;
static _Atomic(weft_thread *) server;

void weft_serve_wake(void) {
  weft_thread *thread = atomic_load(&server);
  if (thread) {
    weft_unpark(thread);
  }
}

static void submit(weft_job *job) {
  pthread_mutex_lock(&lock);
  *last = job;
  last = &job->next;
  pthread_mutex_unlock(&lock);
  weft_serve_wake();
}

weft_job *weft_job_submit(PyObject *callable, PyObject *arguments, PyObject *keywords) {
  weft_job *job = calloc(1, sizeof *job);
  if (!job) {
    return NULL;
  }
  job->callable = Py_NewRef(callable);
  job->arguments = Py_NewRef(arguments);
  job->keywords = Py_XNewRef(keywords);
  submit(job);
  return job;
}

weft_job *weft_job_submit_code(char *code, Py_ssize_t length, int has_value) {
  weft_job *job = calloc(1, sizeof *job);
  if (!job) {
    return NULL;
  }
  job->code = code;
  job->length = length;
  job->has_value = has_value;
  submit(job);
  return job;
}

void weft_job_cancel(weft_job *job) {
  pthread_mutex_lock(&lock);
  job->cancelled = 1;
  if (job == current) {
    /* As Control-C does: KeyboardInterrupt in Python code and in every wait. */
    weft_main_signal(SIGINT);
  }
  pthread_mutex_unlock(&lock);
}

void weft_interrupt_ignored(void) {
  if (atomic_load(&server) != weft_self()) {
    return;
  }
  pthread_mutex_lock(&lock);
  if (current && current->cancelled) {
    weft_main_signal(SIGINT);
  }
  pthread_mutex_unlock(&lock);
}

void weft_job_free(weft_job *job) {
  PyObject *const references[] = {job->callable, job->arguments, job->keywords, job->result, job->error};
  for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
    if (references[i]) {
      weft_pool_drop(references[i]);
    }
  }
  free(job->code);
  free(job);
}

void weft_serve_end(int status) {
  pthread_mutex_lock(&lock);
  ending = 1;
  end_status = status;
  pthread_mutex_unlock(&lock);
  weft_serve_wake();
}

/* Detached. Null when the thread shall look after its other duties. */
static weft_job *take(int *end) {
  pthread_mutex_lock(&lock);
  weft_job *job = first;
  if (job) {
    first = job->next;
    if (!first) {
      last = &first;
    }
    current = job;
  }
  *end = !job && ending;
  pthread_mutex_unlock(&lock);
  return job;
}

/* What exec() or eval() give. */
static PyObject *run_code(const weft_job *job) {
  PyObject *result = NULL;
  PyObject *main_module = PyImport_AddModuleRef("__main__");
  PyObject *builtins = main_module ? PyImport_ImportModule("builtins") : NULL;
  PyObject *function = builtins ? PyObject_GetAttrString(builtins, job->has_value ? "eval" : "exec") : NULL;
  PyObject *text = function ? PyUnicode_FromStringAndSize(job->code, job->length) : NULL;
  if (text) {
    result = PyObject_CallFunctionObjArgs(function, text, PyModule_GetDict(main_module), NULL);
  }
  Py_XDECREF(text);
  Py_XDECREF(function);
  Py_XDECREF(builtins);
  Py_XDECREF(main_module);
  return result;
}

static void run(weft_job *job) {
  PyObject *result = NULL;
  if (job->cancelled) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
  } else if (job->code) {
    result = run_code(job);
  } else {
    result = PyObject_Call(job->callable, job->arguments, job->keywords);
  }
  pthread_mutex_lock(&lock);
  current = NULL;
  pthread_mutex_unlock(&lock);
  if (!result) {
    job->error = PyErr_GetRaisedException();
  } else if (job->code && !job->has_value) {
    /* Whoever reads it would have to attach for None. */
    Py_DECREF(result);
  } else {
    job->result = result;
  }
  /* A cancellation that came after the last look at signals must not meet the next job. */
  if (PyErr_CheckSignals() != 0) {
    PyErr_Clear();
  }
  weft_post_event(WEFT_EVENT_JOB, (uintptr_t)job, 0);
}

int weft_serve(void) {
  atomic_store(&server, weft_self());
  for (;;) {
    int end;
    weft_job *job;
    PyThreadState *state = PyEval_SaveThread();
    while (!(job = take(&end)) && !end && !atomic_load(&weft_python_words()->dropped)) {
      if (weft_park(WEFT_WAIT_HOST, 0, -1) == WEFT_PARK_INTR) {
        break;
      }
    }
    PyEval_RestoreThread(state);
    weft_pool_drain();
    if (job) {
      run(job);
    } else if (end) {
      return end_status;
    } else if (PyErr_CheckSignals() != 0) {
      /* Nothing runs that an interrupt could end. */
      PyErr_Clear();
    }
  }
}
