/* wasm/sys waits through these; with one thread nobody can end a wait, so nothing is ever waited for. */
#include "sys.h"

static weft_thread self;

weft_thread *weft_self(void) { return &self; }
void weft_unpark(weft_thread *thread) { (void)thread; }
void weft_park_cancel(void) {}

enum weft_park_result weft_park(enum weft_wait_kind kind, uintptr_t object, int64_t timeout_ns) {
  (void)kind;
  (void)object;
  (void)timeout_ns;
  return WEFT_PARK_TIMEOUT;
}

/* Names of FIFOs and sockets can not be made here. */
int weft_fifo_open(weft_node *node, weft_file **file) {
  (void)node;
  (void)file;
  return -ENXIO;
}
void weft_fifo_free(void *object) { (void)object; }
void weft_socket_name_free(void *object) { (void)object; }
