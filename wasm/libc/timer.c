/* alarm() and setitimer(ITIMER_REAL): the host realm keeps the time and delivers
 * SIGALRM as it does Control-C. The other timers would need somebody who watches the
 * processor time. */
#include "microseconds.h"
#include "weft_main.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* What was asked for last: written and read under the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t first_us;  /* when it fires first, on the monotonic clock; 0: never */
static int64_t period_us; /* 0: once */

static int64_t microseconds(const struct timeval *time) {
  return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static void remaining(struct itimerval *out) {
  int64_t left = 0;
  if (first_us != 0) {
    left = first_us - now_us();
    if (left <= 0 && period_us > 0) {
      left = period_us - (-left % period_us);
    }
  }
  out->it_value = timeval(left > 0 ? left : 0);
  out->it_interval = timeval(period_us);
}

int getitimer(int which, struct itimerval *current) {
  if (which != ITIMER_REAL) {
    errno = EINVAL;
    return -1;
  }
  pthread_mutex_lock(&lock);
  remaining(current);
  pthread_mutex_unlock(&lock);
  return 0;
}

int setitimer(int which, const struct itimerval *restrict new, struct itimerval *restrict old) {
  if (which != ITIMER_REAL || new->it_value.tv_usec < 0 || new->it_value.tv_usec >= 1000000 ||
      new->it_value.tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  pthread_mutex_lock(&lock);
  if (old) {
    remaining(old);
  }
  int64_t delay = microseconds(&new->it_value);
  first_us = delay > 0 ? now_us() + delay : 0;
  period_us = delay > 0 ? microseconds(&new->it_interval) : 0;
  /* Posted under the lock, so that the host hears of changes in their order. */
  weft_post_event(WEFT_EVENT_TIMER, (uintptr_t)((delay + 999) / 1000),
                  (uintptr_t)((period_us + 999) / 1000));
  pthread_mutex_unlock(&lock);
  return 0;
}

unsigned alarm(unsigned seconds) {
  struct itimerval new = {.it_value = {.tv_sec = seconds}}, old = {0};
  setitimer(ITIMER_REAL, &new, &old);
  return (unsigned)old.it_value.tv_sec + (old.it_value.tv_usec > 0);
}
