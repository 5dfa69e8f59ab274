/* getrusage(), times() and the clock of the process's processor time. The C library answers the first with constants, the
 * second with zeros, and has no such clock. Hosts that know their process's use tell it; it includes what the host itself
 * does. Pages do not know theirs: there all time since the program's start counts as the program's own.
 *
 * The linker gives times() to all callers in place of the C library's, and clock_gettime() too (wasm/main/clock.c). */
#include "microseconds.h"
#include "weft_host.h"
#include "weft_main.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

/* On the monotonic clock; written by the main thread before Python runs. */
static int64_t start_us;

void weft_usage_begin(void) { start_us = now_us(); }

static weft_host_usage used(void) {
  weft_host_usage usage = {0};
  if (weft_host_process_usage(&usage) < 0) {
    usage = (weft_host_usage){.user_us = now_us() - start_us};
  }
  return usage;
}

int weft_process_clock(struct timespec *ts) {
  weft_host_usage usage = used();
  int64_t us = usage.user_us + usage.system_us;
  *ts = (struct timespec){.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};
  return 0;
}

int getrusage(int who, struct rusage *out) {
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN) {
    /* No host tells a thread's in all of its versions. */
    errno = EINVAL;
    return -1;
  }
  memset(out, 0, sizeof *out);
  if (who == RUSAGE_SELF) {
    weft_host_usage usage = used();
    out->ru_utime = timeval(usage.user_us);
    out->ru_stime = timeval(usage.system_us);
    out->ru_maxrss = (long)usage.max_rss_kb;
  }
  return 0;
}

clock_t __wrap_times(struct tms *out) {
  int64_t tick_us = 1000000 / sysconf(_SC_CLK_TCK);
  weft_host_usage usage = used();
  *out = (struct tms){.tms_utime = (clock_t)(usage.user_us / tick_us), .tms_stime = (clock_t)(usage.system_us / tick_us)};
  return (clock_t)((now_us() - start_us) / tick_us);
}
