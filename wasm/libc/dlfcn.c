/* dlopen() and dlsym() over what is linked into the program.
 *
 * There is nothing to load, but ctypes opens the program itself when it is
 * imported (`ctypes.pythonapi`), and `ctypes.CDLL(None)` is a common way to
 * call libc. Both find their functions in tables: the C API's is generated at
 * link time, libc's is the common part that needs no file of its own.
 *
 * Thread safety: the tables are constant; the last error is per thread.
 */
#include <Python.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

struct symbol {
  const char *name;
  const void *address;
};

#define SYMBOL(name) {#name, (const void *)&name},

static const struct symbol python_symbols[] = {
#include "weft_symbols.h"
};

/* Sorted, as the generated table is. */
static const struct symbol libc_symbols[] = {
  SYMBOL(abs) SYMBOL(atof) SYMBOL(atoi) SYMBOL(atol) SYMBOL(bsearch) SYMBOL(calloc) SYMBOL(ceil)
  SYMBOL(clock) SYMBOL(cos) SYMBOL(div) SYMBOL(exp) SYMBOL(fabs) SYMBOL(fflush) SYMBOL(floor)
  SYMBOL(fmod) SYMBOL(free) SYMBOL(getenv) SYMBOL(getpid) SYMBOL(isalpha) SYMBOL(isdigit)
  SYMBOL(labs) SYMBOL(ldiv) SYMBOL(llabs) SYMBOL(log) SYMBOL(malloc) SYMBOL(memchr) SYMBOL(memcmp)
  SYMBOL(memcpy) SYMBOL(memmove) SYMBOL(memset) SYMBOL(pow) SYMBOL(printf) SYMBOL(putchar)
  SYMBOL(puts) SYMBOL(qsort) SYMBOL(rand) SYMBOL(read) SYMBOL(realloc) SYMBOL(setenv) SYMBOL(sin)
  SYMBOL(snprintf) SYMBOL(sprintf) SYMBOL(sqrt) SYMBOL(srand) SYMBOL(sscanf) SYMBOL(strcat)
  SYMBOL(strchr) SYMBOL(strcmp) SYMBOL(strcpy) SYMBOL(strdup) SYMBOL(strerror) SYMBOL(strlen)
  SYMBOL(strncmp) SYMBOL(strncpy) SYMBOL(strrchr) SYMBOL(strstr) SYMBOL(strtod) SYMBOL(strtok)
  SYMBOL(strtol) SYMBOL(strtoul) SYMBOL(tan) SYMBOL(time) SYMBOL(tolower) SYMBOL(toupper)
  SYMBOL(unsetenv) SYMBOL(usleep) SYMBOL(wcslen) SYMBOL(write)
};

/* Its address is the handle of the program. */
static char program;

static _Thread_local char error_text[256];
static _Thread_local int has_error;

static void fail(const char *format, const char *name) {
  snprintf(error_text, sizeof error_text, format, name);
  has_error = 1;
}

static int compare(const void *name, const void *symbol) {
  return strcmp(name, ((const struct symbol *)symbol)->name);
}

static const struct symbol *find(const char *name, const struct symbol *table, size_t count) {
  return bsearch(name, table, count, sizeof *table, compare);
}

void *dlopen(const char *file, int flags) {
  (void)flags;
  if (file && *file) {
    fail("%s: libraries cannot be loaded, everything is linked into the program", file);
    return NULL;
  }
  return &program;
}

void *dlsym(void *restrict handle, const char *restrict name) {
  if (handle != &program && handle != RTLD_DEFAULT) {
    fail("not a handle of dlopen(), looking for %s", name);
    return NULL;
  }
  const struct symbol *found = find(name, python_symbols, sizeof python_symbols / sizeof *python_symbols);
  if (!found) {
    found = find(name, libc_symbols, sizeof libc_symbols / sizeof *libc_symbols);
  }
  if (!found) {
    fail("symbol not found: %s", name);
    return NULL;
  }
  return (void *)found->address;
}

int dlclose(void *handle) {
  if (handle != &program) {
    fail("not a handle of dlopen()%s", "");
    return -1;
  }
  return 0;
}

/* `--wrap`: libc's own is in an object that thread exit needs. */
char *__wrap_dlerror(void);

char *__wrap_dlerror(void) {
  if (!has_error) {
    return NULL;
  }
  has_error = 0;
  return error_text;
}

int dladdr(const void *address, Dl_info *info) {
  (void)address;
  (void)info;
  return 0;
}
