/* What starting Python and going on with a snapshot of it share (main.c, snapshot.c). */
#ifndef WEFT_START_H
#define WEFT_START_H

#include <Python.h>

/* First on the main thread. */
void weft_main_begin(void);
/* Prints what is wrong and ends the program. */
void weft_main_check(PyStatus status);
/* Initializes Python with the arguments; clears `config`. */
void weft_main_initialize(PyConfig *config);
/* Runs the program that the arguments name, or serves jobs. */
_Noreturn void weft_main_run(void);
/* Whether it serves jobs. */
int weft_main_serves(void);
/* What weft_main_argument() was given, and NULL. */
char **weft_main_arguments(int *count);
/* A detached thread with a place: 0 or an errno. */
int weft_main_thread(size_t stack_size, void *(*routine)(void *));

#endif
