#ifndef WEFT_TEST_HOST_H
#define WEFT_TEST_HOST_H
#include <stddef.h>
/* Takes what was written to the standard streams so far. */
size_t host_output(char *to, size_t size);
extern _Atomic int host_requests; /* calls of weft_host_stdin_request */
extern _Atomic int host_tty_mode; /* the last mode asked for */
#endif
