/* clock_gettime(), which the linker gives to all callers in place of the C library's: a schedule for tests shows its
 * threads clocks of its own, and the process's processor time is the host's to tell. */
#include "weft_main.h"
#include "weft_wait.h"

#include <time.h>

int __real_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts) {
  const struct weft_scheduler *scheduler = atomic_load(&weft_scheduler);
  int64_t now = scheduler ? scheduler->now(clock) : -1;
  if (now < 0) {
    if (clock == CLOCK_PROCESS_CPUTIME_ID) {
      return weft_process_clock(ts);
    }
    return __real_clock_gettime(clock, ts);
  }
  *ts = (struct timespec){.tv_sec = now / 1000000000, .tv_nsec = (long)(now % 1000000000)};
  return 0;
}
