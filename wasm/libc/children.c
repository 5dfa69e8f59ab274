/* Waiting for child processes. There are none, and none can be started: every wait fails as it
 * does for a process without children, which callers of wait() are prepared for, whereas
 * "not implemented" would be news to them. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/wait.h>

/* What wait(), wait3(), wait4() and waitpid() come down to. */
int __syscall_wait4(int pid, intptr_t status, int options, int usage) {
  (void)pid;
  (void)status;
  (void)options;
  (void)usage;
  return -ECHILD;
}

int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
  (void)type;
  (void)id;
  (void)info;
  (void)options;
  errno = ECHILD;
  return -1;
}
