/* Open file descriptions and the operations on descriptors that end in one of them. */
#include "sys.h"

weft_file *weft_file_new(const weft_file_ops *ops, int flags, weft_node *node) {
  weft_file *file = calloc(1, sizeof *file);
  if (!file) {
    if (node) {
      weft_node_unref(node);
    }
    return NULL;
  }
  file->refs = 1;
  file->flags = flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC | O_NOCTTY);
  file->ops = ops;
  file->node = node;
  pthread_mutex_init(&file->position_lock, NULL);
  return file;
}

weft_file *weft_file_ref(weft_file *file) {
  atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
  return file;
}

void weft_file_unref(weft_file *file) {
  if (atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) != 1) {
    return;
  }
  weft_lock_forget(file);
  if (file->ops->release) {
    file->ops->release(file);
  }
  if (file->node) {
    weft_node_unref(file->node);
  }
  pthread_mutex_destroy(&file->position_lock);
  free(file);
}

/* ---- iovecs -------------------------------------------------------------------- */

ssize_t weft_iov_length(const struct iovec *iov, int count) {
  if (count < 0 || count > IOV_MAX) {
    return -EINVAL;
  }
  size_t total = 0;
  for (int i = 0; i < count; i++) {
    if (iov[i].iov_len > INT_MAX - total) {
      return -EINVAL;
    }
    total += iov[i].iov_len;
  }
  return (ssize_t)total;
}

enum iov_action { IOV_GET, IOV_PUT, IOV_ZERO };

static void iov_move(weft_iov_cursor *cursor, void *bytes, size_t length, enum iov_action action) {
  char *at = bytes;
  while (length > 0 && cursor->count > 0) {
    size_t left = cursor->iov->iov_len - cursor->offset;
    size_t part = left < length ? left : length;
    char *place = (char *)cursor->iov->iov_base + cursor->offset;
    if (part > 0) {
      if (action == IOV_GET) {
        memcpy(at, place, part);
      } else if (action == IOV_PUT) {
        memcpy(place, at, part);
      } else {
        memset(place, 0, part);
      }
    }
    if (at) {
      at += part;
    }
    length -= part;
    cursor->offset += part;
    if (cursor->offset == cursor->iov->iov_len) {
      cursor->iov++;
      cursor->count--;
      cursor->offset = 0;
    }
  }
}

void weft_iov_get(weft_iov_cursor *cursor, void *to, size_t length) {
  iov_move(cursor, to, length, IOV_GET);
}

void weft_iov_put(weft_iov_cursor *cursor, const void *from, size_t length) {
  iov_move(cursor, (void *)from, length, IOV_PUT);
}

void weft_iov_zero(weft_iov_cursor *cursor, size_t length) {
  iov_move(cursor, NULL, length, IOV_ZERO);
}

/* ---- reading and writing --------------------------------------------------------- */

static ssize_t read_file(weft_file *file, const struct iovec *iov, int count, int64_t *at) {
  ssize_t length = weft_iov_length(iov, count);
  if (length < 0) {
    return length;
  }
  if (!weft_file_readable(file)) {
    return -EBADF;
  }
  if (file->ops->entry) {
    return -EISDIR;
  }
  if (!file->ops->read) {
    return -EINVAL;
  }
  if (!file->ops->size) {
    return at ? -ESPIPE : file->ops->read(file, iov, count, NULL);
  }
  if (at) {
    return *at < 0 ? -EINVAL : file->ops->read(file, iov, count, at);
  }
  pthread_mutex_lock(&file->position_lock);
  int64_t position = file->position;
  ssize_t done = file->ops->read(file, iov, count, &position);
  if (done > 0) {
    file->position = position + done;
  }
  pthread_mutex_unlock(&file->position_lock);
  return done;
}

static ssize_t write_file(weft_file *file, const struct iovec *iov, int count, int64_t *at) {
  ssize_t length = weft_iov_length(iov, count);
  if (length < 0) {
    return length;
  }
  if (!weft_file_writable(file)) {
    return -EBADF;
  }
  if (!file->ops->write) {
    return -EINVAL;
  }
  if (!file->ops->size) {
    return at ? -ESPIPE : file->ops->write(file, iov, count, NULL, false);
  }
  bool append = (file->flags & O_APPEND) != 0;
  if (at) {
    return *at < 0 ? -EINVAL : file->ops->write(file, iov, count, at, append);
  }
  pthread_mutex_lock(&file->position_lock);
  int64_t position = file->position;
  ssize_t done = file->ops->write(file, iov, count, &position, append);
  if (done > 0) {
    file->position = position + done;
  }
  pthread_mutex_unlock(&file->position_lock);
  return done;
}

/* The descriptor's description, kept alive while `call` runs on it. */
#define WITH_FILE(fd, file, type, call) \
  do {                                  \
    weft_file *file = weft_fd_get(fd);  \
    if (!file) {                        \
      return -EBADF;                    \
    }                                   \
    type result = (call);               \
    weft_file_unref(file);              \
    return result;                      \
  } while (0)

