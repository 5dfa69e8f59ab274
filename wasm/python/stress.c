/* The Python module `_weft_stress`: schedules for tests of code that uses threads. Its `event` is called before
 * every bytecode instruction (sys.monitoring), in two modes.
 *
 * perturb: every thread now and then waits for a moment. When, and for how long, depends on a seed and on the
 * number of the thread's own events, so a seed that finds a bug is likely to find it again.
 *
 * pct: of the threads that enrolled only one runs at a time, the one with the highest priority of those
 * that are not blocked. Priorities come from a seed; at given steps the running thread gets the lowest. A thread that
 * waits is blocked until somebody wakes it; a timeout passes only when nobody else can run. Nothing of real time is
 * looked at, and none is shown: the clocks of these threads go on by a microsecond with each step, and to the end of
 * a timeout when it passes. The same seed and the same steps give the same run.
 *
 * `state` below is written under its mutex, and in pct mode only by the thread whose turn it is or by those
 * outside that wake one. `turn` of a slot is set by who hands over and cleared by its owner. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define Py_BUILD_CORE 1
#include "weft_python.h"

#include "internal/pycore_pystate.h"

#include "weft_wait.h"

#include <emscripten/threading.h>

enum { MOST_THREADS = 64, MOST_CHANGES = 256, NOBODY = -1 };
/* A thread that runs on for so long gets the lowest priority: it may be waiting, in a loop, for one that it keeps from running. */
enum { LONGEST_TURN = 20000 };
/* What a step takes by the threads' clocks. */
enum { STEP_NS = 1000 };
/* A hundred years: such a timeout (threading.TIMEOUT_MAX) stands for none, and would take the clocks past their end. */
static const int64_t ENDLESS_NS = 3155760000 * INT64_C(1000000000);

enum mode { OFF, PERTURB, PCT };
enum slot_state { ABSENT, READY, BLOCKED, TIMED, DONE };

typedef struct {
  weft_thread *record;
  enum slot_state state;
  int64_t deadline, priority;
  int expired;
  _Atomic uint32_t turn;
} slot;

extern unsigned char __heap_base;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
  _Atomic int mode;
  uint64_t seed, trace;
  uint32_t rate;
  int threads, enrolled, deadlock;
  /* Read without the mutex by threads that ask whether it is their turn, or whether somebody became ready: a late
   * answer is right too, as the turn itself comes by the slot's `turn`. */
  _Atomic int current, recheck;
  int64_t steps, turn_began, lowest, switches, next_change;
  /* Of the threads' clocks: what they showed when the run began, and how much of timeouts has passed since. */
  int64_t monotonic, realtime, skipped;
  int changes, change;
  int64_t change_at[MOST_CHANGES];
  slot slots[MOST_THREADS];
} state;
static _Atomic uint32_t arrivals;
/* free and perturb: threads that are to begin together, and those that are there. */
static _Atomic uint32_t together, gathered;
static _Atomic uint32_t configurations;

static _Thread_local int me = NOBODY;
static _Thread_local uint64_t random_state;
static _Thread_local uint32_t countdown, configured;

static uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static uint64_t next_random(void) { return random_state = mix(random_state); }

/* ---- pct: all below with the mutex held ------------------------------------------------------ */

/* Nanoseconds of the run, as its threads see them. */
static int64_t elapsed(void) { return state.skipped + state.steps * STEP_NS; }

static int best(void) {
  int found = NOBODY;
  for (int i = 0; i < state.threads; i++) {
    slot *s = &state.slots[i];
    if (s->state == READY && (found == NOBODY || s->priority > state.slots[found].priority)) {
      found = i;
    }
  }
  if (found != NOBODY) {
    return found;
  }
  for (int i = 0; i < state.threads; i++) {
    slot *s = &state.slots[i];
    if (s->state == TIMED && (found == NOBODY || s->deadline < state.slots[found].deadline)) {
      found = i;
    }
  }
  if (found != NOBODY) {
    slot *s = &state.slots[found];
    int64_t left = s->deadline - elapsed();
    state.skipped += left > 0 ? left : 0;
    s->state = READY;
    s->expired = 1;
  }
  return found;
}

