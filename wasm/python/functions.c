/* The functions that TypeScript calls, by their names. They are not exports of the module: each realm's engine keeps some
 * hundred bytes for each export of its instance, and most realms never call any of these. They are in the function table
 * instead, where the glue's weftFunctions() takes them from (wasm/functions-library.js).
 *
 * Compiled without builtins: the header declares functions of the C library too, with the types that WebAssembly has. */
#include <stddef.h>

#include "weft_functions.h"

typedef void weft_any_function(void);

#define WEFT_FUNCTION(name) {#name, (weft_any_function *)name},

/* Constant; ends with an entry without a name. */
static const struct {
  const char *name;
  weft_any_function *function;
} functions[] = {WEFT_FUNCTIONS{NULL, NULL}};

const void *weft_functions(void) { return functions; }

/* Nobody calls this, and it is not in the module. But of functions that are called, not of those whose address is taken, the linker
 * compares the declaration with the definition, and refuses to link when they differ. */
void weft_functions_checked(void *p, int i, long long l, double d);

void weft_functions_checked(void *p, int i, long long l, double d) { WEFT_CALLS(p, i, l, d) }