ssize_t weft_sys_readv(int fd, const struct iovec *iov, int count) {
  WITH_FILE(fd, file, ssize_t, read_file(file, iov, count, NULL));
}

ssize_t weft_sys_writev(int fd, const struct iovec *iov, int count) {
  WITH_FILE(fd, file, ssize_t, write_file(file, iov, count, NULL));
}

ssize_t weft_sys_preadv(int fd, const struct iovec *iov, int count, int64_t offset) {
  WITH_FILE(fd, file, ssize_t, read_file(file, iov, count, &offset));
}

ssize_t weft_sys_pwritev(int fd, const struct iovec *iov, int count, int64_t offset) {
  WITH_FILE(fd, file, ssize_t, write_file(file, iov, count, &offset));
}

ssize_t weft_sys_read(int fd, void *buffer, size_t length) {
  struct iovec iov = {buffer, length < INT_MAX ? length : INT_MAX};
  return weft_sys_readv(fd, &iov, 1);
}

ssize_t weft_sys_write(int fd, const void *buffer, size_t length) {
  struct iovec iov = {(void *)buffer, length < INT_MAX ? length : INT_MAX};
  return weft_sys_writev(fd, &iov, 1);
}

static int64_t seek_file(weft_file *file, int64_t offset, int whence) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if (!file->ops->size) {
    return -ESPIPE;
  }
  int64_t result;
  pthread_mutex_lock(&file->position_lock);
  switch (whence) {
    case SEEK_SET:
      result = 0;
      break;
    case SEEK_CUR:
      result = file->position;
      break;
    case SEEK_END:
      result = file->ops->size(file);
      break;
#ifdef SEEK_DATA
    /* Holes are not tracked: everything up to the end counts as data. */
    case SEEK_DATA:
    case SEEK_HOLE: {
      int64_t size = file->ops->size(file);
      if (size >= 0 && (offset < 0 || offset >= size)) {
        result = -ENXIO;
      } else if (size >= 0) {
        file->position = result = whence == SEEK_DATA ? offset : size;
        offset = 0;
      } else {
        result = size;
      }
      break;
    }
#endif
    default:
      result = -EINVAL;
  }
  if (result >= 0) {
    if (offset > INT64_MAX - result) {
      result = -EOVERFLOW;
    } else if (result + offset < 0) {
      result = -EINVAL;
    } else {
      result += offset;
      if (result == 0 && file->ops->rewind) {
        file->ops->rewind(file);
      }
      file->position = result;
    }
  }
  pthread_mutex_unlock(&file->position_lock);
  return result;
}

int64_t weft_sys_lseek(int fd, int64_t offset, int whence) {
  WITH_FILE(fd, file, int64_t, seek_file(file, offset, whence));
}

/* ---- everything else ---------------------------------------------------------------- */

int weft_file_stat(weft_file *file, struct stat *st) {
  memset(st, 0, sizeof *st);
  if (file->ops->stat) {
    return file->ops->stat(file, st);
  }
  return file->node ? file->node->mount->ops->stat(file->node, st) : -EBADF;
}

int weft_sys_fstat(int fd, struct stat *st) {
  WITH_FILE(fd, file, int, weft_file_stat(file, st));
}

static int truncate_file(weft_file *file, int64_t length) {
  if (length < 0) {
    return -EINVAL;
  }
  if (!weft_file_writable(file) || !file->ops->truncate) {
    return -EINVAL;
  }
  return file->ops->truncate(file, length);
}

int weft_sys_ftruncate(int fd, int64_t length) {
  WITH_FILE(fd, file, int, truncate_file(file, length));
}

static int allocate_file(weft_file *file, int mode, int64_t offset, int64_t length) {
  if (offset < 0 || length <= 0) {
    return -EINVAL;
  }
  if (mode != 0) {
    return -EOPNOTSUPP;
  }
  if (!weft_file_writable(file)) {
    return -EBADF;
  }
  if (!file->ops->size) {
    return -ESPIPE;
  }
  if (!file->ops->truncate) {
    return -ENODEV;
  }
  if (length > INT64_MAX - offset) {
    return -EFBIG;
  }
  int64_t size = file->ops->size(file);
  return size < 0 ? (int)size : size < offset + length ? truncate_file(file, offset + length) : 0;
}

int weft_sys_fallocate(int fd, int mode, int64_t offset, int64_t length) {
  WITH_FILE(fd, file, int, allocate_file(file, mode, offset, length));
}

static int sync_file(weft_file *file) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if (file->ops->sync) {
    return file->ops->sync(file);
  }
  return file->ops->size || file->ops->entry ? 0 : -EINVAL;
}

int weft_sys_fsync(int fd) { WITH_FILE(fd, file, int, sync_file(file)); }

