#include "weft_main.h"

#include <emscripten/em_asm.h>
#include <emscripten/proxying.h>
#include <emscripten/threading.h>
#include <stdlib.h>

/* The host realm's side, in wasm/host-library.js. */
extern void weft_host_event(int kind, uintptr_t a, uintptr_t b);

struct event {
  int kind;
  uintptr_t a;
  uintptr_t b;
};

static void deliver(void *argument) {
  struct event *event = argument;
  weft_host_event(event->kind, event->a, event->b);
  free(event);
}

void weft_post_event(int kind, uintptr_t a, uintptr_t b) {
  struct event *event = malloc(sizeof *event);
  if (!event) {
    /* A host that never hears of an exit waits for ever; a trap it does hear of. */
    __builtin_trap();
  }
  *event = (struct event){kind, a, b};
  /* Through the queue also on the host realm: there may be older events in it. */
  if (!emscripten_proxy_async(emscripten_proxy_get_system_queue(),
                              emscripten_main_runtime_thread_id(), deliver, event)) {
    __builtin_trap();
  }
}
