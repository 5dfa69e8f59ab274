/* What a guest thread takes from the host and gives back: a place below the
 * configured maximum, a wait record, a recursion limit that its stack can bear. */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <stddef.h>
#include <stdint.h>

#include "weft_wait.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Levels of recursion in C that the calling thread may use; CPython reads it
 * through Py_C_RECURSION_LIMIT. */
extern _Thread_local int _weft_c_recursion_limit;

/* Called by the host before the interpreter starts; later values count for threads
 * that start later. `recursion_limit` is for worker realms and must fit their
 * engine stack. */
void weft_threads_configure(int max_threads, int recursion_limit,
                            int host_recursion_limit);

/* Takes a place for a thread that is about to be created; 0 when there is none. */
int weft_thread_reserve(void);
/* Gives the place back when the thread could not be created. */
void weft_thread_unreserve(void);

/* A thread that is to be created.
 *
 * The host realm makes the workers. A page's thread cannot load one before it is back in its event loop, and while it is attached
 * it may be waiting for the very thread that would run there: so it refuses, and admits again as soon as it is detached.
 * Most often that is at once, as for what TypeScript does with Python for another thread's request, so that the creator waits
 * for it, detached where it can be. Not for ever, as it may hold what the page's thread waits for, and never
 * where that is the creator itself. */
typedef struct weft_thread_creation {
  uint32_t seen;       /* what the host had said before the attempt */
  int64_t deadline_ns; /* 0 before the first refusal */
} weft_thread_creation;

/* Before the first attempt. */
weft_thread_creation weft_thread_create(void);
/* After a failed one: whether another is worth while, which is when the host had refused it and admits threads by now. Waits
 * for that, WEFT_ADMISSION_NS for all attempts together. */
int weft_thread_create_again(weft_thread_creation *creation);

/* By the host realm's thread alone: within the call that asks it for a worker, and when it is detached again. */
void weft_threads_refuse(void);
void weft_threads_admit(void);

#define WEFT_ADMISSION_NS ((int64_t)1000 * 1000 * 1000)

/* First call on a new thread that has a place; it is given back at thread exit. */
void weft_thread_begin(void);

/* Before its first attach: the calling thread's engine stack is not of our making, so it has the host realm's limit. */
void weft_thread_is_foreign(void);

/* Makes the calling thread the one whose waits signals interrupt. */
void weft_thread_set_main(void);
/* Safe from every realm and inside of signal handlers; does nothing when there is
 * no main thread. */
void weft_interrupt_main(void);

/* The table of WEFT_MAX_THREADS records. */
weft_thread *weft_threads(void);

/* How many places are taken. */
int weft_thread_count(void);

#define WEFT_THREAD_COUNTED 1u

#ifdef __cplusplus
}
#endif
#endif
