/* A new hash seed for Python that has started already.
 *
 * Hashes of str and bytes depend on a secret, which must be an instance's own: who knows it can choose keys that all fall on one
 * place of a dict. The snapshot of a started Python holds hashes made with the build's secret, in strings, dicts, sets and the
 * interpreter's own tables. At build time weft_seed_prepare() lists all of them; weft_seed_renew() makes them again with another secret. What
 * cannot be listed ends the build. */
#define Py_BUILD_CORE 1

#include <Python.h>

#include "weft_seed.h"

#include <stdlib.h>
#include <string.h>

#include "internal/pycore_dict.h"
#include "internal/pycore_hashtable.h"
#include "internal/pycore_interp.h"
#include "internal/pycore_mimalloc.h"
#include "internal/pycore_object.h"
#include "internal/pycore_pyhash.h"
#include "internal/pycore_pylifecycle.h"
#include "internal/pycore_pymem.h"
#include "internal/pycore_runtime.h"
#include "internal/pycore_tstate.h"

/* As in Objects/dictobject.c and Objects/setobject.c. */
#define PERTURB_SHIFT 5
#define LINEAR_PROBES 9

/* malloc()ed, so that CPython's heaps do not change while they are visited. */
typedef struct {
  void **items;
  size_t count, room;
} list;

static struct {
  list strings; /* str and bytes with a hash */
  list sets, keys; /* every element is a string, or its hash depends on none */
  list derived_sets, derived_keys; /* an element's hash is made of others: a tuple's, an enum member's */
  list types; /* of strings that are no containers: str, bytes, simple subclasses */
} known;

static _Noreturn void give_up(const char *what, PyObject *object) {
  fprintf(stderr, "the hash seed of a started Python cannot be renewed: %s", what);
  if (object) {
    fprintf(stderr, " (%s)", Py_TYPE(object)->tp_name);
  }
  fputc('\n', stderr);
  abort();
}

static void add(list *to, void *item) {
  if (to->count == to->room) {
    to->room = to->room ? 2 * to->room : 1024;
    to->items = realloc(to->items, to->room * sizeof *to->items);
    if (!to->items) {
      give_up("out of memory", NULL);
    }
  }
  to->items[to->count++] = item;
}

/* ---- finding ---------------------------------------------------------------------------------- */

enum dependence { FIXED, TEXT, DERIVED };

static enum dependence dependence(PyObject *key) {
  hashfunc hash = Py_TYPE(key)->tp_hash;
  if (hash == PyUnicode_Type.tp_hash || hash == PyBytes_Type.tp_hash) {
    return TEXT;
  }
  if (PyWeakref_Check(key)) {
    PyObject *referent = NULL;
    if (PyWeakref_GetRef(key, &referent) == 1) {
      enum dependence its = dependence(referent);
      Py_DECREF(referent);
      if (its != FIXED) {
        give_up("a weak reference in a dict or set keeps a hash of its own", key); /* its word for it is private */
      }
    }
    return FIXED;
  }
  return hash == PyBaseObject_Type.tp_hash || hash == PyLong_Type.tp_hash || hash == PyFloat_Type.tp_hash || hash == Py_TYPE(Py_None)->tp_hash ? FIXED : DERIVED;
}

static Py_hash_t *cached_hash(PyObject *string) {
  _Py_COMP_DIAG_PUSH
  _Py_COMP_DIAG_IGNORE_DEPR_DECLS
  return PyUnicode_Check(string) ? &((PyASCIIObject *)string)->hash : &((PyBytesObject *)string)->ob_shash;
  _Py_COMP_DIAG_POP
}

static void find_string(PyObject *op) {
  if (*cached_hash(op) != -1) {
    add(&known.strings, op);
  }
}

static void find_keys(PyDictKeysObject *keys) {
  if (!keys || keys->dk_nentries == 0) {
    return;
  }
  list *to = &known.keys;
  if (keys->dk_kind == DICT_KEYS_GENERAL) {
    PyDictKeyEntry *entries = DK_ENTRIES(keys);
    for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
      if (entries[i].me_key && dependence(entries[i].me_key) == DERIVED) {
        to = &known.derived_keys;
      }
    }
  }
  add(to, keys);
}

static bool active(const setentry *entry) { return entry->key && entry->hash != -1; }

