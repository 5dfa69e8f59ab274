/* The solo profile's own parts: one thread, and a component's interface towards the host (wasm/weft.wit). */
#ifndef WEFT_SOLO_H
#define WEFT_SOLO_H

#include <stdint.h>
#include <time.h>

enum weft_solo_sleep {
  WEFT_SOLO_SLEPT = 0,
  WEFT_SOLO_INTERRUPTED = 1,
  WEFT_SOLO_IMPOSSIBLE = 2,
};

/* Stands still for so long, if the host can. */
enum weft_solo_sleep weft_solo_sleep(int64_t nanoseconds);

/* Called by the eval loop every 65,536 backward jumps and calls: asks the host for interrupts. */
void weft_solo_tick(void);

/* Raises the RuntimeError of a wait that the host does not allow. */
void weft_solo_cannot_wait(void);

/* As pthread_cond_timedwait() in which nobody signals: ETIMEDOUT at the deadline of CLOCK_MONOTONIC, else 0. */
int weft_solo_wait_until(const struct timespec *deadline);

/* A wait that only another thread could end; the program gets a RuntimeError where it checks for signals. */
void weft_solo_deadlock(void);

#endif