/* Gives the turn to who is next; the caller then waits for its own, unless it has it. */
static void hand_over(void) {
  int next = best();
  if (next == NOBODY) {
    for (int i = 0; i < state.threads; i++) {
      state.deadlock |= state.slots[i].state == BLOCKED;
    }
  }
  if (next != state.current) {
    state.switches++;
    state.trace = mix(state.trace ^ ((uint64_t)state.steps << 8) ^ (uint64_t)(next + 1));
    state.turn_began = state.steps;
  }
  state.current = next;
  state.recheck = 0;
  if (next == NOBODY) {
    return;
  }
  slot *s = &state.slots[next];
  if (s->expired) {
    s->expired = 0;
    /* It waits in weft_park(), or is about to. */
    atomic_fetch_or(&s->record->word, WEFT_EXPIRED);
    emscripten_futex_wake((void *)&s->record->word, INT32_MAX);
  }
  if (next != me) {
    atomic_store(&s->turn, 1);
    emscripten_futex_wake((void *)&s->turn, 1);
  }
}

static void plan_change(void) {
  state.next_change = state.change < state.changes ? state.change_at[state.change] : INT64_MAX;
}

/* ---- pct: hooks ------------------------------------------------------------------------------ */

/* Detached, or it would hold up whoever stops the world. */
static void wait_turn(slot *s) {
  while (atomic_exchange(&s->turn, 0) == 0) {
    atomic_store(&s->record->wait_object, 0);
    atomic_store(&s->record->wait_kind, WEFT_WAIT_TURN);
    __builtin_wasm_memory_atomic_wait32((int *)&s->turn, 0, -1);
  }
  atomic_store(&s->record->wait_kind, WEFT_WAIT_NONE);
}

static void step(void) {
  slot *s = &state.slots[me];
  state.steps++;
  int demoted = state.steps >= state.next_change || state.steps - state.turn_began > LONGEST_TURN;
  if (!demoted && !atomic_load_explicit(&state.recheck, memory_order_relaxed)) {
    return;
  }
  pthread_mutex_lock(&mutex);
  if (demoted) {
    s->priority = --state.lowest;
    state.turn_began = state.steps;
    if (state.steps >= state.next_change) {
      state.change++;
      plan_change();
    }
  }
  hand_over();
  int stays = state.current == me;
  pthread_mutex_unlock(&mutex);
  if (!stays) {
    PyThreadState *thread = PyEval_SaveThread();
    wait_turn(s);
    PyEval_RestoreThread(thread);
  }
}

/* Before a thread waits: whether it is one of ours, whose timeout then does not count. */
static int blocks(weft_thread *thread, int64_t timeout_ns) {
  (void)thread;
  if (me == NOBODY || atomic_load(&state.mode) != PCT) {
    return 0;
  }
  /* Attached: it waits for something short inside of CPython, and keeps its turn. */
  PyThreadState *own = PyThreadState_GetUnchecked();
  if (own && atomic_load((_Atomic int *)&own->state) == _Py_THREAD_ATTACHED) {
    return 0;
  }
  pthread_mutex_lock(&mutex);
  slot *s = &state.slots[me];
  s->state = timeout_ns >= 0 && timeout_ns < ENDLESS_NS ? TIMED : BLOCKED;
  s->deadline = s->state == TIMED ? elapsed() + timeout_ns : 0;
  s->expired = 0;
  if (state.current == me) {
    hand_over();
  }
  pthread_mutex_unlock(&mutex);
  return 1;
}

/* After it: not before it is its turn. */
static void runs(weft_thread *thread) {
  (void)thread;
  slot *s = &state.slots[me];
  pthread_mutex_lock(&mutex);
  s->state = READY;
  s->expired = 0;
  if (state.current == NOBODY) {
    state.deadlock = 0;
    hand_over();
  }
  int mine = state.current == me;
  pthread_mutex_unlock(&mutex);
  if (mine) {
    atomic_store(&s->turn, 0);
  } else {
    wait_turn(s);
  }
}

static void unparks(weft_thread *thread) {
  if (atomic_load(&state.mode) != PCT) {
    return;
  }
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < state.threads; i++) {
    slot *s = &state.slots[i];
    if (s->record == thread && (s->state == BLOCKED || s->state == TIMED)) {
      s->state = READY;
      state.recheck = 1;
      if (state.current == NOBODY) {
        state.deadlock = 0;
        hand_over();
      }
    }
  }
  pthread_mutex_unlock(&mutex);
}

/* Only from where they began may clocks differ from run to run: a test compares what they show. */
static int64_t now(clockid_t clock) {
  if (me == NOBODY || atomic_load(&state.mode) != PCT || (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)) {
    return -1;
  }
  pthread_mutex_lock(&mutex);
  int64_t then = (clock == CLOCK_REALTIME ? state.realtime : state.monotonic) + elapsed();
  pthread_mutex_unlock(&mutex);
  return then;
}