static void find_set(PySetObject *set) {
  list *to = &known.sets;
  for (Py_ssize_t i = 0; i <= set->mask; i++) {
    if (active(&set->table[i]) && dependence(set->table[i].key) == DERIVED) {
      to = &known.derived_sets;
    }
  }
  add(to, set);
}

static bool find_container(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size, void *offset) {
  (void)heap, (void)area, (void)size;
  PyObject *op = block ? (PyObject *)((char *)block + (uintptr_t)offset) : NULL;
  if (!op || Py_REFCNT(op) == 0) {
    return true; /* an area, or kept by a free list */
  }
  const char *type = Py_TYPE(op)->tp_name;
  if (PyUnicode_Check(op) || PyBytes_Check(op)) {
    find_string(op);
  } else if (PyDict_Check(op)) {
    if (PyODict_Check(op) && PyODict_Size(op) > 0) {
      give_up("an OrderedDict keeps hashes of its own", op);
    }
    find_keys(((PyDictObject *)op)->ma_keys);
  } else if (PyAnySet_Check(op)) {
    find_set((PySetObject *)op);
  } else if (PyType_Check(op)) {
    PyTypeObject *made = (PyTypeObject *)op;
    if (PyType_HasFeature(made, Py_TPFLAGS_HEAPTYPE)) {
      find_keys(((PyHeapTypeObject *)op)->ht_cached_keys);
    }
    if (PyType_FastSubclass(made, Py_TPFLAGS_UNICODE_SUBCLASS | Py_TPFLAGS_BYTES_SUBCLASS) && !PyType_IS_GC(made)) {
      add(&known.types, made);
    }
  } else if (strncmp(type, "datetime.", 9) == 0 || strcmp(type, "functools._lru_list_elem") == 0) {
    give_up("an object keeps a hash of its own", op);
  }
  return true;
}

/* Not all blocks are objects: those that are strings have a string's type where it belongs, and a reference count. */
static bool find_simple(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size, void *offset) {
  (void)heap, (void)area;
  PyObject *op = block ? (PyObject *)((char *)block + (uintptr_t)offset) : NULL;
  if (op && size >= sizeof(PyBytesObject) + (uintptr_t)offset) {
    for (size_t i = 0; i < known.types.count; i++) {
      if (op->ob_type == known.types.items[i] && Py_REFCNT(op) > 0) {
        find_string(op);
      }
    }
  }
  return true;
}

static int find_static(_Py_hashtable_t *table, const void *key, const void *value, void *data) {
  (void)table, (void)value, (void)data;
  find_string((PyObject *)key);
  return 0;
}

static int by_address(const void *a, const void *b) {
  uintptr_t left = *(const uintptr_t *)a, right = *(const uintptr_t *)b;
  return left < right ? -1 : left > right;
}

/* Keys are found with each of the dicts that share them. */
static void unique(list *one) {
  qsort(one->items, one->count, sizeof *one->items, by_address);
  size_t kept = 0;
  for (size_t i = 0; i < one->count; i++) {
    if (i == 0 || one->items[i] != one->items[i - 1]) {
      one->items[kept++] = one->items[i];
    }
  }
  one->count = kept;
}

static void find(void) {
  add(&known.types, &PyUnicode_Type);
  add(&known.types, &PyBytes_Type);
  struct _mimalloc_thread_state *state = &((_PyThreadStateImpl *)_PyThreadState_GET())->mimalloc;
  /* As in gc_visit_heaps() of Python/gc_free_threading.c: a debug build puts two words before each object, and some types two pointers. */
  uintptr_t debug = _PyMem_DebugEnabled() ? 2 * sizeof(size_t) : 0;
  mi_heap_visit_blocks(&state->heaps[_Py_MIMALLOC_HEAP_GC], true, find_container, (void *)debug);
  mi_heap_visit_blocks(&state->heaps[_Py_MIMALLOC_HEAP_GC_PRE], true, find_container, (void *)(debug + 2 * sizeof(PyObject *)));
  mi_heap_visit_blocks(&state->heaps[_Py_MIMALLOC_HEAP_OBJECT], true, find_simple, (void *)debug);
  _Py_hashtable_foreach(_PyRuntime.cached_objects.interned_strings, find_static, NULL);
  for (int i = 0; i < 256; i++) {
    find_string((PyObject *)&_Py_SINGLETON(bytes_characters)[i].ob);
  }
  find_string((PyObject *)&_Py_SINGLETON(bytes_empty));
  unique(&known.strings);
  unique(&known.keys);
  unique(&known.derived_keys);
}

