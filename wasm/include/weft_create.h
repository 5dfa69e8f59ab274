/* Threads in workers that the host chooses. */
#ifndef WEFT_CREATE_H
#define WEFT_CREATE_H

#include <pthread.h>

/* pthread_create() of a thread in a worker that the host has at hand or makes, never of one that waits for another routine
 * (wasm/libc/thread_reuse.c). `attributes` is not NULL. */
int weft_thread_create_new(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);

#endif
