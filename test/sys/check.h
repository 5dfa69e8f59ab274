/* A test program is a table of named functions, each with a deadline after which the
 * program says where it was and what every waiting thread waited for, and aborts. */
#ifndef WEFT_TEST_CHECK_H
#define WEFT_TEST_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "weft_sys.h"
#include "weft_wait.h"

static _Atomic int check_failed;
static const char *check_test = "";

#define CHECK(condition)                                                                    \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      fprintf(stderr, "%s:%d: in %s: %s\n", __FILE__, __LINE__, check_test, #condition);    \
      atomic_fetch_add(&check_failed, 1);                                                   \
    }                                                                                       \
  } while (0)

/* Compares as numbers and shows both. */
#define EQUAL(actual, expected)                                                             \
  do {                                                                                      \
    long long a_ = (long long)(actual), e_ = (long long)(expected);                         \
    if (a_ != e_) {                                                                         \
      fprintf(stderr, "%s:%d: in %s: %s is %lld, not %lld\n", __FILE__, __LINE__, check_test, \
              #actual, a_, e_);                                                             \
      atomic_fetch_add(&check_failed, 1);                                                   \
    }                                                                                       \
  } while (0)

extern weft_thread *weft_threads(void);

static inline void check_deadline(int signal) {
  (void)signal;
  fprintf(stderr, "deadline passed in %s\n", check_test);
  for (int i = 0; i < 64; i++) {
    weft_thread *thread = &weft_threads()[i];
    if (thread->in_use) {
      fprintf(stderr, "  thread %d: word %u, waits for %u on %x\n", i, thread->word,
              thread->wait_kind, thread->wait_object);
    }
  }
  abort();
}

typedef struct check_case {
  const char *name;
  void (*run)(void);
} check_case;

static inline int check_main(const char *program, const check_case *cases, size_t count) {
  int passed = 0, failed = 0;
  signal(SIGALRM, check_deadline);
  for (size_t i = 0; i < count; i++) {
    check_failed = 0;
    check_test = cases[i].name;
    alarm(40);
    cases[i].run();
    alarm(0);
    *(check_failed ? &failed : &passed) += 1;
  }
  printf("%s: %d passed, %d failed\n", program, passed, failed);
  return failed != 0;
}

#define CHECK_MAIN(program, ...)                                              \
  int main(void) {                                                            \
    static const check_case cases[] = {__VA_ARGS__};                          \
    return check_main(program, cases, sizeof cases / sizeof *cases);          \
  }

static inline void check_spawn(pthread_t *threads, int count, void *(*run)(void *)) {
  for (int i = 0; i < count; i++) {
    CHECK(pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i) == 0);
  }
}

static inline void check_join(pthread_t *threads, int count) {
  for (int i = 0; i < count; i++) {
    pthread_join(threads[i], NULL);
  }
}

/* xorshift: the same sequence on every run, per seed. */
static inline uint32_t check_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

#define AT AT_FDCWD

#endif
