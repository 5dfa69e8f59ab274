/* Lines from a terminal, edited by the host. */
#include "weft_main.h"
#include "weft_wait.h"

#include <Python.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* Set by PyOS_Readline() before it calls us; declared in a header of the parser. */
extern PyThreadState *_PyOS_ReadlineTState;

/* CPython allows one PyOS_Readline() at a time. The reader writes `waiter` and
 * resets the rest before it posts the request; the host realm writes `line`,
 * `length` and last `replied`, under the lock; the reader reads them under it. A
 * reply to a request that was interrupted meanwhile is kept for the next one: the
 * user typed it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static weft_thread *waiter;
static bool requested;
static bool replied;
static char *line;
static size_t length;

void weft_readline_reply(const char *text, size_t text_length) {
  char *copy = NULL;
  if (text) {
    copy = PyMem_RawMalloc(text_length + 1);
    if (copy) {
      memcpy(copy, text, text_length);
      copy[text_length] = 0;
    }
  }
  pthread_mutex_lock(&lock);
  PyMem_RawFree(line);
  line = copy;
  length = copy ? text_length : 0;
  replied = true;
  requested = false;
  if (waiter) {
    weft_unpark(waiter);
  }
  pthread_mutex_unlock(&lock);
}

/* The question was dropped (Control-C): no reply to it will come. The signal follows,
 * so that the reader, when it wakes up, knows that it has to ask again. */
void weft_readline_cancel(void) {
  pthread_mutex_lock(&lock);
  requested = false;
  pthread_mutex_unlock(&lock);
}

/* Lets Python handle the signal; whether that raised an exception. Called without the
 * lock, detached: PyOS_Readline() gave its thread state up. */
static bool signal_raises(void) {
  PyEval_RestoreThread(_PyOS_ReadlineTState);
  bool raised = PyErr_CheckSignals() < 0;
  PyEval_SaveThread();
  return raised;
}

static char *weft_readline(FILE *in, FILE *out, const char *prompt) {
  (void)in;
  fflush(out);
  char *result = NULL;
  bool raised = false;
  pthread_mutex_lock(&lock);
  waiter = weft_self();
  while (!replied && !raised) {
    /* Again after an interrupted question, when the handler let us go on. */
    if (!requested) {
      requested = true;
      weft_post_event(WEFT_EVENT_READLINE, (uintptr_t)strdup(prompt ? prompt : ""), 0);
    }
    pthread_mutex_unlock(&lock);
    if (weft_park(WEFT_WAIT_READ, 0, -1) == WEFT_PARK_INTR) {
      raised = signal_raises();
    }
    pthread_mutex_lock(&lock);
  }
  waiter = NULL;
  if (replied && !raised) {
    result = line ? line : PyMem_RawCalloc(1, 1);
    line = NULL;
    replied = false;
  }
  pthread_mutex_unlock(&lock);
  weft_park_cancel();
  return result;
}

void weft_readline_install(void) { PyOS_ReadlineFunctionPointer = weft_readline; }