static const struct weft_scheduler hooks = {.blocks = blocks, .runs = runs, .unparks = unparks, .now = now};

static int64_t shown(clockid_t clock) {
  struct timespec ts;
  clock_gettime(clock, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- perturb --------------------------------------------------------------------------------- */

static void disturb(void) {
  uint32_t configuration = atomic_load(&configurations);
  if (configured != configuration) {
    configured = configuration;
    uint64_t number = me != NOBODY ? (uint64_t)me : 1000 + atomic_fetch_add(&arrivals, 1);
    random_state = mix(state.seed ^ mix(number));
    countdown = 1 + (uint32_t)(next_random() % (2 * state.rate));
  }
  if (--countdown != 0) {
    return;
  }
  uint64_t r = next_random();
  countdown = 1 + (uint32_t)(r % (2 * state.rate));
  /* Many short waits find narrow windows, a few long ones unusual orders. */
  int64_t nanoseconds = r >> 60 ? 1000 + (int64_t)((r >> 32) % 50000) : 500000 + (int64_t)((r >> 32) % 3000000);
  static int never;
  Py_BEGIN_ALLOW_THREADS
  __builtin_wasm_memory_atomic_wait32(&never, 0, nanoseconds);
  Py_END_ALLOW_THREADS
}

/* ---- the module ------------------------------------------------------------------------------ */

static PyObject *event(PyObject *Py_UNUSED(module), PyObject *const *Py_UNUSED(arguments), Py_ssize_t Py_UNUSED(count)) {
  switch (atomic_load_explicit(&state.mode, memory_order_relaxed)) {
    case PERTURB:
      disturb();
      break;
    case PCT:
      if (me != NOBODY && atomic_load_explicit(&state.current, memory_order_relaxed) == me) {
        step();
      }
      break;
    default:
      break;
  }
  Py_RETURN_NONE;
}

static PyObject *perturb(PyObject *Py_UNUSED(module), PyObject *arguments) {
  unsigned long long seed;
  unsigned int rate;
  if (!PyArg_ParseTuple(arguments, "KI", &seed, &rate)) {
    return NULL;
  }
  if (rate == 0) {
    PyErr_SetString(PyExc_ValueError, "rate must be at least 1");
    return NULL;
  }
  state.seed = seed;
  state.rate = rate;
  atomic_store(&arrivals, 0);
  atomic_fetch_add(&configurations, 1);
  atomic_store(&state.mode, PERTURB);
  Py_RETURN_NONE;
}

static PyObject *pct(PyObject *Py_UNUSED(module), PyObject *arguments) {
  unsigned long long seed;
  int threads;
  PyObject *changes;
  if (!PyArg_ParseTuple(arguments, "iKO!", &threads, &seed, &PyTuple_Type, &changes)) {
    return NULL;
  }
  if (threads < 1 || threads > MOST_THREADS || PyTuple_GET_SIZE(changes) > MOST_CHANGES) {
    PyErr_Format(PyExc_ValueError, "pct takes 1 to %d threads and up to %d changes", MOST_THREADS, MOST_CHANGES);
    return NULL;
  }
  atomic_store(&state.mode, OFF);
  pthread_mutex_lock(&mutex);
  state.seed = seed;
  state.trace = 0;
  state.threads = threads;
  state.enrolled = state.deadlock = state.recheck = state.change = 0;
  state.current = NOBODY;
  state.steps = state.turn_began = state.switches = state.skipped = 0;
  state.monotonic = shown(CLOCK_MONOTONIC);
  state.realtime = shown(CLOCK_REALTIME);
  state.lowest = 0;
  state.changes = (int)PyTuple_GET_SIZE(changes);
  for (int i = 0; i < state.changes; i++) {
    state.change_at[i] = PyLong_AsLongLong(PyTuple_GET_ITEM(changes, i));
  }
  plan_change();
  for (int i = 0; i < threads; i++) {
    state.slots[i] = (slot){.priority = i + 1};
  }
  uint64_t r = mix(seed);
  for (int i = threads - 1; i > 0; i--) {
    r = mix(r);
    int other = (int)(r % (unsigned)(i + 1));
    int64_t priority = state.slots[i].priority;
    state.slots[i].priority = state.slots[other].priority;
    state.slots[other].priority = priority;
  }
  pthread_mutex_unlock(&mutex);
  if (PyErr_Occurred()) {
    return NULL;
  }
  atomic_store(&weft_scheduler, &hooks);
  atomic_store(&state.mode, PCT);
  Py_RETURN_NONE;
}

/* Detached. They all begin within a few microseconds, where there is a processor for each. */
static void wait_for_all(void) {
  uint32_t all = atomic_load(&together);
  uint32_t there = atomic_fetch_add(&gathered, 1) + 1;
  if (there >= all) {
    emscripten_futex_wake((void *)&gathered, INT32_MAX);
    return;
  }
  for (int spins = 0; (there = atomic_load(&gathered)) < all; spins++) {
    if (spins > 20000) {
      __builtin_wasm_memory_atomic_wait32((int *)&gathered, (int)there, 1000000);
    }
  }
}

static PyObject *gather(PyObject *Py_UNUSED(module), PyObject *number) {
  long threads = PyLong_AsLong(number);
  if (threads == -1 && PyErr_Occurred()) {
    return NULL;
  }
  atomic_store(&gathered, 0);
  atomic_store(&together, (uint32_t)threads);
  Py_RETURN_NONE;
}

static PyObject *off(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
  atomic_store(&state.mode, OFF);
  atomic_store(&weft_scheduler, NULL);
  Py_RETURN_NONE;
}

static PyObject *enroll(PyObject *Py_UNUSED(module), PyObject *number) {
  long index = PyLong_AsLong(number);
  if (index == -1 && PyErr_Occurred()) {
    return NULL;
  }
  int is_pct = atomic_load(&state.mode) == PCT;
  if (index < 0 || index >= (is_pct ? state.threads : 1000)) {
    return PyErr_Format(PyExc_ValueError, "there is no thread %ld", index);
  }
  configured = 0;
  if (!is_pct) {
    me = (int)index;
    Py_BEGIN_ALLOW_THREADS
    wait_for_all();
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
  }
  pthread_mutex_lock(&mutex);
  slot *s = &state.slots[index];
  if (s->state != ABSENT) {
    pthread_mutex_unlock(&mutex);
    return PyErr_Format(PyExc_ValueError, "thread %ld is enrolled already", index);
  }
  s->record = weft_self();
  s->state = READY;
  if (++state.enrolled == state.threads) {
    hand_over();
  }
  pthread_mutex_unlock(&mutex);
  me = (int)index;
  PyThreadState *thread = PyEval_SaveThread();
  wait_turn(s);
  PyEval_RestoreThread(thread);
  Py_RETURN_NONE;
}

static PyObject *leave(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
  if (me != NOBODY && atomic_load(&state.mode) == PCT) {
    pthread_mutex_lock(&mutex);
    state.slots[me].state = DONE;
    state.slots[me].record = NULL;
    if (state.current == me) {
      hand_over();
    }
    pthread_mutex_unlock(&mutex);
  }
  me = NOBODY;
  Py_RETURN_NONE;
}

static PyObject *result(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
  return Py_BuildValue("{s:L,s:L,s:K,s:O}", "steps", state.steps, "switches", state.switches, "trace", state.trace, "deadlock",
                       state.deadlock ? Py_True : Py_False);
}

static PyObject *memory(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
  return PyLong_FromSize_t((uintptr_t)sbrk(0) - (uintptr_t)&__heap_base);
}

static PyMethodDef methods[] = {
  {"event", (PyCFunction)(void (*)(void))event, METH_FASTCALL, NULL},
  {"perturb", perturb, METH_VARARGS, "perturb(seed, rate): about one of `rate` instructions waits."},
  {"pct", pct, METH_VARARGS, "pct(threads, seed, changes): one at a time; at these steps the running thread gets the lowest priority."},
  {"off", off, METH_NOARGS, NULL},
  {"gather", gather, METH_O, "gather(threads): enroll() waits until so many have called it."},
  {"enroll", enroll, METH_O, "enroll(index): this thread is number `index`; returns when all are there, in pct mode when it is its turn."},
  {"leave", leave, METH_NOARGS, NULL},
  {"result", result, METH_NOARGS, NULL},
  {"memory", memory, METH_NOARGS, "memory(): bytes of the heap, which never shrinks."},
  {NULL},
};

static PyModuleDef_Slot slots[] = {
  {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
  {Py_mod_gil, Py_MOD_GIL_NOT_USED},
  {0, NULL},
};

static PyModuleDef definition = {
  PyModuleDef_HEAD_INIT,
  .m_name = "_weft_stress",
  .m_doc = "Schedules for tests of threaded code.",
  .m_methods = methods,
  .m_slots = slots,
};

PyObject *weft_stress_init(void) { return PyModuleDef_Init(&definition); }
