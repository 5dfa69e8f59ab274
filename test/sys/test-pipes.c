#include "check.h"

static _Atomic(weft_thread *) blocked;

static void *blocking_read(void *argument) {
  char buffer[16];
  atomic_store(&blocked, weft_self());
  return (void *)weft_sys_read((int)(intptr_t)argument, buffer, sizeof buffer);
}

/* Until the thread really waits. */
static weft_thread *wait_until_blocked(void) {
  weft_thread *thread;
  while (!(thread = atomic_load(&blocked)) || thread->wait_kind == WEFT_WAIT_NONE) {
    sched_yield();
  }
  atomic_store(&blocked, NULL);
  return thread;
}

static void basics(void) {
  int fds[2];
  char buffer[128];
  EQUAL(weft_sys_pipe(fds, 0), 0);
  EQUAL(weft_sys_write(fds[1], "hello", 5), 5);
  EQUAL(weft_sys_read(fds[0], buffer, 3), 3);
  EQUAL(weft_sys_read(fds[0], buffer, 10), 2);
  EQUAL(weft_sys_read(fds[1], buffer, 1), -EBADF);
  EQUAL(weft_sys_lseek(fds[0], 0, SEEK_SET), -ESPIPE);
  EQUAL(weft_sys_preadv(fds[0], &(struct iovec){buffer, 1}, 1, 0), -ESPIPE);
  EQUAL(weft_sys_fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  EQUAL(weft_sys_read(fds[0], buffer, 1), -EAGAIN);
  EQUAL(weft_sys_close(fds[1]), 0);
  EQUAL(weft_sys_read(fds[0], buffer, 1), 0);
  EQUAL(weft_sys_close(fds[0]), 0);
  EQUAL(weft_sys_pipe(fds, O_NONBLOCK), 0);
  static char big[100000];
  EQUAL(weft_sys_write(fds[1], big, sizeof big), 65536);
  EQUAL(weft_sys_write(fds[1], big, 1), -EAGAIN);
  EQUAL(weft_sys_read(fds[0], big, 100), 100);
  EQUAL(weft_sys_write(fds[1], big, 101), -EAGAIN); /* all or nothing up to PIPE_BUF */
  EQUAL(weft_sys_write(fds[1], big, 100), 100);
  weft_sys_close(fds[0]);
  EQUAL(weft_sys_write(fds[1], big, 1), -EPIPE);
  weft_sys_close(fds[1]);
}

static void polling(void) {
  int fds[2];
  EQUAL(weft_sys_pipe(fds, 0), 0);
  struct pollfd set[3] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}, {-1, POLLIN, 9}};
  EQUAL(weft_sys_poll(set, 3, 0), 1);
  CHECK(set[0].revents == 0 && set[1].revents == POLLOUT && set[2].revents == 0);
  EQUAL(weft_sys_poll(set, 1, 5000000), 0);
  weft_sys_write(fds[1], "x", 1);
  EQUAL(weft_sys_poll(set, 1, -1), 1);
  EQUAL(set[0].revents, POLLIN);
  fd_set reads;
  FD_ZERO(&reads);
  FD_SET(fds[0], &reads);
  EQUAL(weft_sys_select(fds[0] + 1, &reads, NULL, NULL, -1), 1);
  FD_SET(77, &reads);
  EQUAL(weft_sys_select(78, &reads, NULL, NULL, 0), -EBADF);
  set[0].fd = 77;
  EQUAL(weft_sys_poll(set, 1, -1), 1);
  EQUAL(set[0].revents, POLLNVAL);
  weft_sys_close(fds[1]);
  char byte;
  EQUAL(weft_sys_read(fds[0], &byte, 1), 1);
  set[0].fd = fds[0];
  EQUAL(weft_sys_poll(set, 1, -1), 1);
  EQUAL(set[0].revents, POLLHUP);
  weft_sys_close(fds[0]);
  EQUAL(weft_sys_poll(NULL, 0, 1000000), 0);
}

static void *fifo_reader(void *argument) {
  (void)argument;
  int fd = weft_sys_open(AT, "/fifo", O_RDONLY, 0);
  CHECK(fd >= 0);
  char buffer[16];
  int total = 0;
  ssize_t got;
  while ((got = weft_sys_read(fd, buffer, sizeof buffer)) > 0) {
    total += (int)got;
  }
  weft_sys_close(fd);
  return (void *)(intptr_t)total;
}