/* ---- making again -------------------------------------------------------------------------------- */

static void forget(PyObject *string) { *cached_hash(string) = -1; }

static Py_hash_t hash_of(PyObject *key) {
  Py_hash_t hash = PyObject_Hash(key);
  if (hash == -1) {
    give_up("an object has no hash any more", key);
  }
  return hash;
}

static Py_ssize_t get_index(PyDictKeysObject *keys, size_t at) {
  int log = DK_LOG_SIZE(keys);
  return log < 8 ? ((int8_t *)keys->dk_indices)[at] : log < 16 ? ((int16_t *)keys->dk_indices)[at] : ((int32_t *)keys->dk_indices)[at];
}

static void set_index(PyDictKeysObject *keys, size_t at, Py_ssize_t index) {
  int log = DK_LOG_SIZE(keys);
  if (log < 8) {
    ((int8_t *)keys->dk_indices)[at] = (int8_t)index;
  } else if (log < 16) {
    ((int16_t *)keys->dk_indices)[at] = (int16_t)index;
  } else {
    ((int32_t *)keys->dk_indices)[at] = (int32_t)index;
  }
}

/* Entries stay where they are, so what has an entry's number keeps it. */
static void renew_keys(PyDictKeysObject *keys) {
  size_t mask = (size_t)DK_SIZE(keys) - 1;
  bool general = keys->dk_kind == DICT_KEYS_GENERAL;
  memset(keys->dk_indices, 0xff, (size_t)1 << keys->dk_log2_index_bytes); /* DKIX_EMPTY */
  for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
    PyDictKeyEntry *entry = general ? &DK_ENTRIES(keys)[i] : NULL;
    PyObject *key = general ? entry->me_key : DK_UNICODE_ENTRIES(keys)[i].me_key;
    if (!key) {
      continue; /* deleted */
    }
    Py_hash_t hash = entry && dependence(key) == FIXED ? entry->me_hash : hash_of(key);
    if (entry) {
      entry->me_hash = hash;
    }
    size_t perturb = (size_t)hash, at = (size_t)hash & mask;
    while (get_index(keys, at) != DKIX_EMPTY) {
      perturb >>= PERTURB_SHIFT;
      at = mask & (at * 5 + perturb + 1);
    }
    set_index(keys, at, i);
  }
}

static setentry *free_place(setentry *table, size_t mask, Py_hash_t hash) {
  size_t perturb = (size_t)hash, at = (size_t)hash & mask;
  for (;;) {
    size_t probes = at + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;
    for (size_t i = 0; i <= probes; i++) {
      if (!table[at + i].key) {
        return &table[at + i];
      }
    }
    perturb >>= PERTURB_SHIFT;
    at = (at * 5 + 1 + perturb) & mask;
  }
}

static void renew_set(PySetObject *set) {
  size_t mask = (size_t)set->mask, size = (mask + 1) * sizeof(setentry);
  setentry *old = malloc(size);
  if (!old) {
    give_up("out of memory", NULL);
  }
  memcpy(old, set->table, size);
  memset(set->table, 0, size);
  set->fill = set->used;
  set->hash = -1;
  for (size_t i = 0; i <= mask; i++) {
    if (active(&old[i])) {
      Py_hash_t hash = dependence(old[i].key) == FIXED ? old[i].hash : hash_of(old[i].key);
      *free_place(set->table, mask, hash) = (setentry){old[i].key, hash};
    }
  }
  free(old);
}

static void renew_table(_Py_hashtable_t *table) {
  _Py_slist_item_t *all = NULL;
  for (size_t i = 0; i < table->nbuckets; i++) {
    for (_Py_slist_item_t *one = table->buckets[i].head, *next; one; one = next) {
      next = one->next;
      one->next = all;
      all = one;
    }
    table->buckets[i].head = NULL;
  }
  for (_Py_slist_item_t *one = all, *next; one; one = next) {
    next = one->next;
    _Py_hashtable_entry_t *entry = (_Py_hashtable_entry_t *)one;
    entry->key_hash = table->hash_func(entry->key);
    _Py_slist_t *bucket = &table->buckets[entry->key_hash & (table->nbuckets - 1)];
    one->next = bucket->head;
    bucket->head = one;
  }
}

