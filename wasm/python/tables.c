/* Tables of modules that few programs import. They are not in the module's data but in files of the library, and are read
 * when such a module is first imported (cpython-build/modules/tables.py takes them out). Until then they are zeros that nobody
 * looks at: all that uses them is reached through their module.
 *
 * A set of tables is filled under its lock, and `filled` is stored with release order after that; after a failure nobody
 * uses them, and the next import tries again. Nobody attaches, which at Python's end can take for ever, with the lock. */
#include <Python.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "weft_tables.h"

typedef struct {
  char *at;
  size_t size;
} table;

typedef struct {
  const char *path;
  const table *tables;
  size_t count;
  pthread_mutex_t lock;
  atomic_int filled;
} table_set;

/* Under names of ours: a table may have one that C declares. */
#define DECLARE(symbol, size) extern char weft_table_##symbol[size] __asm__(#symbol);
WEFT_TABLES_UNICODEDATA(DECLARE)
WEFT_TABLES_CJKCODECS(DECLARE)

#define PLACE(symbol, size) {weft_table_##symbol, size},
static const table unicodedata[] = {WEFT_TABLES_UNICODEDATA(PLACE)};
static const table cjkcodecs[] = {WEFT_TABLES_CJKCODECS(PLACE)};

#define SET(tables) {WEFT_STDLIB "/lib-dynload/" #tables ".tables", tables, sizeof tables / sizeof *tables, PTHREAD_MUTEX_INITIALIZER, 0}
static table_set unicodedata_set = SET(unicodedata), cjkcodecs_set = SET(cjkcodecs);

static int read_tables(const table_set *set) {
  int file = open(set->path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return errno;
  }
  int error = 0;
  for (size_t i = 0; i < set->count && error == 0; i++) {
    for (size_t done = 0; done < set->tables[i].size && error == 0;) {
      ssize_t got = read(file, set->tables[i].at + done, set->tables[i].size - done);
      if (got > 0) {
        done += (size_t)got;
      } else if (got == 0) {
        error = EIO; /* the library is of another build */
      } else if (errno != EINTR) {
        error = errno;
      }
    }
  }
  close(file);
  return error;
}

/* False with an exception. */
static bool fill(table_set *set) {
  int error = 0;
  if (!atomic_load_explicit(&set->filled, memory_order_acquire)) {
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&set->lock);
    if (!atomic_load_explicit(&set->filled, memory_order_relaxed)) {
      error = read_tables(set);
      atomic_store_explicit(&set->filled, error == 0, memory_order_release);
    }
    pthread_mutex_unlock(&set->lock);
    Py_END_ALLOW_THREADS
  }
  if (error != 0) {
    errno = error;
    PyErr_SetFromErrnoWithFilename(PyExc_OSError, set->path);
  }
  return error == 0;
}

#define MODULE(name, set)                                                                                              \
  PyObject *__real_PyInit_##name(void);                                                                                \
  PyObject *__wrap_PyInit_##name(void) { return fill(&set) ? __real_PyInit_##name() : NULL; }

MODULE(unicodedata, unicodedata_set)
MODULE(_codecs_cn, cjkcodecs_set)
MODULE(_codecs_hk, cjkcodecs_set)
MODULE(_codecs_jp, cjkcodecs_set)
MODULE(_codecs_kr, cjkcodecs_set)
MODULE(_codecs_tw, cjkcodecs_set)
