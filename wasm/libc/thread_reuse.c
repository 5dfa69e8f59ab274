/* Threads that run one routine after the other. To make one the host realm has to be asked, which then tells a worker: two turns of
 * event loops, in pages half a millisecond and more, and nothing at all for as long as the host realm is busy. The same at its end,
 * for which pthread_join() waits. A thread whose routine has returned is over instead, waits here for a while for another, and
 * who creates a thread gives it that.
 *
 * What the C library does at a thread's end and at its beginning is done in between, so that a routine cannot tell: the destructors of
 * thread-specific data run, and thread-locals are initialized again. A thread's number is its routine's (thread_numbers.c).
 * Its pthread_t is that of the one before, as wherever records are used again, and not before that was joined or detached.
 *
 * While it waits its realm's event loop does not turn. So only a thread stays whose realm has no JavaScript but the way to Python
 * (weft_host_plain()), of which nobody awaits anything.
 *
 * A thread's record has its phase:
 *
 *   NEW       its creator and the thread itself make it RUNS
 *   RUNS      who joins it waits at the phase; the thread makes it OVER and the number of the place at which it waits, or ENDS
 *   OVER + n  nobody may have joined it yet, which the place tells; the thread makes it ENDS when nobody has come in time, and who gives
 *             it a routine makes it RUNS
 *   ENDS      the C library's pthread_join() and pthread_detach() do the rest
 *
 * A place has a state, at which its thread waits:
 *
 *   EMPTY     a thread makes it FILLING and has the place
 *   FILLING   the thread writes who it is and makes the state that, its record's address
 *   a thread  who joins or detaches the thread makes it WAITING, and so does the thread when it is detached already; the thread makes it
 *             FILLING when nobody has come in time, ENDS its phase, and makes it EMPTY
 *   WAITING   a creator makes it TAKEN; the thread makes it EMPTY when it has waited long enough
 *   TAKEN     that creator looks at the stack and makes it WAITING again, or writes the routine and the thread's record and makes it
 *             GIVEN
 *   GIVEN     the thread reads the routine and makes it EMPTY
 *
 * Where several may make a change it is a compare-and-swap, and all accesses are sequentially consistent: the other fields belong to whoever
 * made the state what it is. Who joins a thread has the place from its phase and may be late: then the state is not that thread any
 * more, and never is again, since its record is not used again before it has been joined. pthread_detach() first says in
 * `detach_state` that it has been and then looks at the phase, the thread the other way round: one of them sees the other. */
#include "thread_reuse.h"

#include <emscripten/eventloop.h>
#include <emscripten/threading.h>
#include <math.h>
#include <pthread_impl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* The linker's: makes `block` the calling thread's storage, with what thread-locals are initialized with. */
void __wasm_init_tls(void *block);

/* The host's (wasm/python-library.js). 1: no JavaScript has run in the calling worker realm but the way to Python, and nothing waits there
 * for the event loop. */
extern int32_t weft_host_plain(void);

int __real_pthread_join(pthread_t thread, void **result);
int __real_pthread_detach(pthread_t thread);

/* How long a thread waits. Its worker is of no other use meanwhile. */
#define PATIENCE_NS ((int64_t)100 * 1000 * 1000)
#define TIMED_OUT 2

enum { NEW, RUNS, ENDS, OVER };
enum { EMPTY, FILLING, WAITING, TAKEN, GIVEN };

typedef struct place {
  _Atomic int state;
  pthread_t thread;
  weft_routine routine;
} place;

/* As many threads stay at once; what more end. */
#define PLACES 16
static place places[PLACES];

/* Of a timer's thread, of which there are none here (timer.c). */
static _Atomic int *phase_of(pthread_t thread) { return (_Atomic int *)&thread->timer_id; }

/* For what only one may change. */
static void set(_Atomic int *word, int to) {
  atomic_store(word, to);
  __builtin_wasm_memory_atomic_notify((int *)word, UINT32_MAX);
}

static int change(_Atomic int *word, int from, int to) {
  if (!atomic_compare_exchange_strong(word, &from, to)) {
    return 0;
  }
  __builtin_wasm_memory_atomic_notify((int *)word, UINT32_MAX);
  return 1;
}

/* Has data from a routine's beginning to its return: its destructor sees the thread end in between, by pthread_exit(). */
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void ends(void *thread) { change(phase_of(thread), RUNS, ENDS); }

