#include "sys.h"

int64_t weft_monotonic_ns(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct timespec weft_realtime(void) {
  struct timespec ts;
  clock_gettime(CLOCK_REALTIME, &ts);
  return ts;
}

int64_t weft_deadline(int64_t timeout_ns) {
  if (timeout_ns < 0) {
    return -1;
  }
  int64_t now = weft_monotonic_ns();
  return timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

void weft_waitq_init(weft_waitq *queue, pthread_mutex_t *lock) {
  queue->lock = lock;
  queue->head = NULL;
}

void weft_waitq_add(weft_waitq *queue, weft_waitnode *node, uint32_t events) {
  node->queue = queue;
  node->thread = weft_self();
  node->events = events;
  node->next = queue->head;
  node->link = &queue->head;
  if (node->next) {
    node->next->link = &node->next;
  }
  queue->head = node;
}

static void unlink_node(weft_waitnode *node) {
  if (node->link) {
    *node->link = node->next;
    if (node->next) {
      node->next->link = node->link;
    }
    node->link = NULL;
  }
}

void weft_waitq_remove(weft_waitnode *node) {
  pthread_mutex_lock(node->queue->lock);
  unlink_node(node);
  pthread_mutex_unlock(node->queue->lock);
}

/* Everyone who waits for one of the events is woken and looks again. Waking a single
 * one would lose the wake when that one is interrupted at the same moment. */
void weft_waitq_wake(weft_waitq *queue, uint32_t events) {
  for (weft_waitnode *node = queue->head; node; node = node->next) {
    if (node->events & events) {
      weft_unpark(node->thread);
    }
  }
}

int weft_waitq_wait(weft_waitq *queue, uint32_t events, enum weft_wait_kind kind,
                    uintptr_t object, int64_t deadline) {
  int64_t left = -1;
  if (deadline >= 0) {
    left = deadline - weft_monotonic_ns();
    if (left <= 0) {
      return -ETIMEDOUT;
    }
  }
  weft_waitnode node;
  weft_waitq_add(queue, &node, events);
  pthread_mutex_unlock(queue->lock);
  enum weft_park_result result = weft_park(kind, object, left);
  pthread_mutex_lock(queue->lock);
  unlink_node(&node);
  if (result == WEFT_PARK_OK) {
    return 0;
  }
  /* A waker may have found the node before we unlinked it. Its token is of no use
   * to a later wait; what it announced, the caller's next attempt will see. */
  weft_park_cancel();
  return result == WEFT_PARK_INTR ? -EINTR : -ETIMEDOUT;
}

void weft_pollslot_add(weft_pollslot *slot, weft_waitq *queue, uint32_t events) {
  if (slot) {
    weft_waitq_add(queue, &slot->node[slot->used++], events);
  }
}