static int set_mode(weft_file *file, uint32_t mode) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if (!file->node) {
    return 0; /* a pipe or socket: there is nobody whom its mode could keep out */
  }
  if (file->node->mount->readonly) {
    return -EROFS;
  }
  return file->node->mount->ops->chmod(file->node, mode & 07777);
}

int weft_sys_fchmod(int fd, uint32_t mode) { WITH_FILE(fd, file, int, set_mode(file, mode)); }

static int set_owner(weft_file *file, int uid, int gid) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if (!file->node) {
    return (uid == -1 || uid == (int)WEFT_UID) && (gid == -1 || gid == (int)WEFT_GID) ? 0 : -EPERM;
  }
  if (file->node->mount->readonly) {
    return -EROFS;
  }
  return file->node->mount->ops->chown(file->node, uid, gid);
}

int weft_sys_fchown(int fd, int uid, int gid) {
  WITH_FILE(fd, file, int, set_owner(file, uid, gid));
}

static int statfs_file(weft_file *file, struct statfs *out) {
  memset(out, 0, sizeof *out);
  out->f_bsize = 4096;
  out->f_namelen = WEFT_NAME_MAX;
  return file->node ? file->node->mount->ops->statfs(file->node->mount, out) : 0;
}

int weft_sys_fstatfs(int fd, struct statfs *out) {
  WITH_FILE(fd, file, int, statfs_file(file, out));
}

static int control_file(weft_file *file, unsigned long request, void *argument);

int weft_sys_ioctl(int fd, unsigned long request, void *argument) {
  /* Requests that are about the descriptor and not the file. */
  if ((uint32_t)request == 0x5451 /* FIOCLEX */ || (uint32_t)request == 0x5450 /* FIONCLEX */) {
    return weft_sys_fcntl(fd, F_SETFD, (uint32_t)request == 0x5451 ? FD_CLOEXEC : 0);
  }
  WITH_FILE(fd, file, int, control_file(file, request, argument));
}

static int control_file(weft_file *file, unsigned long request, void *argument) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if ((uint32_t)request == 0x5421 /* FIONBIO */) {
    if (*(int *)argument) {
      atomic_fetch_or(&file->flags, O_NONBLOCK);
    } else {
      atomic_fetch_and(&file->flags, ~O_NONBLOCK);
    }
    return 0;
  }
  return file->ops->ioctl ? file->ops->ioctl(file, (uint32_t)request, argument) : -ENOTTY;
}

/* ---- directories --------------------------------------------------------------------- */

void weft_dirent_set(struct dirent *out, uint64_t ino, uint32_t type, const char *name,
                     size_t length) {
  out->d_ino = ino;
  out->d_type = (unsigned char)IFTODT(type);
  memcpy(out->d_name, name, length);
  out->d_name[length] = 0;
  /* Kept at 8 bytes: the next record holds 64-bit fields. */
  out->d_reclen = (unsigned short)((offsetof(struct dirent, d_name) + length + 1 + 7) & ~7u);
}

static int next_entry(weft_file *file, int64_t *cursor, struct dirent *out) {
  if (*cursor >= 2) {
    return file->ops->entry(file, cursor, out);
  }
  struct stat st;
  weft_node *node = file->node;
  int error = node->mount->ops->stat(node, &st);
  if (error == 0 && *cursor == 1) {
    weft_node *parent;
    /* A removed directory, or the top of a mount: its own number will do. */
    if (node->mount->ops->parent(node, &parent) == 0) {
      error = parent->mount->ops->stat(parent, &st);
      weft_node_unref(parent);
    }
  }
  if (error) {
    return error;
  }
  weft_dirent_set(out, st.st_ino, S_IFDIR, "..", *cursor == 0 ? 1 : 2);
  ++*cursor;
  return 1;
}

static ssize_t list_file(weft_file *file, char *buffer, size_t size) {
  if (file->flags & O_PATH) {
    return -EBADF;
  }
  if (!file->ops->entry) {
    return -ENOTDIR;
  }
  ssize_t used = 0;
  pthread_mutex_lock(&file->position_lock);
  for (;;) {
    struct dirent entry;
    int64_t cursor = file->position;
    int more = next_entry(file, &cursor, &entry);
    if (more <= 0) {
      if (more < 0 && used == 0) {
        used = more;
      }
      break;
    }
    if (entry.d_reclen > size - (size_t)used) {
      if (used == 0) {
        used = -EINVAL;
      }
      break;
    }
    entry.d_off = cursor;
    memcpy(buffer + used, &entry, entry.d_reclen);
    used += entry.d_reclen;
    file->position = cursor;
  }
  pthread_mutex_unlock(&file->position_lock);
  return used;
}

ssize_t weft_sys_getdents(int fd, void *buffer, size_t size) {
  WITH_FILE(fd, file, ssize_t, list_file(file, buffer, size));
}