static void make_key(void) {
  if (pthread_key_create(&key, ends) != 0) {
    abort();
  }
}

void weft_thread_runs(pthread_t thread) {
  change(phase_of(thread), NEW, RUNS);
  if (thread == __pthread_self()) {
    pthread_once(&key_once, make_key);
    pthread_setspecific(key, thread);
  }
}

/* As _emscripten_thread_exit() and __pthread_create() do. Uses no thread-local. */
static void renew(pthread_t self) {
  pthread_setspecific(key, NULL);
  __pthread_tsd_run_dtors();
  __wasm_init_tls(__builtin_wasm_tls_base());
  self->errno_val = 0;
  self->locale = &libc.global_locale;
}

/* Waits while the state is that; whether for too long. */
static int waits_in_vain(_Atomic int *state, int from) {
  return __builtin_wasm_memory_atomic_wait32((int *)state, from, PATIENCE_NS) == TIMED_OUT;
}

static place *take_place(void) {
  for (place *at = places; at < places + PLACES; at++) {
    if (atomic_load(&at->state) == EMPTY && change(&at->state, EMPTY, FILLING)) {
      return at;
    }
  }
  return NULL;
}

/* The thread is nobody's from then on. 0 when it is not over, or has gone. It sleeps on until it is GIVEN a routine. */
static int leave_to_others(pthread_t thread) {
  int phase = atomic_load(phase_of(thread)), over = (int)(intptr_t)thread;
  return phase >= OVER && atomic_compare_exchange_strong(&places[phase - OVER].state, &over, WAITING);
}

int weft_thread_next(weft_routine *next, void *result) {
  pthread_t self = __pthread_self();
  place *mine = emscripten_runtime_keepalive_check() || !weft_host_plain() ? NULL : take_place();
  if (!mine) {
    return 0;
  }
  renew(self);
  self->result = result;
  mine->thread = self;
  atomic_store(&mine->state, (int)(intptr_t)self);
  set(phase_of(self), OVER + (int)(mine - places));
  if (atomic_load((_Atomic int *)&self->detach_state) == DT_DETACHED) {
    leave_to_others(self);
  }
  for (;;) {
    int state = atomic_load(&mine->state);
    if (state == GIVEN) {
      *next = mine->routine;
      atomic_store(&mine->state, EMPTY);
      pthread_setspecific(key, self);
      return 1;
    }
    if (!waits_in_vain(&mine->state, state)) {
      continue;
    }
    if (change(&mine->state, WAITING, EMPTY)) {
      /* It has been joined. */
      self->detach_state = DT_DETACHED;
      return 0;
    }
    if (change(&mine->state, (int)(intptr_t)self, FILLING)) {
      set(phase_of(self), ENDS);
      atomic_store(&mine->state, EMPTY);
      return 0;
    }
  }
}

int weft_thread_reuse(pthread_t *thread, const pthread_attr_t *attributes, weft_routine routine) {
  for (place *at = places; at < places + PLACES; at++) {
    if (atomic_load(&at->state) != WAITING || !change(&at->state, WAITING, TAKEN)) {
      continue;
    }
    pthread_t found = at->thread;
    if (found->stack_size != attributes->_a_stacksize) {
      atomic_store(&at->state, WAITING);
      continue;
    }
    at->routine = routine;
    found->detach_state = attributes->_a_detach ? DT_DETACHED : DT_JOINABLE;
    atomic_store(phase_of(found), RUNS);
    *thread = found;
    set(&at->state, GIVEN);
    return 1;
  }
  return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result) {
  for (;;) {
    int phase = atomic_load(phase_of(thread));
    if (phase >= OVER) {
      void *returned = thread->result;
      if (leave_to_others(thread)) {
        if (result) {
          *result = returned;
        }
        return 0;
      }
    } else if (phase == RUNS && thread != __pthread_self() && thread->detach_state == DT_JOINABLE) {
      /* The host realm's thread does meanwhile what others want of it. */
      emscripten_futex_wait((void *)phase_of(thread), RUNS, INFINITY);
    } else {
      return __real_pthread_join(thread, result);
    }
  }
}

int __wrap_pthread_detach(pthread_t thread) {
  if (leave_to_others(thread)) {
    return 0;
  }
  int error = __real_pthread_detach(thread);
  if (!error) {
    leave_to_others(thread);
  }
  return error;
}
