/* What the files of the solo profile share about Python objects. */
#ifndef WEFT_SOLO_PYTHON_H
#define WEFT_SOLO_PYTHON_H

#include <Python.h>

#include "component.h"

/* A value of the interface; -1 with an exception. What it holds is malloc()ed. */
int solo_value_from(PyObject *object, wit_value *out);
/* A new reference, or NULL with an exception. */
PyObject *solo_value_to(const wit_value *value);
void solo_value_free(wit_value *value);

/* The pending exception with its causes; it is taken. */
void solo_error_take(wit_error *out);
/* Raises what the host's function failed with. */
void solo_error_raise(const wit_error *error);
void solo_error_free(wit_error *error);

/* A copy; aborts when there is no memory, as whoever asks cannot report it. Nothing is allocated for what is empty, by us or
 * by the host: its address means nothing. */
wit_string solo_string(const char *data, size_t length);
void solo_string_free(wit_string text);

/* A callable for a function of the host's; the reference is new. */
PyObject *solo_function_new(uint32_t number);

/* An interrupt that came after the last look at signals must meet neither the next call nor what ends this one. */
void solo_forget_interrupts(void);

PyObject *solo_host_error(void); /* weft.HostError, borrowed */
PyObject *solo_module_init(void);

#endif
