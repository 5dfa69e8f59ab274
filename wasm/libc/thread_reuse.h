#ifndef WEFT_THREAD_REUSE_H
#define WEFT_THREAD_REUSE_H

#include <pthread.h>
#include <stddef.h>

/* What a thread runs. */
typedef struct weft_routine {
  void *(*function)(void *);
  void *argument;
} weft_routine;

/* By a thread before its first routine, and by who has created it where it is to be joined: nobody knows which of them comes first. */
void weft_thread_runs(pthread_t thread);

/* By a thread whose routine has returned, which is over then: waits for another, as the thread that it would be if it had just been
 * made. 0 when there is none in time, or the thread may not stay: then it is to end. */
int weft_thread_next(weft_routine *next, void *result);

/* Gives a routine to a thread that waits for one, with such a stack. 0 when there is none. */
int weft_thread_reuse(pthread_t *thread, const pthread_attr_t *attributes, weft_routine routine);

#endif