static void fifos(void) {
  EQUAL(weft_sys_mknod(AT, "/fifo", S_IFIFO | 0600, 0), 0);
  EQUAL(weft_sys_open(AT, "/fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO);
  int fd = weft_sys_open(AT, "/fifo", O_RDONLY | O_NONBLOCK, 0);
  CHECK(fd >= 0);
  weft_sys_close(fd);
  for (int i = 0; i < 200; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, fifo_reader, NULL);
    fd = weft_sys_open(AT, "/fifo", O_WRONLY, 0);
    CHECK(fd >= 0);
    EQUAL(weft_sys_write(fd, "abc", 3), 3);
    weft_sys_close(fd);
    void *total;
    pthread_join(thread, &total);
    EQUAL((intptr_t)total, 3);
  }
  EQUAL(weft_sys_unlink(AT, "/fifo", 0), 0);
}

static void closing_while_blocked(void) {
  for (int i = 0; i < 200; i++) {
    int fds[2];
    weft_sys_pipe(fds, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, blocking_read, (void *)(intptr_t)fds[0]);
    wait_until_blocked();
    struct stat st;
    EQUAL(weft_sys_fstat(fds[0], &st), 0);
    EQUAL(weft_sys_close(fds[0]), 0); /* the read goes on: its description lives */
    EQUAL(weft_sys_write(fds[1], "late", 4), 4);
    void *result;
    if (i % 2) {
      weft_sys_close(fds[1]);
    }
    pthread_join(thread, &result);
    EQUAL((intptr_t)result, 4);
    if (i % 2 == 0) {
      weft_sys_close(fds[1]);
    }
  }
}

static void interrupts(void) {
  int fds[2];
  weft_sys_pipe(fds, 0);
  for (int i = 0; i < 500; i++) {
    pthread_t thread;
    pthread_create(&thread, NULL, blocking_read, (void *)(intptr_t)fds[0]);
    weft_thread *record;
    while (!(record = atomic_load(&blocked))) {
      sched_yield();
    }
    if (i % 2) {
      wait_until_blocked();
    }
    atomic_store(&blocked, NULL);
    weft_interrupt(record); /* before, while or just as it starts to wait */
    void *result;
    pthread_join(thread, &result);
    EQUAL((intptr_t)result, -EINTR);
  }
  /* An interrupted reader leaves the pipe as it was. */
  char byte;
  EQUAL(weft_sys_write(fds[1], "y", 1), 1);
  EQUAL(weft_sys_read(fds[0], &byte, 1), 1);
  weft_sys_close(fds[0]);
  weft_sys_close(fds[1]);
}

/* Many writers of records of one writer's number and a running count, many readers:
 * no byte is lost or doubled, records up to PIPE_BUF stay whole, and any one reader
 * sees one writer's records in order. */
enum { WRITERS = 4, READERS = 3, RECORDS = 4000 };
static int storm[2];
static uint8_t seen[WRITERS][RECORDS];

static void *storm_writer(void *argument) {
  uint32_t seed = (uint32_t)(intptr_t)argument + 99;
  for (uint32_t i = 0; i < RECORDS; i++) {
    uint32_t record[16] = {(uint32_t)(intptr_t)argument, i};
    for (int k = 2; k < 16; k++) {
      record[k] = i * 31 + (uint32_t)(intptr_t)argument;
    }
    struct iovec parts[2] = {{record, 20}, {record + 5, sizeof record - 20}};
    EQUAL(weft_sys_writev(storm[1], parts, 2), sizeof record);
    if (check_random(&seed) % 64 == 0) {
      sched_yield();
    }
  }
  return NULL;
}

static void *storm_reader(void *argument) {
  (void)argument;
  int64_t last[WRITERS] = {-1, -1, -1, -1};
  uint32_t record[16];
  ssize_t got;
  while ((got = weft_sys_read(storm[0], record, sizeof record)) > 0) {
    EQUAL(got, sizeof record);
    CHECK(record[0] < WRITERS && record[1] < RECORDS);
    CHECK(record[15] == record[1] * 31 + record[0] && record[2] == record[15]);
    CHECK(last[record[0]] < (int64_t)record[1]);
    last[record[0]] = record[1];
    __atomic_fetch_add(&seen[record[0]][record[1]], 1, __ATOMIC_RELAXED);
  }
  EQUAL(got, 0);
  return NULL;
}

static void storms(void) {
  pthread_t readers[READERS], writers[WRITERS];
  weft_sys_pipe(storm, 0);
  check_spawn(readers, READERS, storm_reader);
  check_spawn(writers, WRITERS, storm_writer);
  check_join(writers, WRITERS);
  weft_sys_close(storm[1]);
  check_join(readers, READERS);
  weft_sys_close(storm[0]);
  int wrong = 0;
  for (int w = 0; w < WRITERS; w++) {
    for (int i = 0; i < RECORDS; i++) {
      wrong += seen[w][i] != 1;
    }
  }
  EQUAL(wrong, 0);
}

/* A thread that polls both pipes and interrupts that hit it at any moment. */
static int ping[2], pong[2];
static _Atomic(weft_thread *) poller;
static _Atomic int interrupted;

static void *poll_echo(void *argument) {
  (void)argument;
  atomic_store(&poller, weft_self());
  char byte;
  for (;;) {
    struct pollfd set[2] = {{ping[0], POLLIN, 0}, {pong[0], 0, 0}};
    int ready = weft_sys_poll(set, 2, -1);
    if (ready == -EINTR) {
      CHECK(weft_interrupt_take() == 1); /* it stays until somebody takes note */
      atomic_fetch_add(&interrupted, 1);
      continue;
    }
    EQUAL(ready, 1);
    if (weft_sys_read(ping[0], &byte, 1) <= 0) {
      return NULL;
    }
    while (weft_sys_write(pong[1], &byte, 1) == -EINTR) {
    }
  }
}

static void poll_storm(void) {
  pthread_t thread;
  weft_sys_pipe(ping, O_NONBLOCK);
  weft_sys_pipe(pong, 0);
  pthread_create(&thread, NULL, poll_echo, NULL);
  while (!atomic_load(&poller)) {
    sched_yield();
  }
  for (int i = 0; i < 5000; i++) {
    char byte = (char)i, back = 0;
    if (i % 3 == 0) {
      weft_interrupt(poller);
    }
    EQUAL(weft_sys_write(ping[1], &byte, 1), 1);
    EQUAL(weft_sys_read(pong[0], &back, 1), 1);
    EQUAL(back, byte);
  }
  weft_sys_close(ping[1]);
  pthread_join(thread, NULL);
  weft_sys_close(ping[0]);
  weft_sys_close(pong[0]);
  weft_sys_close(pong[1]);
}

CHECK_MAIN("pipes", {"basics", basics}, {"polling", polling}, {"fifos", fifos},
           {"closing_while_blocked", closing_while_blocked}, {"interrupts", interrupts},
           {"storms", storms}, {"poll_storm", poll_storm})
