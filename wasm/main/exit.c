/* Ends of the program. Emscripten's own would stop the runtime from the inside; ours
 * tell the host, which owns the realms and ends them. */
#include "weft_main.h"
#include "weft_wait.h"

#include <stdatomic.h>
#include <stdio.h>
#include <wasi/api.h>

static atomic_flag exiting = ATOMIC_FLAG_INIT;

/* Only the first exit counts; whoever calls it later waits to be ended. */
static _Noreturn void end_program(int status) {
  if (!atomic_flag_test_and_set(&exiting)) {
    weft_post_event(WEFT_EVENT_EXIT, (uintptr_t)status, 0);
  }
  for (;;) {
    weft_park_uninterrupted(WEFT_WAIT_HOST, 0, -1);
  }
}

/* Emscripten's is JavaScript that stops the runtime on the main thread. There are no
 * atexit handlers: nothing that we link registers one that matters after the end. */
_Noreturn void exit(int status) {
  fflush(NULL);
  end_program(status);
}

_Noreturn void __wasi_proc_exit(__wasi_exitcode_t status) { end_program((int)status); }

_Noreturn void abort(void) {
  /* As a shell reports a process that SIGABRT ended. */
  end_program(128 + 6);
}
