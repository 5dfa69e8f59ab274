/* poll and select. Every round queues one slot per descriptor in the same critical
 * section that looks at its state, sleeps when nothing was ready, and takes all slots
 * back: a change after the look finds the slot and leaves a token. */
#include "sys.h"

typedef struct watched {
  weft_file *file;
  weft_pollslot slot;
} watched;

static uint32_t look(weft_file *file, weft_pollslot *slot) {
  if (slot) {
    slot->used = 0;
  }
  if (file->flags & O_PATH) {
    return POLLNVAL;
  }
  if (file->ops->poll) {
    uint32_t events = file->ops->poll(file, slot);
    if (events & POLLIN) {
      events |= POLLRDNORM;
    }
    if (events & POLLOUT) {
      events |= POLLWRNORM;
    }
    return events;
  }
  return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

static int look_at_all(struct pollfd *fds, watched *set, size_t count, bool enqueue) {
  int ready = 0;
  for (size_t i = 0; i < count; i++) {
    fds[i].revents = 0;
    if (fds[i].fd < 0) {
      continue;
    }
    uint32_t events = POLLNVAL;
    if (set[i].file) {
      events = look(set[i].file, enqueue ? &set[i].slot : NULL);
      events &= (uint32_t)(uint16_t)fds[i].events | POLLERR | POLLHUP | POLLNVAL;
    }
    fds[i].revents = (short)events;
    ready += events != 0;
  }
  return ready;
}

static void leave_all(watched *set, size_t count) {
  for (size_t i = 0; i < count; i++) {
    for (int k = 0; k < set[i].slot.used; k++) {
      weft_waitq_remove(&set[i].slot.node[k]);
    }
    set[i].slot.used = 0;
  }
}

int weft_sys_poll(struct pollfd *fds, size_t count, int64_t timeout_ns) {
  if (count > 65536) {
    return -EINVAL;
  }
  watched few[8];
  watched *set = count <= 8 ? few : malloc(count * sizeof *set);
  if (!set) {
    return -ENOMEM;
  }
  for (size_t i = 0; i < count; i++) {
    set[i].file = fds[i].fd < 0 ? NULL : weft_fd_get(fds[i].fd);
    set[i].slot.used = 0;
  }
  int64_t deadline = weft_deadline(timeout_ns);
  int ready = look_at_all(fds, set, count, false);
  while (ready == 0 && timeout_ns != 0) {
    int64_t left = -1;
    if (deadline >= 0) {
      left = deadline - weft_monotonic_ns();
      if (left <= 0) {
        break;
      }
    }
    ready = look_at_all(fds, set, count, true);
    enum weft_park_result result = WEFT_PARK_OK;
    if (ready == 0) {
      result = weft_park(WEFT_WAIT_POLL, count ? (uintptr_t)fds[0].fd : 0, left);
    }
    leave_all(set, count);
    if (result != WEFT_PARK_OK) {
      /* After the slots are gone: nobody can give us a token any more. */
      weft_park_cancel();
    }
    if (result == WEFT_PARK_INTR) {
      ready = -EINTR;
    } else if (result == WEFT_PARK_TIMEOUT) {
      ready = look_at_all(fds, set, count, false);
      break;
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (set[i].file) {
      weft_file_unref(set[i].file);
    }
  }
  if (set != few) {
    free(set);
  }
  return ready;
}

int weft_sys_select(int count, fd_set *read, fd_set *write, fd_set *except, int64_t timeout_ns) {
  if (count < 0) {
    return -EINVAL;
  }
  if (count > FD_SETSIZE) {
    count = FD_SETSIZE;
  }
  struct pollfd *fds = malloc(sizeof *fds * (size_t)(count ? count : 1));
  if (!fds) {
    return -ENOMEM;
  }
  size_t used = 0;
  for (int fd = 0; fd < count; fd++) {
    short events = 0;
    if (read && FD_ISSET(fd, read)) {
      events |= POLLIN;
    }
    if (write && FD_ISSET(fd, write)) {
      events |= POLLOUT;
    }
    if (except && FD_ISSET(fd, except)) {
      events |= POLLPRI;
    }
    if (events) {
      fds[used++] = (struct pollfd){.fd = fd, .events = events};
    }
  }
  int ready = weft_sys_poll(fds, used, timeout_ns);
  for (size_t i = 0; ready > 0 && i < used; i++) {
    if (fds[i].revents & POLLNVAL) {
      ready = -EBADF;
    }
  }
  if (ready >= 0) {
    ready = 0;
    for (size_t i = 0; i < used; i++) {
      int fd = fds[i].fd;
      short got = fds[i].revents;
      if (fds[i].events & POLLIN) {
        got & (POLLIN | POLLHUP | POLLERR) ? (void)ready++ : FD_CLR(fd, read);
      }
      if (fds[i].events & POLLOUT) {
        got & (POLLOUT | POLLERR) ? (void)ready++ : FD_CLR(fd, write);
      }
      if (fds[i].events & POLLPRI) {
        got & POLLPRI ? (void)ready++ : FD_CLR(fd, except);
      }
    }
  }
  free(fds);
  return ready;
}
