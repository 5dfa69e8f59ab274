/* Reference counts may be touched only by attached threads; a host thread drops references at any
 * time. A detached thread puts them on a list, and whoever attaches next, or an idle main thread,
 * releases them.
 *
 * `head` is a stack to which anyone pushes by compare-and-swap and of which only the whole is taken,
 * by exchange: no node can be taken and come back between a load and its swap. `words.dropped` is set
 * after the push and cleared before the exchange, so a push that the exchange misses leaves it set. */
#include <stdlib.h>

#include "weft_python.h"

typedef struct node {
  struct node *next;
  PyObject *object;
} node;

static _Atomic(node *) head;

void weft_pool_drop(PyObject *object) {
  node *n = malloc(sizeof *n);
  if (!n) {
    /* Out of memory: the object leaks, which is the lesser harm. */
    return;
  }
  n->object = object;
  n->next = atomic_load(&head);
  while (!atomic_compare_exchange_weak(&head, &n->next, n)) {
  }
  if (atomic_exchange(&weft_python_words()->dropped, 1) == 0) {
    weft_serve_wake();
  }
}

void weft_pool_drain(void) {
  atomic_store(&weft_python_words()->dropped, 0);
  node *n = atomic_exchange(&head, NULL);
  while (n) {
    node *next = n->next;
    PyObject *object = n->object;
    free(n);
    /* Runs destructors, which may attach, drop and drain again: nothing of ours is held. */
    Py_DECREF(object);
    n = next;
  }
}
