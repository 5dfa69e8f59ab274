/* What Python classes and functions that TypeScript defines are made of: callables that run a function
 * of a host module in the calling thread's realm, fields in the object's own memory, and the borrow
 * checker between them. The types themselves are ordinary heap types with slots; see class.c. */
#ifndef WEFT_CLASS_H
#define WEFT_CLASS_H

#include <Python.h>
#include <stdint.h>

/* What a function does with its first argument. */
enum weft_function_kind {
  WEFT_FUNCTION = 0,    /* nothing */
  WEFT_METHOD = 1,      /* it is an object of the owner, borrowed during the call */
  WEFT_CONSTRUCTOR = 2, /* it is a type, and the host's function gets a new object of it */
  WEFT_NOTHING = 3,     /* nothing is called at all */
};

/* How a call or an access borrows the object. */
enum weft_borrow {
  WEFT_BORROW_NONE = 0,
  WEFT_BORROW_SHARED = 1,
  WEFT_BORROW_EXCLUSIVE = 2,
  WEFT_BORROW_LOCKED = 3, /* waits, detached, instead of failing */
};

/* Words in an object whose class is borrowed, at the class's `borrow` offset. */
struct weft_borrow_words {
  _Atomic int32_t state;          /* shared borrows, or -1 for an exclusive one; a PyMutex where the class is locked */
  const char *volatile holder;    /* name of a function that has it, for messages only; names are never freed */
  _Atomic int32_t owner;          /* locked: the thread that has it; unsendable: the realm whose it is; else 0 */
};

/* Kinds of fields. */
enum weft_field_kind {
  WEFT_FIELD_I32 = 0,
  WEFT_FIELD_I64 = 1,
  WEFT_FIELD_F64 = 2,
  WEFT_FIELD_BOOL = 3,   /* one word */
  WEFT_FIELD_OBJECT = 4, /* any object */
  WEFT_FIELD_STR = 5,    /* a str */
  WEFT_FIELD_BYTES = 6,  /* `size` bytes in the object */
};

enum weft_flags {
  WEFT_READONLY = 1,   /* a field that Python code cannot set */
  WEFT_UNSENDABLE = 2, /* only threads of the realm that made the object may use it */
  WEFT_LOCKED = 4,     /* field access waits for the lock */
};

/* Numbers a host module and makes it importable; the text is copied. Again for the same name gives the
 * same number, and the first URL stays. -1 without memory. Any thread. */
int32_t weft_module_register(const char *name, const char *url);
/* Where the module's code is, or null. Never freed. Any thread. */
const char *weft_module_url(int32_t module);
/* Whether a realm's definition of the module is the one that all realms have: the first caller's decides. */
int32_t weft_module_same(int32_t module, int32_t fingerprint);

/* Attached, all of these; null or -1 with a pending exception. */

/* The finder for sys.meta_path; it is one object. */
PyObject *weft_module_finder(void);
/* Makes the interpreter take the GIL for good, unless it was told otherwise, as a module does that needs it. */
int weft_module_needs_gil(PyObject *module, PyObject *name);

/* A callable for function `index` of a host module. `owner` may be null for WEFT_FUNCTION. `borrow` is the
 * offset of the words, or -1. `qualname` is copied, `doc` and `signature` may be null. */
PyObject *weft_function_new(PyTypeObject *owner, int32_t module, int32_t index, int32_t kind, int32_t borrow,
                            const char *qualname, PyObject *doc, PyObject *signature);
/* A descriptor for a field at an offset of the owner's objects. */
PyObject *weft_field_new(PyTypeObject *owner, int32_t kind, int32_t offset, int32_t size, int32_t flags, int32_t borrow,
                         const char *name, PyObject *doc);
/* Makes a type that has no objects yet one of ours: every slot whose bit is 0 in `objects` (32 in each word)
 * becomes a plain word, and calling the type takes a short way to its constructor. Returns the offset of the first slot, 0 where there is none. */
int32_t weft_class_words(PyTypeObject *type, const uint32_t *objects, int32_t final);
/* What a class has besides its slots; see class_memory.c. */
enum { WEFT_DIMENSIONS = 4 };
struct weft_class_memory {
  int32_t spares;                 /* objects whose memory is kept for the next ones */
  int32_t offset, size, itemsize; /* of the bytes that its buffers show */
  int32_t format;                 /* a character of the struct module */
  int32_t readonly;
  int32_t borrow, flags;          /* of the class, as a field's */
  int32_t shape[WEFT_DIMENSIONS]; /* 0 after the last; all 0: there are no buffers */
};
/* For a type that has no objects yet. `name` is what looks at an object when a buffer is asked for; it is copied. */
int32_t weft_class_memory(PyTypeObject *type, const struct weft_class_memory *said, const char *name);

/* What keeps a state that refers to Python objects: in the place of its proxy; see class_state.c. `owner` is the object
 * whose state it is, and not referred to. */
PyObject *weft_state_new(int32_t module, int32_t index, PyObject *owner, PyObject *proxy);
/* The proxy, borrowed; null once the collector has cleared it. */
PyObject *weft_state_proxy(PyObject *state);
/* During weft_host_traverse(): room for the references that the host's function named; null without memory. */
PyObject **weft_state_room(PyObject *state, int32_t count);

/* Around making types, and looking whether somebody else has: waits, detached. May be nested. */
void weft_class_enter(void);
void weft_class_leave(void);
/* Makes a type that of class `index` of a module, unless another thread was faster: a new reference to the type
 * that all realms use from now on, which lives as long as the interpreter. */
PyObject *weft_class_publish(int32_t module, int32_t index, PyTypeObject *type, int32_t offset);
/* That type, borrowed, or null without an exception; and its first slot's offset. Any thread. */
PyObject *weft_class_type(int32_t module, int32_t index);
int32_t weft_class_offset(int32_t module, int32_t index);
/* Borrows an object: 0, or -1. weft_borrow_end() ends it. `name` is never freed. */
int32_t weft_borrow_begin(PyObject *object, int32_t borrow, int32_t mode, int32_t flags, const char *name);
void weft_borrow_end(PyObject *object, int32_t borrow, int32_t mode);

/* Imports, in wasm/python-library.js. */
/* `borrow` and `name` are for weft_borrow_begin(). */
extern PyObject *weft_host_function(int32_t module, int32_t index, PyObject *const *arguments, Py_ssize_t count, PyObject *names,
                                    int32_t borrow, const char *name);
extern int32_t weft_host_module(int32_t module, PyObject *object);
/* Asks which references a state owns; the world may be stopped. `id` is the state's number in this realm. */
extern void weft_host_traverse(int32_t module, int32_t index, int32_t id, PyObject *owner, PyObject *state);
/* Lets a state that is garbage release them. */
extern void weft_host_clear(int32_t module, int32_t index, int32_t id);

#endif