#define EACH(list, type, use)                       \
  for (size_t i = 0; i < (list).count; i++) {       \
    use((type)(list).items[i]);                     \
  }

/* Hashes that Python code makes come last, when everything else is in order. */
static void renew(void) {
  EACH(known.strings, PyObject *, forget)
  EACH(known.sets, PySetObject *, renew_set)
  EACH(known.keys, PyDictKeysObject *, renew_keys)
  renew_table(_PyRuntime.cached_objects.interned_strings);
  renew_table(_PyRuntime.imports.extensions.hashtable);
  EACH(known.derived_sets, PySetObject *, renew_set)
  renew_table(_PyInterpreterState_GET()->code_state.constants);
  EACH(known.derived_keys, PyDictKeysObject *, renew_keys)
}

/* ---- the seed ------------------------------------------------------------------------------------- */

/* What Python/bootstrap_hash.c makes of PYTHONHASHSEED. */
static void make_secret(uint32_t seed) {
  unsigned char *secret = (unsigned char *)&_Py_HashSecret;
  memset(secret, 0, sizeof _Py_HashSecret);
  if (seed != 0) {
    for (size_t i = 0; i < sizeof _Py_HashSecret; i++) {
      seed = seed * 214013 + 2531011;
      secret[i] = (seed >> 16) & 0xff;
    }
  }
}

static void check(PyObject *key, Py_hash_t hash) {
  bool right = PyWeakref_Check(key) || hash == PyObject_Hash(key);
  if (Py_TYPE(key)->tp_hash == PyUnicode_Type.tp_hash) {
    right = hash == _Py_HashBytes(PyUnicode_DATA(key), PyUnicode_GET_LENGTH(key) * PyUnicode_KIND(key));
  }
  if (!right) {
    give_up("something is found by an older hash", key);
  }
}

static void check_keys(PyDictKeysObject *keys) {
  bool general = keys->dk_kind == DICT_KEYS_GENERAL;
  for (Py_ssize_t i = 0; i < keys->dk_nentries; i++) {
    PyObject *key = general ? DK_ENTRIES(keys)[i].me_key : DK_UNICODE_ENTRIES(keys)[i].me_key;
    if (key) {
      check(key, general ? DK_ENTRIES(keys)[i].me_hash : PyObject_Hash(key));
    }
  }
}

static void check_set(PySetObject *set) {
  for (Py_ssize_t i = 0; i <= set->mask; i++) {
    if (active(&set->table[i])) {
      check(set->table[i].key, set->table[i].hash);
    }
  }
}

static void clear(void) {
  list *all[] = {&known.strings, &known.sets, &known.keys, &known.derived_sets, &known.derived_keys, &known.types};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    free(all[i]->items);
    *all[i] = (list){NULL, 0, 0};
  }
}

/* What would fail in an instance fails here. */
static void try(uint32_t seed) {
  make_secret(seed);
  renew();
  EACH(known.keys, PyDictKeysObject *, check_keys)
  EACH(known.derived_keys, PyDictKeysObject *, check_keys)
  EACH(known.sets, PySetObject *, check_set)
  EACH(known.derived_sets, PySetObject *, check_set)
}

void weft_seed_prepare(void) {
  PyGC_Collect(); /* garbage and free lists */
  find();
  try(1);
  try(0);
  /* Hashes that Python code makes may have hashed strings that had none. */
  clear();
  find();
}

int weft_seed_renew(const char *given) {
  if (!given || *given == '\0' || strcmp(given, "random") == 0) {
    if (_PyOS_URandom(&_Py_HashSecret, sizeof _Py_HashSecret) != 0) {
      return -1;
    }
  } else {
    char *end;
    unsigned long long seed = strtoull(given, &end, 10);
    if (*end != '\0' || *given < '0' || *given > '9' || seed > UINT32_MAX) {
      PyErr_SetString(PyExc_ValueError, "PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]");
      return -1;
    }
    make_secret((uint32_t)seed);
  }
  renew();
  clear();
  return 0;
}
