/* Times in microseconds, as timers and processor time are counted. */
#ifndef WEFT_MICROSECONDS_H
#define WEFT_MICROSECONDS_H

#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* On the monotonic clock. */
static inline int64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static inline struct timeval timeval(int64_t us) {
  return (struct timeval){us / 1000000, us % 1000000};
}

#endif
