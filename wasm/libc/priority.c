/* What getpriority() comes down to: a system call of Linux's, which gives 20 less the priority. No host lets a guest change its own, so
 * it is the usual one, 0. Emscripten's gives 0 here, of which the C library makes 20. */
int __syscall_getpriority(int which, int who) {
  (void)which;
  (void)who;
  return 20;
}
