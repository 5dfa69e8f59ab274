/* Signals from the host and from the program to itself. A handler runs at once, on
 * the thread that sends the signal: CPython's only marks it for its main thread. */
#include "weft_main.h"
#include "weft_thread.h"

#define Py_BUILD_CORE 1
#include <Python.h>
#include <errno.h>
#include <internal/pycore_runtime.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>
#include <wasi/api.h>

int weft_main_signal(int number) {
  struct sigaction action;
  if (sigaction(number, NULL, &action) != 0 || action.sa_handler == SIG_DFL) {
    return 0;
  }
  if (action.sa_handler == SIG_IGN) {
    return 1;
  }
  action.sa_handler(number);
  return 2;
}

int weft_main_signal_pending(void) {
  return __atomic_load_n(&_PyRuntime.signals.is_tripped, __ATOMIC_SEQ_CST) != 0;
}

static int ends_by_default(int number) {
  switch (number) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return 0;
    default:
      return 1;
  }
}

static int deliver(int number) {
  if (number < 0 || number >= _NSIG) {
    errno = EINVAL;
    return -1;
  }
  if (number != 0 && weft_main_signal(number) == 0 && ends_by_default(number)) {
    __wasi_proc_exit(128 + number);
  }
  return 0;
}

int raise(int number) { return deliver(number); }

int kill(pid_t pid, int number) {
  if (pid == getpid() || pid == 0 || pid == -getpid()) {
    return deliver(number);
  }
  errno = ESRCH;
  return -1;
}

int killpg(pid_t group, int number) { return kill(-group, number); }

int pthread_kill(pthread_t thread, int number) {
  if (number < 0 || number >= _NSIG) {
    return EINVAL;
  }
  weft_thread *threads = weft_threads();
  for (int i = 0; i < WEFT_MAX_THREADS; i++) {
    if (atomic_load(&threads[i].in_use) &&
        atomic_load(&threads[i].tid) == (uint32_t)(uintptr_t)thread) {
      int result = deliver(number) == 0 ? 0 : errno;
      /* The call that the thread waits in fails with EINTR, as elsewhere. */
      if (number != 0) {
        weft_interrupt(&threads[i]);
      }
      return result;
    }
  }
  return ESRCH;
}
