#ifndef WEFT_THREAD_NUMBERS_H
#define WEFT_THREAD_NUMBERS_H

#include <pthread.h>

/* The C library's pthread_create(), of a thread that takes its number itself. 0 or an errno. */
int weft_numbered_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);

#endif
