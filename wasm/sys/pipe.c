/* Pipes, and FIFOs: pipes that are found by name. */
#include "channel.h"

static ssize_t pipe_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)offset;
  return weft_channel_read(file->data, iov, count,
                           weft_file_nonblocking(file) ? WEFT_CHANNEL_NOWAIT : 0, -1);
}

static ssize_t pipe_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                          bool append) {
  (void)offset;
  (void)append;
  int flags = WEFT_CHANNEL_ATOMIC | (weft_file_nonblocking(file) ? WEFT_CHANNEL_NOWAIT : 0);
  return weft_channel_write(file->data, iov, count, flags, -1);
}

static int pipe_stat(weft_file *file, struct stat *st) {
  if (file->node) {
    return file->node->mount->ops->stat(file->node, st);
  }
  st->st_mode = S_IFIFO | 0600;
  st->st_nlink = 1;
  st->st_uid = WEFT_UID;
  st->st_gid = WEFT_GID;
  st->st_blksize = WEFT_PIPE_BUF;
  st->st_ino = (ino_t)(uintptr_t)file->data; /* both ends tell the same number */
  st->st_atim = st->st_mtim = st->st_ctim = weft_realtime();
  return 0;
}

static int pipe_ioctl(weft_file *file, unsigned long request, void *argument) {
  if (request != 0x541b /* FIONREAD */) {
    return -ENOTTY;
  }
  *(int *)argument = (int)weft_channel_available(file->data);
  return 0;
}

static uint32_t pipe_poll(weft_file *file, weft_pollslot *slot) {
  uint32_t events = 0;
  if (weft_file_readable(file)) {
    events |= weft_channel_poll_read(file->data, slot);
  }
  if (weft_file_writable(file)) {
    events |= weft_channel_poll_write(file->data, slot);
  }
  return events;
}

static void pipe_release(weft_file *file) {
  if (weft_file_readable(file)) {
    weft_channel_close_reader(file->data, false, false);
  }
  if (weft_file_writable(file)) {
    weft_channel_close_writer(file->data, false);
  }
  weft_channel_unref(file->data);
}

static const weft_file_ops pipe_ops = {
    .read = pipe_read,
    .write = pipe_write,
    .stat = pipe_stat,
    .ioctl = pipe_ioctl,
    .poll = pipe_poll,
    .release = pipe_release,
};

int weft_sys_pipe(int fds[2], int flags) {
  if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) {
    return -EINVAL;
  }
  weft_channel *channel = weft_channel_new(1, 1);
  if (!channel) {
    return -ENFILE;
  }
  weft_file *reader = weft_file_new(&pipe_ops, O_RDONLY | (flags & O_NONBLOCK), NULL);
  weft_file *writer = weft_file_new(&pipe_ops, O_WRONLY | (flags & O_NONBLOCK), NULL);
  if (!reader || !writer) {
    free(reader);
    free(writer);
    weft_channel_unref(channel);
    return -ENFILE;
  }
  reader->data = channel;
  writer->data = weft_channel_ref(channel);
  return weft_fd_install_pair(reader, writer, (flags & O_CLOEXEC) != 0, fds);
}

/* ---- FIFOs ---------------------------------------------------------------------------- */

/* The channel of a name; made by the first opener, it stays as long as the node. */
static weft_channel *fifo_channel(weft_node *node) {
  void **object = weft_memfs_object(node);
  pthread_mutex_lock(&node->mount->lock);
  if (!*object) {
    *object = weft_channel_new(0, 0);
  }
  weft_channel *channel = *object ? weft_channel_ref(*object) : NULL;
  pthread_mutex_unlock(&node->mount->lock);
  return channel;
}

void weft_fifo_free(void *object) { weft_channel_unref(object); }

/* Wait until the other side has been opened since we came: a counter of opens and not
 * the number of open ends, as the other side may open, write and close at once. */
static int wait_for_partner(weft_channel *channel, uint32_t *present, uint32_t *opens) {
  uint32_t seen = *opens;
  int error = 0;
  while (error == 0 && *present == 0 && *opens == seen) {
    error = weft_waitq_wait(&channel->queue, POLLPRI, WEFT_WAIT_READ, (uintptr_t)channel, -1);
  }
  return error;
}

int weft_fifo_open(weft_node *node, weft_file **out) {
  weft_file *file = *out;
  weft_channel *channel = fifo_channel(node);
  if (!channel) {
    return -ENOMEM;
  }
  bool reads = weft_file_readable(file), writes = weft_file_writable(file);
  bool wait = !weft_file_nonblocking(file);
  int error = 0;
  pthread_mutex_lock(&channel->lock);
  if (writes && !reads && !wait && channel->readers == 0) {
    error = -ENXIO;
  } else {
    channel->readers += reads;
    channel->reader_opens += reads;
    channel->writers += writes;
    channel->writer_opens += writes;
    weft_waitq_wake(&channel->queue, POLLPRI);
    if (wait && reads && !writes) {
      error = wait_for_partner(channel, &channel->writers, &channel->writer_opens);
    } else if (wait && writes && !reads) {
      error = wait_for_partner(channel, &channel->readers, &channel->reader_opens);
    }
  }
  pthread_mutex_unlock(&channel->lock);
  file->data = channel;
  if (error == -ENXIO) {
    weft_channel_unref(channel);
  } else if (error) {
    pipe_release(file);
  } else {
    file->ops = &pipe_ops;
  }
  return error;
}
