/* The C library's sleeps, interruptible like every other wait. */
#include "weft_wait.h"

#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static int64_t nanoseconds(const struct timespec *time) {
  const int64_t longest = INT64_MAX / 1000000000 - 1;
  int64_t seconds = time->tv_sec < longest ? time->tv_sec : longest;
  return seconds * 1000000000 + time->tv_nsec;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
                    struct timespec *remaining) {
  if (request->tv_sec < 0 || request->tv_nsec < 0 || request->tv_nsec >= 1000000000) {
    return EINVAL;
  }
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) {
    return errno;
  }
  int64_t begin = nanoseconds(&now);
  int64_t length = nanoseconds(request) - (flags & TIMER_ABSTIME ? begin : 0);
  if (length <= 0) {
    return 0;
  }
  int error = weft_sleep(length);
  if (error == EINTR && remaining && !(flags & TIMER_ABSTIME)) {
    clock_gettime(clock, &now);
    int64_t left = length - (nanoseconds(&now) - begin);
    left = left > 0 ? left : 0;
    remaining->tv_sec = left / 1000000000;
    remaining->tv_nsec = left % 1000000000;
  }
  return error;
}

int nanosleep(const struct timespec *request, struct timespec *remaining) {
  int error = clock_nanosleep(CLOCK_MONOTONIC, 0, request, remaining);
  if (error != 0) {
    errno = error;
    return -1;
  }
  return 0;
}

int usleep(useconds_t microseconds) {
  struct timespec request = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
  return nanosleep(&request, NULL);
}

unsigned sleep(unsigned seconds) {
  struct timespec request = {seconds, 0}, remaining = {0, 0};
  return nanosleep(&request, &remaining) == 0 ? 0 : (unsigned)remaining.tv_sec;
}
