/* The guest program: what the host realm calls to start Python and to talk to it,
 * and the events that the guest sends to the host realm. */
#ifndef WEFT_MAIN_H
#define WEFT_MAIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sent to the host realm in the order in which they were posted, by any threads.
 * `a` and `b` depend on the kind. Same numbers as in src/abi/events.ts. */
enum weft_event {
  WEFT_EVENT_EXIT = 1,      /* a: exit status. The guest has ended. */
  WEFT_EVENT_STDIN = 2,     /* somebody waits for standard input */
  WEFT_EVENT_READLINE = 3,  /* a: prompt (malloc'ed, NUL-terminated; host frees) */
  WEFT_EVENT_CRASH = 4,     /* a: message (malloc'ed, NUL-terminated; host frees) */
  WEFT_EVENT_TIMER = 5,     /* a: milliseconds until SIGALRM, 0 cancels; b: then every b ms, 0: once */
  WEFT_EVENT_TTY = 6,       /* a: 1 when the terminal shall be raw, 0 when cooked */
  WEFT_EVENT_READY = 7,     /* a serving main thread is there: host threads may attach */
  WEFT_EVENT_JOB = 8,       /* a: weft_job that has ended; the host frees it */
  WEFT_EVENT_OUTPUT = 10,   /* a: what a thread wrote (malloc'ed; host frees): descriptor, length, bytes */
  WEFT_EVENT_REQUEST = 9,   /* a: weft_request (weft_js.h) to be answered */
  WEFT_EVENT_RELEASED = 11, /* proxies of the host realm's values have died: see js_handles.c */
};

/* Any thread: queue an event for the host realm and return. */
void weft_post_event(int kind, uintptr_t a, uintptr_t b);

/* Host realm, before weft_main_start(). Strings are copied. */
int weft_main_argument(const char *argument);
int weft_main_setenv(const char *name, const char *value);
int weft_main_chdir(const char *path);
/* `zip` must stay valid for ever. */
int weft_main_stdlib(const void *zip, size_t size);

/* The main thread shall serve jobs (weft_python.h) instead of running its arguments. */
void weft_main_serve(void);

/* Starts Python's main thread with a linear-memory stack of `stack_size` bytes.
 * 0 or an errno. Ends with WEFT_EVENT_EXIT. */
int weft_main_start(size_t stack_size);

/* ---- processor time (wasm/libc/usage.c) ------------------------------------------------------ */

/* First on the main thread, before Python is initialized or goes on. */
void weft_usage_begin(void);
struct timespec;
/* What the process has used: CLOCK_PROCESS_CPUTIME_ID. 0. */
int weft_process_clock(struct timespec *ts);

/* ---- the snapshot: a memory in which Python is initialized already ------------- */

/* Build, instead of weft_main_start(): starts a thread that initializes Python as
 * without arguments and environment, and leaves it at rest. 0 or an errno. */
int weft_snapshot_make(size_t stack_size);
/* Whether it is at rest: nothing of the memory changes any more. */
int weft_snapshot_made(void);
/* Host realm, in a memory that holds a snapshot, instead of weft_main_start(): the
 * thread goes on, with the arguments and the environment that were given since. The
 * arguments have no options of the interpreter's but "-c" and "-m". 0 or an errno. */
int weft_main_resume(void);
/* The glue, in a realm where the thread `self` is about to begin and has no
 * thread-local storage yet: if it is a snapshot's, gives it its own again. */
int weft_snapshot_thread(uintptr_t self);

/* A signal from outside. 0: its action is the default one, which is the host's to
 * carry out; 1: ignored; 2: delivered to a handler. Never blocks. */
int weft_main_signal(int number);
/* Whether a delivered signal has not been looked at by Python yet. */
int weft_main_signal_pending(void);

/* Reply to WEFT_EVENT_READLINE: a line with its newline, or NULL for end of file. */
void weft_readline_reply(const char *line, size_t length);
/* Instead of a reply, when the user interrupted the question; the signal is sent after. */
void weft_readline_cancel(void);

#ifdef __cplusplus
}
#endif
#endif
