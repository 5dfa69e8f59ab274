#include <sys/ioctl.h>
#include <termios.h>

#include "check.h"
#include "host-posix.h"

static _Atomic(weft_thread *) reader;

static void *read_line(void *argument) {
  char *buffer = argument;
  atomic_store(&reader, weft_self());
  return (void *)weft_sys_read(0, buffer, 64);
}

static void start_reader(pthread_t *thread, char *buffer) {
  weft_thread *self;
  atomic_store(&reader, NULL);
  pthread_create(thread, NULL, read_line, buffer);
  while (!(self = atomic_load(&reader)) || self->wait_kind == WEFT_WAIT_NONE) {
    sched_yield();
  }
}

static void input(void) {
  char buffer[64];
  pthread_t thread;
  void *result;
  int requests = host_requests;
  start_reader(&thread, buffer);
  EQUAL(host_requests, requests + 1);
  struct stat st;
  EQUAL(weft_sys_fstat(0, &st), 0); /* nobody is kept waiting by the reader */
  EQUAL(weft_stdin_push("line\nrest", 9), 9);
  pthread_join(thread, &result);
  EQUAL((intptr_t)result, 9);
  start_reader(&thread, buffer);
  weft_interrupt(reader);
  pthread_join(thread, &result);
  EQUAL((intptr_t)result, -EINTR);
  EQUAL(weft_sys_fcntl(0, F_SETFL, O_NONBLOCK), 0);
  EQUAL(weft_sys_read(0, buffer, 1), -EAGAIN);
  EQUAL(weft_sys_fcntl(0, F_SETFL, 0), 0);
  weft_stdin_eof();
  EQUAL(weft_sys_read(0, buffer, 1), 0);
  static char big[70000];
  EQUAL(weft_stdin_push(big, sizeof big), 65536);
  EQUAL(weft_stdin_space(), 0);
  EQUAL(weft_stdin_push(big, 1), 0);
  EQUAL(weft_sys_read(0, big, sizeof big), 65536);
  struct pollfd set = {0, POLLIN, 0};
  EQUAL(weft_sys_poll(&set, 1, 0), 0);
  start_reader(&thread, buffer);
  weft_stdin_close();
  pthread_join(thread, &result);
  EQUAL((intptr_t)result, 0);
  EQUAL(weft_sys_poll(&set, 1, -1), 1);
  EQUAL(weft_sys_read(0, buffer, 1), 0);
}

static void *write_lines(void *argument) {
  char line[64];
  for (int i = 0; i < 200; i++) {
    int length = snprintf(line, sizeof line, "<%d:%d:some text to be cut in pieces>\n",
                          (int)(intptr_t)argument, i);
    EQUAL(weft_sys_write(1, line, (size_t)length), length);
  }
  return NULL;
}

static void output(void) {
  pthread_t threads[4];
  static char all[1 << 20];
  check_spawn(threads, 4, write_lines);
  check_join(threads, 4);
  size_t size = host_output(all, sizeof all - 1);
  int next[4] = {0}, lines = 0;
  for (char *at = all; at < all + size; lines++) {
    int thread, number, used = 0;
    if (sscanf(at, "<%d:%d:some text to be cut in pieces>%n", &thread, &number, &used) != 2 ||
        used == 0 || at[used] != '\n') {
      CHECK(!"a line was torn");
      return;
    }
    EQUAL(number, next[thread]++);
    at += used + 1;
  }
  EQUAL(lines, 800);
}

static void kinds(void) {
  struct stat st;
  char buffer[64];
  EQUAL(weft_sys_fstat(1, &st), 0);
  CHECK(S_ISFIFO(st.st_mode));
  EQUAL(weft_sys_isatty(1), 0);
  EQUAL(weft_stdio_configure(2, WEFT_STDIO_NONE), 0);
  EQUAL(weft_sys_fstat(2, &st), -EBADF);
  EQUAL(weft_stdio_configure(2, WEFT_STDIO_PIPE), 0);
  EQUAL(weft_stdio_configure(0, WEFT_STDIO_FILE), 0);
  EQUAL(weft_sys_fstat(0, &st), 0);
  CHECK(S_ISREG(st.st_mode));
  EQUAL(weft_sys_read(0, buffer, 11), 11);
  EQUAL(weft_sys_read(0, buffer, 64), 12);
  EQUAL(weft_sys_read(0, buffer, 64), 0);
  EQUAL(weft_sys_lseek(0, 6, SEEK_SET), 6);
  EQUAL(weft_sys_read(0, buffer, 4), 4);
  CHECK(memcmp(buffer, "line", 4) == 0);
  EQUAL(weft_stdio_configure(0, WEFT_STDIO_TTY), 0);
  EQUAL(weft_sys_isatty(0), 1);
  weft_tty_set_size(50, 132);
  struct winsize window;
  EQUAL(weft_sys_ioctl(0, TIOCGWINSZ, &window), 0);
  CHECK(window.ws_row == 50 && window.ws_col == 132);
  EQUAL(weft_sys_ioctl(1, TIOCGWINSZ, &window), -ENOTTY);
  struct termios state;
  memset(&state, 0, sizeof state);
  EQUAL(weft_sys_ioctl(0, TCGETS, &state), 0);
  CHECK(state.c_lflag & ECHO);
  state.c_lflag &= ~(tcflag_t)ECHO;
  EQUAL(weft_sys_ioctl(0, TCSETS, &state), 0);
  EQUAL(host_tty_mode, 2);
  int fd = weft_sys_open(AT, "/dev/tty", O_RDWR, 0);
  EQUAL(weft_sys_isatty(fd), 1);
  struct stat named;
  EQUAL(weft_sys_fstat(0, &st), 0);
  EQUAL(weft_sys_stat(AT, "/dev/tty", &named, 0), 0);
  CHECK(st.st_ino == named.st_ino && st.st_dev == named.st_dev);
  EQUAL(weft_sys_readlink(AT, "/proc/self/fd/0", buffer, 64), 8);
  weft_sys_close(fd);
}

CHECK_MAIN("stdio", {"input", input}, {"output", output}, {"kinds", kinds})
