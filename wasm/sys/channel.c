#include "channel.h"

weft_channel *weft_channel_new(uint32_t readers, uint32_t writers) {
  weft_channel *channel = calloc(1, sizeof *channel);
  if (channel) {
    channel->refs = 1;
    channel->readers = readers;
    channel->writers = writers;
    pthread_mutex_init(&channel->lock, NULL);
    weft_waitq_init(&channel->queue, &channel->lock);
  }
  return channel;
}

weft_channel *weft_channel_ref(weft_channel *channel) {
  atomic_fetch_add_explicit(&channel->refs, 1, memory_order_relaxed);
  return channel;
}

void weft_channel_unref(weft_channel *channel) {
  if (atomic_fetch_sub_explicit(&channel->refs, 1, memory_order_acq_rel) == 1) {
    pthread_mutex_destroy(&channel->lock);
    free(channel->bytes);
    free(channel);
  }
}

/* ---- under the lock ------------------------------------------------------------------ */

static void copy_out(weft_channel *channel, weft_iov_cursor *to, uint32_t length, bool keep) {
  uint32_t head = channel->head;
  uint32_t first = WEFT_CHANNEL_SIZE - head < length ? WEFT_CHANNEL_SIZE - head : length;
  weft_iov_put(to, channel->bytes + head, first);
  weft_iov_put(to, channel->bytes, length - first);
  if (!keep) {
    channel->head = (head + length) % WEFT_CHANNEL_SIZE;
    channel->used -= length;
  }
}

static void copy_in(weft_channel *channel, weft_iov_cursor *from, uint32_t length) {
  uint32_t tail = (channel->head + channel->used) % WEFT_CHANNEL_SIZE;
  uint32_t first = WEFT_CHANNEL_SIZE - tail < length ? WEFT_CHANNEL_SIZE - tail : length;
  weft_iov_get(from, channel->bytes + tail, first);
  weft_iov_get(from, channel->bytes, length - first);
  channel->used += length;
}

static int wait_for(weft_channel *channel, uint32_t event, int64_t deadline) {
  int error = weft_waitq_wait(&channel->queue, event,
                              event == POLLIN ? WEFT_WAIT_READ : WEFT_WAIT_WRITE,
                              (uintptr_t)channel, deadline);
  return error == -ETIMEDOUT ? -EAGAIN : error;
}

/* ---- reading and writing ---------------------------------------------------------------- */

ssize_t weft_channel_read(weft_channel *channel, const struct iovec *iov, int count, int flags,
                          int64_t deadline) {
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0) {
    return length;
  }
  weft_iov_cursor cursor = {iov, count, 0};
  size_t done = 0;
  int error = 0;
  pthread_mutex_lock(&channel->lock);
  for (;;) {
    if (channel->used > 0) {
      size_t part = (size_t)length - done;
      part = part < channel->used ? part : channel->used;
      copy_out(channel, &cursor, (uint32_t)part, (flags & WEFT_CHANNEL_PEEK) != 0);
      done += part;
      if (!(flags & WEFT_CHANNEL_PEEK)) {
        weft_waitq_wake(&channel->queue, POLLOUT);
      }
      if (!(flags & WEFT_CHANNEL_ALL) || (flags & WEFT_CHANNEL_PEEK) || done == (size_t)length) {
        break;
      }
    }
    if (channel->reset && done == 0) {
      channel->reset = false;
      error = -ECONNRESET;
      break;
    }
    if (channel->writers == 0 || channel->readers == 0) {
      break; /* the end; or this end was shut down */
    }
    error = (flags & WEFT_CHANNEL_NOWAIT) ? -EAGAIN : wait_for(channel, POLLIN, deadline);
    if (error) {
      break;
    }
  }
  pthread_mutex_unlock(&channel->lock);
  return done ? (ssize_t)done : error;
}

