#include "check.h"

static void lowest(void) {
  int fds[2];
  EQUAL(weft_sys_pipe(fds, O_CLOEXEC), 0);
  EQUAL(fds[0], 3);
  EQUAL(fds[1], 4);
  EQUAL(weft_sys_fcntl(3, F_GETFD, 0), FD_CLOEXEC);
  EQUAL(weft_sys_dup(4), 5);
  EQUAL(weft_sys_fcntl(5, F_GETFD, 0), 0);
  EQUAL(weft_sys_close(4), 0);
  EQUAL(weft_sys_dup(3), 4);
  EQUAL(weft_sys_fcntl(3, F_DUPFD, 10), 10);
  EQUAL(weft_sys_fcntl(3, F_DUPFD_CLOEXEC, 10), 11);
  EQUAL(weft_sys_fcntl(11, F_GETFD, 0), FD_CLOEXEC);
  EQUAL(weft_sys_fcntl(3, F_DUPFD, 5000), -EINVAL);
  EQUAL(weft_sys_dup3(3, 3, 0), -EINVAL);
  EQUAL(weft_sys_dup3(3, 5000, 0), -EBADF);
  EQUAL(weft_sys_dup3(99, 5, 0), -EBADF);
  EQUAL(weft_sys_dup3(3, 20, O_CLOEXEC), 20);
  EQUAL(weft_sys_fcntl(3, F_GETFL, 0), O_RDONLY);
  EQUAL(weft_sys_fcntl(3, F_SETFL, O_NONBLOCK | O_RDWR), 0);
  EQUAL(weft_sys_fcntl(20, F_GETFL, 0), O_RDONLY | O_NONBLOCK); /* shared by duplicates */
  for (int fd = 3; fd <= 20; fd++) {
    weft_sys_close(fd);
  }
  EQUAL(weft_sys_close(3), -EBADF);
  EQUAL(weft_sys_close(-1), -EBADF);
}

static void exhaustion(void) {
  int last = -1, fd;
  while ((fd = weft_sys_open(AT, "/dev/null", O_RDONLY, 0)) >= 0) {
    last = fd;
  }
  EQUAL(fd, -EMFILE);
  EQUAL(last, 4095);
  int fds[2];
  EQUAL(weft_sys_close(100), 0);
  EQUAL(weft_sys_pipe(fds, 0), -EMFILE); /* one is not enough, and is given back */
  EQUAL(weft_sys_dup(0), 100);
  for (fd = 3; fd < 4096; fd++) {
    EQUAL(weft_sys_close(fd), 0);
  }
}

static void locks(void) {
  int a = weft_sys_open(AT, "/lock", O_RDWR | O_CREAT, 0644);
  int b = weft_sys_open(AT, "/lock", O_RDWR, 0);
  int c = weft_sys_dup(a);
  EQUAL(weft_sys_flock(a, LOCK_SH), 0);
  EQUAL(weft_sys_flock(b, LOCK_SH), 0);
  EQUAL(weft_sys_flock(b, LOCK_EX | LOCK_NB), -EAGAIN);
  EQUAL(weft_sys_flock(b, LOCK_UN), 0);
  EQUAL(weft_sys_flock(a, LOCK_EX), 0);
  EQUAL(weft_sys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN);
  weft_sys_close(a);
  EQUAL(weft_sys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN); /* its duplicate still holds it */
  weft_sys_close(c);
  EQUAL(weft_sys_flock(b, LOCK_EX | LOCK_NB), 0);
  struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  EQUAL(weft_sys_fcntl(b, F_SETLK, (uintptr_t)&range), 0);
  EQUAL(weft_sys_fcntl(b, F_GETLK, (uintptr_t)&range), 0);
  EQUAL(range.l_type, F_UNLCK);
  weft_sys_close(b);
}

static _Atomic int inside, rounds;

static void *lock_worker(void *argument) {
  (void)argument;
  int fd = weft_sys_open(AT, "/lock", O_RDWR, 0);
  for (int i = 0; i < 300; i++) {
    EQUAL(weft_sys_flock(fd, LOCK_EX), 0);
    EQUAL(atomic_fetch_add(&inside, 1), 0);
    atomic_fetch_add(&rounds, 1);
    atomic_fetch_sub(&inside, 1);
    EQUAL(weft_sys_flock(fd, LOCK_UN), 0);
  }
  weft_sys_close(fd);
  return NULL;
}

