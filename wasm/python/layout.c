/* What src/abi/layout.ts says of the structures and constants that the host uses, asserted where the
 * compiler knows them; the link stage generates the header. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define Py_BUILD_CORE 1
#include <Python.h>
#include "internal/pycore_critical_section.h"
#include "internal/pycore_frame.h"
#include "internal/pycore_global_objects.h"
#include "internal/pycore_pystate.h"
#include "internal/pycore_pythread.h"

#include "weft_class.h"
#include "weft_host.h"
#include "weft_js.h"
#include "weft_python.h"
#include "weft_wait.h"

#include "weft_layout.h"

uint32_t weft_layout_hash(void) { return WEFT_LAYOUT_HASH; }
