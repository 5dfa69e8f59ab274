/* What a guest thread takes from the host and gives back: a place below the
 * configured maximum, a wait record, a recursion limit that its stack can bear. */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include <stddef.h>

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
