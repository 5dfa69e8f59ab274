/* What getpriority() comes down to: a system call of Linux's, which gives 20 less the priority. No host lets a guest change its own, so
 * it is the usual one, 0. The C library says the highest number there is. */
int __syscall_getpriority(int which, int who) {
  (void)which;
  (void)who;
  return 20;
}