static void lock_storm(void) {
  pthread_t threads[4];
  check_spawn(threads, 4, lock_worker);
  check_join(threads, 4);
  EQUAL(rounds, 1200);
}

/* A descriptor that is replaced again and again is never seen free, and every byte
 * that is written through it arrives in one of the two pipes. */
static int shared_fd;
static _Atomic int written;

static void *writer(void *argument) {
  (void)argument;
  for (int i = 0; i < 3000; i++) {
    EQUAL(weft_sys_write(shared_fd, "x", 1), 1);
    atomic_fetch_add(&written, 1);
  }
  return NULL;
}

static int drained[2];
static int read_ends[2];

static void *drain(void *argument) {
  int which = (int)(intptr_t)argument;
  char buffer[256];
  ssize_t got;
  while ((got = weft_sys_read(read_ends[which], buffer, sizeof buffer)) > 0) {
    drained[which] += (int)got;
  }
  EQUAL(got, 0);
  return NULL;
}

static void replacement(void) {
  int first[2], second[2];
  pthread_t writers[3], drains[2];
  weft_sys_pipe(first, 0);
  weft_sys_pipe(second, 0);
  read_ends[0] = first[0];
  read_ends[1] = second[0];
  shared_fd = weft_sys_dup(first[1]);
  check_spawn(drains, 2, drain);
  check_spawn(writers, 3, writer);
  for (int i = 0; i < 5000; i++) {
    EQUAL(weft_sys_dup3(i % 2 ? first[1] : second[1], shared_fd, 0), shared_fd);
  }
  check_join(writers, 3);
  weft_sys_close(first[1]);
  weft_sys_close(second[1]);
  weft_sys_close(shared_fd);
  check_join(drains, 2);
  EQUAL(drained[0] + drained[1], written);
  weft_sys_close(first[0]);
  weft_sys_close(second[0]);
}

/* Descriptions that nobody but the table holds, replaced under other threads' hands:
 * each call keeps the one it found alive until it is done. */
static _Atomic int done;

static void *use(void *argument) {
  (void)argument;
  char byte;
  struct stat st;
  while (!done) {
    EQUAL(weft_sys_preadv(shared_fd, &(struct iovec){&byte, 1}, 1, 0), 1);
    EQUAL(weft_sys_fstat(shared_fd, &st), 0);
    EQUAL(weft_sys_close(weft_sys_dup(shared_fd)), 0);
  }
  return NULL;
}

static void use_while_closed(void) {
  EQUAL(weft_sys_write_file("/lock", "0", 1, 0644), 0);
  shared_fd = weft_sys_open(AT, "/lock", O_RDWR, 0);
  pthread_t threads[3];
  check_spawn(threads, 3, use);
  for (int i = 0; i < 30000; i++) {
    int fresh = weft_sys_open(AT, "/lock", O_RDWR, 0);
    EQUAL(weft_sys_dup3(fresh, shared_fd, 0), shared_fd);
    weft_sys_close(fresh);
  }
  done = 1;
  check_join(threads, 3);
  weft_sys_close(shared_fd);
}

static void *open_close(void *argument) {
  uint32_t seed = (uint32_t)(intptr_t)argument * 77 + 1;
  for (int i = 0; i < 2000; i++) {
    int fd = weft_sys_open(AT, "/lock", O_RDWR, 0);
    CHECK(fd >= 3);
    int other = weft_sys_dup(fd);
    CHECK(other >= 3 && other != fd);
    char byte = 0;
    if (check_random(&seed) & 1) {
      EQUAL(weft_sys_pwritev(fd, &(struct iovec){&byte, 1}, 1, 0), 1);
    }
    EQUAL(weft_sys_close(fd), 0);
    EQUAL(weft_sys_preadv(other, &(struct iovec){&byte, 1}, 1, 0), 1);
    EQUAL(weft_sys_close(other), 0);
  }
  return NULL;
}

static void open_storm(void) {
  EQUAL(weft_sys_write_file("/lock", "0", 1, 0644), 0);
  pthread_t threads[4];
  check_spawn(threads, 4, open_close);
  check_join(threads, 4);
  int fd = weft_sys_dup(0);
  EQUAL(fd, 3); /* nothing leaked */
  weft_sys_close(fd);
}

CHECK_MAIN("fds", {"lowest", lowest}, {"exhaustion", exhaustion}, {"locks", locks},
           {"lock_storm", lock_storm}, {"replacement", replacement},
           {"use_while_closed", use_while_closed}, {"open_storm", open_storm})
