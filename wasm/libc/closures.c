/* libffi's closures (the C functions that ctypes makes of Python ones) on every thread. A closure is
 * an entry of the function table, and each realm has a table of its own: libffi's port fills an entry
 * of the realm that runs, at an index that only this realm reserved, so that on another thread the
 * index leads nowhere or to something else. Here indices are reserved for all realms, and a realm
 * fills in what others made when a thread begins and before ctypes calls C. (C code that calls a
 * closure which is younger than both is not served.) What the entry gets is still libffi's.
 *
 * `lock` guards the list, `first` and the closures' slots. `version` counts preparations: it is
 * written under the lock and read without it; a thread that got a closure from another also sees the
 * version that closure was prepared with. `seen` says up to which version this thread's realm is
 * complete: a new thread of an old realm starts at 0 and fills entries again, which changes nothing. */
#include <ffi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* Makes this realm's table long enough for `index`. Returns 0 when the engine refuses. */
extern int weft_table_reach(uint32_t index);
/* The length of this realm's table. */
extern uint32_t weft_table_length(void);

typedef void function(ffi_cif *, void *, void **, void *);

ffi_status __real_ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, function *fun, void *data, void *code);
void __real_ffi_call(ffi_cif *cif, void (*fn)(void), void *result, void **arguments);

void __real_weft_thread_begin(void);

typedef struct slot {
  struct slot *next; /* of all slots, newest first; slots are never freed */
  uint32_t index;
  ffi_closure *closure; /* null: free */
  uint32_t version;     /* of its preparation; 0: not prepared yet */
} slot;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static slot *slots;
static uint32_t first;
static _Atomic uint32_t version;
static _Thread_local uint32_t seen;

static slot *slot_of(const ffi_closure *closure) {
  for (slot *s = slots; s; s = s->next) {
    if (s->closure == closure) {
      return s;
    }
  }
  return NULL;
}

static slot *reserve(void) {
  slot *s = slot_of(NULL);
  if (s) {
    return s;
  }
  s = malloc(sizeof *s);
  if (!s) {
    return NULL;
  }
  if (!slots) {
    /* Nobody else adds to a table: until now they are all as long as the module made them. */
    first = weft_table_length();
  }
  *s = (slot){.next = slots, .index = slots ? slots->index + 1 : first};
  slots = s;
  return s;
}

void *__wrap_ffi_closure_alloc(size_t size, void **code) {
  ffi_closure *closure = malloc(size);
  if (!closure) {
    return NULL;
  }
  pthread_mutex_lock(&lock);
  slot *s = reserve();
  if (s) {
    s->closure = closure;
    s->version = 0;
    *code = (void *)(uintptr_t)s->index;
  }
  pthread_mutex_unlock(&lock);
  if (!s) {
    free(closure);
    return NULL;
  }
  return closure;
}

void __wrap_ffi_closure_free(void *closure) {
  pthread_mutex_lock(&lock);
  slot *s = slot_of(closure);
  if (s) {
    s->closure = NULL;
  }
  pthread_mutex_unlock(&lock);
  free(closure);
}

ffi_status __wrap_ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, function *fun, void *data, void *code) {
  pthread_mutex_lock(&lock);
  slot *s = slot_of(closure);
  ffi_status status = FFI_BAD_ARGTYPE;
  if (s && weft_table_reach(s->index)) {
    status = __real_ffi_prep_closure_loc(closure, cif, fun, data, code);
    if (status == FFI_OK) {
      s->version = atomic_load(&version) + 1;
      atomic_store(&version, s->version);
    }
  }
  pthread_mutex_unlock(&lock);
  return status;
}

/* Fills in what other realms prepared. Their closures stay allocated meanwhile: freeing needs the lock. */
static void complete(void) {
  pthread_mutex_lock(&lock);
  for (slot *s = slots; s; s = s->next) {
    if (s->closure && s->version > seen && weft_table_reach(s->index)) {
      ffi_closure *c = s->closure;
      __real_ffi_prep_closure_loc(c, c->cif, c->fun, c->user_data, (void *)(uintptr_t)s->index);
    }
  }
  seen = atomic_load(&version);
  pthread_mutex_unlock(&lock);
}

static void complete_if_stale(void) {
  if (seen != atomic_load(&version)) {
    complete();
  }
}

void __wrap_weft_thread_begin(void) {
  __real_weft_thread_begin();
  complete_if_stale();
}

void __wrap_ffi_call(ffi_cif *cif, void (*fn)(void), void *result, void **arguments) {
  complete_if_stale();
  __real_ffi_call(cif, fn, result, arguments);
}
