/* Which realms there are, and the numbers that dead proxies give back to them.
 *
 * A proxy dies on any thread; the value that it kept is in a table of its realm that only that realm can
 * touch. `dropped` is a stack to which anyone pushes by compare-and-swap and of which only the whole is
 * taken, by exchange, by the realm itself: no node can be taken and come back between a load and its swap.
 * `words.released` grows after the push: a realm that has seen the number takes that push too, or an
 * earlier look has taken it.
 *
 * A worker realm looks whenever its thread attaches or is called. The host realm may not do either for long,
 * so it is told by an event, once until it has looked: `announced` is set after the push and cleared
 * before the list is taken, so a push that is not taken finds it cleared and announces again. */
#include <pthread.h>
#include <stdlib.h>

#include "weft_js.h"
#include "weft_main.h"
#include "weft_python.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static weft_realm *realms;

static weft_realm *find(int32_t id) {
  pthread_mutex_lock(&lock);
  weft_realm *realm = realms;
  while (realm && realm->id != id) {
    realm = realm->next;
  }
  if (!realm) {
    realm = calloc(1, sizeof *realm);
    if (!realm) {
      abort();
    }
    realm->id = id;
    realm->next = realms;
    realms = realm;
  }
  pthread_mutex_unlock(&lock);
  return realm;
}

weft_realm *weft_realm_here(void) {
  /* A realm runs one thread at a time, and a thread stays in its realm. */
  static _Thread_local weft_realm *here;
  if (!here) {
    here = find(weft_host_realm());
  }
  return here;
}

int32_t weft_this_realm(void) { return weft_realm_here()->id; }

weft_realm *weft_realm_host(void) { return find(WEFT_HOST_REALM); }

void weft_js_drop(weft_realm *realm, weft_js_handle *handle) {
  handle->next = atomic_load(&realm->dropped);
  while (!atomic_compare_exchange_weak(&realm->dropped, &handle->next, handle)) {
  }
  struct weft_words *words = weft_python_words();
  atomic_fetch_add(&words->released, 1);
  if (realm->id == WEFT_HOST_REALM && atomic_load(&words->lifecycle) == WEFT_RUNNING &&
      atomic_exchange(&realm->announced, 1) == 0) {
    weft_post_event(WEFT_EVENT_RELEASED, 0, 0);
  }
}

int32_t weft_js_released(void) {
  weft_realm *realm = weft_realm_here();
  for (;;) {
    weft_js_handle *handle = realm->taken;
    if (!handle) {
      realm->taken = handle = atomic_exchange(&realm->dropped, NULL);
      if (!handle) {
        return -1;
      }
    }
    int32_t id = handle->id > 0 ? handle->id : handle->self;
    if (handle->id > 0) {
      handle->id = 0;
    } else {
      realm->taken = handle->next;
      free(handle);
    }
    if (id > 0) {
      return id;
    }
  }
}

void weft_js_release_begin(void) { atomic_store(&weft_realm_here()->announced, 0); }