ssize_t weft_channel_write(weft_channel *channel, const struct iovec *iov, int count, int flags,
                           int64_t deadline) {
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0) {
    return length;
  }
  weft_iov_cursor cursor = {iov, count, 0};
  size_t done = 0;
  size_t needed = (flags & WEFT_CHANNEL_ATOMIC) && length <= (ssize_t)WEFT_PIPE_BUF
                      ? (size_t)length
                      : 1;
  int error = 0;
  pthread_mutex_lock(&channel->lock);
  while (done < (size_t)length) {
    if (channel->readers == 0 && channel->writers > 0 && channel->swallow && !channel->reset) {
      channel->swallow = false;
      done = (size_t)length;
      break;
    }
    if (channel->readers == 0 || channel->writers == 0) {
      error = channel->reset ? -ECONNRESET : -EPIPE;
      channel->reset = false;
      break;
    }
    if (!channel->bytes && !(channel->bytes = malloc(WEFT_CHANNEL_SIZE))) {
      error = -ENOBUFS;
      break;
    }
    size_t space = WEFT_CHANNEL_SIZE - channel->used;
    if (space >= needed) {
      size_t part = (size_t)length - done < space ? (size_t)length - done : space;
      copy_in(channel, &cursor, (uint32_t)part);
      done += part;
      needed = 1;
      weft_waitq_wake(&channel->queue, POLLIN);
      continue;
    }
    error = (flags & WEFT_CHANNEL_NOWAIT) ? -EAGAIN : wait_for(channel, POLLOUT, deadline);
    if (error) {
      break;
    }
  }
  pthread_mutex_unlock(&channel->lock);
  return done ? (ssize_t)done : error;
}

/* ---- ends ----------------------------------------------------------------------------------- */

void weft_channel_close_reader(weft_channel *channel, bool reset_writer_end, bool swallow) {
  pthread_mutex_lock(&channel->lock);
  if (channel->readers > 0 && --channel->readers == 0) {
    channel->reset = channel->reset || reset_writer_end;
    channel->swallow = swallow;
    /* Nobody will read them: what is there must not count as input any more. */
    channel->used = 0;
    weft_waitq_wake(&channel->queue, POLLIN | POLLOUT);
  }
  pthread_mutex_unlock(&channel->lock);
}

void weft_channel_close_writer(weft_channel *channel, bool reset) {
  pthread_mutex_lock(&channel->lock);
  if (channel->writers > 0 && --channel->writers == 0) {
    channel->reset = channel->reset || reset;
    weft_waitq_wake(&channel->queue, POLLIN | POLLOUT);
  }
  pthread_mutex_unlock(&channel->lock);
}

/* ---- polling ---------------------------------------------------------------------------------- */

uint32_t weft_channel_poll_read(weft_channel *channel, weft_pollslot *slot) {
  uint32_t events = 0;
  pthread_mutex_lock(&channel->lock);
  if (channel->used > 0) {
    events |= POLLIN;
  }
  if (channel->reset) {
    events |= POLLERR | POLLIN;
  }
  if (channel->writers == 0 || channel->readers == 0) {
    events |= POLLHUP;
  }
  weft_pollslot_add(slot, &channel->queue, POLLIN);
  pthread_mutex_unlock(&channel->lock);
  return events;
}

uint32_t weft_channel_poll_write(weft_channel *channel, weft_pollslot *slot) {
  uint32_t events = 0;
  pthread_mutex_lock(&channel->lock);
  if (channel->readers == 0) {
    events = POLLOUT | POLLERR;
  } else if (WEFT_CHANNEL_SIZE - channel->used >= WEFT_PIPE_BUF) {
    events = POLLOUT;
  }
  weft_pollslot_add(slot, &channel->queue, POLLOUT);
  pthread_mutex_unlock(&channel->lock);
  return events;
}

uint32_t weft_channel_available(weft_channel *channel) {
  pthread_mutex_lock(&channel->lock);
  uint32_t used = channel->used;
  pthread_mutex_unlock(&channel->lock);
  return used;
}
