/* The calls that take path names. Each resolves first, checks what is common to all
 * file systems, and hands the rest to the mount's own operations, which check again
 * under their lock what another thread may have changed in between. */
#include "sys.h"

static int may_change(weft_node *directory) {
  if (directory->mount->readonly) {
    return -EROFS;
  }
  return directory->mount->host_checks
             ? 0
             : directory->mount->ops->access(directory, W_OK | X_OK);
}

/* ---- open ------------------------------------------------------------------------------ */

/* What a description has before its file system opens it, and with O_PATH for good. */
static const weft_file_ops no_ops;

static int open_node(weft_node *node, int flags, bool created, weft_file **out) {
  const weft_fs_ops *ops = node->mount->ops;
  int access = flags & O_ACCMODE;
  bool writes = access != O_RDONLY || (flags & O_TRUNC);
  weft_file *file;
  if (flags & O_PATH) {
    file = weft_file_new(&no_ops, flags, weft_node_ref(node));
    *out = file;
    return file ? 0 : -ENOMEM;
  }
  if (!created) {
    int error = 0;
    if (writes && S_ISREG(node->type) && node->mount->readonly) {
      return -EROFS;
    }
    if (!node->mount->host_checks) {
      int wanted = (access != O_WRONLY ? R_OK : 0) | (writes ? W_OK : 0);
      error = ops->access(node, wanted);
    }
    if (error) {
      return error;
    }
  }
  file = weft_file_new(&no_ops, flags, weft_node_ref(node));
  if (!file) {
    return -ENOMEM;
  }
  int error = ops->open(node, &file);
  if (error == 0 && (flags & O_TRUNC) && S_ISREG(node->type) && !created) {
    /* Through the description when it can: its path may lead elsewhere by now. */
    bool through = weft_file_writable(file) && file->ops->truncate;
    error = through ? file->ops->truncate(file, 0) : ops->truncate(node, 0);
  }
  if (error) {
    weft_file_unref(file);
  }
  *out = file;
  return error;
}

static int open_path(int directory, const char *path, int flags, uint32_t mode, weft_file **out) {
  bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
  unsigned walk = (flags & O_CREAT ? WEFT_WALK_MISSING : 0) |
                  (exclusive || (flags & O_NOFOLLOW) ? 0 : WEFT_WALK_FOLLOW);
  for (;;) {
    weft_path at;
    int error = weft_walk(directory, path, walk, &at);
    if (error) {
      return error;
    }
    weft_node *node = at.node;
    if (node) {
      bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
      if (exclusive) {
        error = -EEXIST;
      } else if (S_ISLNK(node->type) && !((flags & O_PATH) && !(flags & O_DIRECTORY))) {
        error = (flags & O_DIRECTORY) ? -ENOTDIR : -ELOOP;
      } else if ((flags & O_DIRECTORY) && !S_ISDIR(node->type)) {
        error = -ENOTDIR;
      } else if (S_ISDIR(node->type) && !(flags & O_PATH) && (writes || (flags & O_CREAT))) {
        error = -EISDIR;
      } else {
        error = open_node(node, flags, false, out);
      }
      weft_path_clear(&at);
      return error;
    }
    if (at.slash) {
      error = -EISDIR;
    } else {
      error = may_change(at.parent);
    }
    if (error == 0) {
      const weft_fs_ops *ops = at.parent->mount->ops;
      uint32_t bits = S_IFREG | (mode & 07777 & ~weft_umask_value());
      if (ops->create_open) {
        weft_file *file = weft_file_new(&no_ops, flags, NULL);
        error = file ? ops->create_open(at.parent, at.name, bits, file, &file->node) : -ENOMEM;
        if (error && file) {
          weft_file_unref(file);
        }
        *out = file;
      } else {
        error = ops->create(at.parent, at.name, bits, 0, &node);
        if (error == 0) {
          error = open_node(node, flags, true, out);
          weft_node_unref(node);
        }
      }
    }
    weft_path_clear(&at);
    /* Somebody else made the name meanwhile: then there is something to open. */
    if (error == -EEXIST && !exclusive) {
      continue;
    }
    return error;
  }
}

int weft_sys_open(int directory, const char *path, int flags, uint32_t mode) {
  if ((flags & O_ACCMODE) == 3) {
    return -EINVAL;
  }
  if ((flags & O_TMPFILE) == O_TMPFILE) {
    return -EOPNOTSUPP;
  }
  if (flags & O_PATH) {
    flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  }
  weft_file *file;
  int error = open_path(directory, path, flags, mode, &file);
  return error ? error : weft_fd_install(file, 0, (flags & O_CLOEXEC) != 0);
}

/* ---- questions -------------------------------------------------------------------------- */

/* The node of the calls that also take a descriptor with an empty path. A
 * description without a node is returned in *file instead. */
static int node_or_file(int directory, const char *path, bool follow, bool empty_path,
                        weft_node **node, weft_file **file) {
  *node = NULL;
  *file = NULL;
  if (path && (path[0] || !empty_path)) {
    return weft_walk_node(directory, path, follow, node);
  }
  if (directory == AT_FDCWD) {
    return path ? weft_walk_node(directory, ".", true, node) : -EFAULT;
  }
  *file = weft_fd_get(directory);
  return *file ? 0 : -EBADF;
}

int weft_sys_stat(int directory, const char *path, struct stat *st, int flags) {
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) {
    return -EINVAL;
  }
  weft_node *node;
  weft_file *file;
  int error = node_or_file(directory, path, !(flags & AT_SYMLINK_NOFOLLOW),
                           (flags & AT_EMPTY_PATH) != 0, &node, &file);
  if (error) {
    return error;
  }
  if (file) {
    error = weft_file_stat(file, st);
    weft_file_unref(file);
  } else {
    memset(st, 0, sizeof *st);
    error = node->mount->ops->stat(node, st);
    weft_node_unref(node);
  }
  return error;
}

int weft_sys_access(int directory, const char *path, int mode, int flags) {
  if ((mode & ~7) || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW))) {
    return -EINVAL;
  }
  weft_node *node;
  int error = weft_walk_node(directory, path, !(flags & AT_SYMLINK_NOFOLLOW), &node);
  if (error) {
    return error;
  }
  if ((mode & W_OK) && node->mount->readonly && !S_ISCHR(node->type)) {
    error = -EROFS;
  } else if (mode) {
    error = node->mount->ops->access(node, mode);
  }
  weft_node_unref(node);
  return error;
}

ssize_t weft_sys_readlink(int directory, const char *path, char *buffer, size_t size) {
  if ((ssize_t)size <= 0) {
    return -EINVAL;
  }
  weft_node *node;
  weft_file *file;
  int error = node_or_file(directory, path, false, true, &node, &file);
  if (file) {
    node = file->node ? weft_node_ref(file->node) : NULL;
    weft_file_unref(file);
  }
  if (error || !node) {
    return error ? error : -ENOENT;
  }
  error = S_ISLNK(node->type) ? node->mount->ops->readlink(node, buffer, size) : -EINVAL;
  weft_node_unref(node);
  return error;
}

int weft_sys_statfs(const char *path, struct statfs *out) {
  weft_node *node;
  int error = weft_walk_node(AT_FDCWD, path, true, &node);
  if (error) {
    return error;
  }
  memset(out, 0, sizeof *out);
  error = node->mount->ops->statfs(node->mount, out);
  weft_node_unref(node);
  return error;
}

/* ---- new names ----------------------------------------------------------------------------- */

static int make(int directory, const char *path, bool directory_wanted, weft_path *at) {
  int error = weft_walk(directory, path, WEFT_WALK_MISSING, at);
  if (error) {
    return error;
  }
  if (at->node) {
    error = -EEXIST;
  } else if (at->slash && !directory_wanted) {
    error = -ENOENT;
  } else {
    error = may_change(at->parent);
  }
  if (error) {
    weft_path_clear(at);
  }
  return error;
}

static int make_node(int directory, const char *path, uint32_t mode, uint64_t rdev) {
  weft_path at;
  int error = make(directory, path, S_ISDIR(mode), &at);
  if (error) {
    return error;
  }
  weft_node *node;
  mode &= ~(weft_umask_value() & 0777);
  error = at.parent->mount->ops->create(at.parent, at.name, mode, rdev, &node);
  if (error == 0) {
    weft_node_unref(node);
  }
  weft_path_clear(&at);
  return error;
}

int weft_sys_mkdir(int directory, const char *path, uint32_t mode) {
  return make_node(directory, path, S_IFDIR | (mode & 01777), 0);
}

int weft_sys_mknod(int directory, const char *path, uint32_t mode, uint64_t rdev) {
  switch (mode & S_IFMT) {
    case 0:
      mode |= S_IFREG;
      break;
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
      break;
    case S_IFCHR:
    case S_IFBLK:
      return -EPERM;
    default:
      return -EINVAL;
  }
  (void)rdev;
  return make_node(directory, path, mode & (S_IFMT | 07777), 0);
}

int weft_sys_symlink(const char *target, int directory, const char *path) {
  if (!target[0]) {
    return -ENOENT;
  }
  if (strnlen(target, WEFT_PATH_MAX) == WEFT_PATH_MAX) {
    return -ENAMETOOLONG;
  }
  weft_path at;
  int error = make(directory, path, false, &at);
  if (error == 0) {
    error = at.parent->mount->ops->symlink(at.parent, at.name, target);
    weft_path_clear(&at);
  }
  return error;
}

int weft_sys_link(int from, const char *path, int to, const char *new_path, int flags) {
  if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) {
    return -EINVAL;
  }
  weft_node *node;
  int error = weft_walk_node(from, path, (flags & AT_SYMLINK_FOLLOW) != 0, &node);
  if (error) {
    return error;
  }
  weft_path at;
  error = make(to, new_path, false, &at);
  if (error == 0) {
    if (node->mount != at.parent->mount) {
      error = -EXDEV;
    } else if (S_ISDIR(node->type)) {
      error = -EPERM;
    } else {
      error = node->mount->ops->link(node, at.parent, at.name);
    }
    weft_path_clear(&at);
  }
  weft_node_unref(node);
  return error;
}

/* ---- names taken away, names moved ------------------------------------------------------------ */

int weft_sys_unlink(int directory, const char *path, int flags) {
  if (flags & ~AT_REMOVEDIR) {
    return -EINVAL;
  }
  bool remove_directory = (flags & AT_REMOVEDIR) != 0;
  weft_path at;
  /* The slash of "link/" must not follow the link when a directory is to go. */
  int error = weft_walk(directory, path, 0, &at);
  if (error) {
    return error;
  }
  if (at.special) {
    error = !remove_directory ? -EISDIR : at.dot ? -EINVAL : at.name[0] ? -ENOTEMPTY : -EBUSY;
  } else if (remove_directory != (S_ISDIR(at.node->type) != 0)) {
    error = remove_directory ? -ENOTDIR : -EISDIR;
  } else if (at.node == at.node->mount->root) {
    error = -EBUSY;
  } else {
    error = may_change(at.parent);
    if (error == 0) {
      const weft_fs_ops *ops = at.parent->mount->ops;
      error = (remove_directory ? ops->rmdir : ops->unlink)(at.parent, at.name);
    }
  }
  weft_path_clear(&at);
  return error;
}

static int rename_paths(weft_path *from, weft_path *to) {
  if (from->special || to->special) {
    return -EBUSY;
  }
  if (from->node == from->node->mount->root || (to->node && to->node == to->node->mount->root)) {
    return -EBUSY;
  }
  if (from->parent->mount != to->parent->mount) {
    return -EXDEV;
  }
  if (to->slash && !S_ISDIR(from->node->type)) {
    return -ENOTDIR;
  }
  int error = may_change(from->parent);
  if (error == 0) {
    error = may_change(to->parent);
  }
  return error ? error
               : from->parent->mount->ops->rename(from->parent, from->name, to->parent, to->name);
}

int weft_sys_rename(int from, const char *path, int to, const char *new_path) {
  weft_path source, target;
  int error = weft_walk(from, path, 0, &source);
  if (error) {
    return error;
  }
  error = weft_walk(to, new_path, WEFT_WALK_MISSING, &target);
  if (error == 0) {
    error = rename_paths(&source, &target);
    weft_path_clear(&target);
  }
  weft_path_clear(&source);
  return error;
}

/* ---- attributes ---------------------------------------------------------------------------------- */

int weft_sys_chmod(int directory, const char *path, uint32_t mode, int flags) {
  if (flags & ~AT_SYMLINK_NOFOLLOW) {
    return -EINVAL;
  }
  weft_node *node;
  int error = weft_walk_node(directory, path, !(flags & AT_SYMLINK_NOFOLLOW), &node);
  if (error) {
    return error;
  }
  error = node->mount->readonly   ? -EROFS
          : S_ISLNK(node->type)   ? -EOPNOTSUPP
                                  : node->mount->ops->chmod(node, mode & 07777);
  weft_node_unref(node);
  return error;
}

int weft_sys_chown(int directory, const char *path, int uid, int gid, int flags) {
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
    return -EINVAL;
  }
  weft_node *node;
  weft_file *file;
  int error = node_or_file(directory, path, !(flags & AT_SYMLINK_NOFOLLOW),
                           (flags & AT_EMPTY_PATH) != 0, &node, &file);
  if (error) {
    return error;
  }
  if (file) {
    weft_file_unref(file);
    return weft_sys_fchown(directory, uid, gid);
  }
  error = node->mount->readonly ? -EROFS : node->mount->ops->chown(node, uid, gid);
  weft_node_unref(node);
  return error;
}

int weft_sys_truncate(const char *path, int64_t length) {
  if (length < 0) {
    return -EINVAL;
  }
  weft_node *node;
  int error = weft_walk_node(AT_FDCWD, path, true, &node);
  if (error) {
    return error;
  }
  if (!S_ISREG(node->type)) {
    error = S_ISDIR(node->type) ? -EISDIR : -EINVAL;
  } else if (node->mount->readonly) {
    error = -EROFS;
  } else {
    error = node->mount->ops->access(node, W_OK);
    if (error == 0) {
      error = node->mount->ops->truncate(node, length);
    }
  }
  weft_node_unref(node);
  return error;
}

int weft_sys_utimens(int directory, const char *path, const struct timespec *times, int flags) {
  if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) {
    return -EINVAL;
  }
  struct timespec now = weft_realtime();
  struct timespec wanted[2] = {now, now};
  for (int i = 0; times && i < 2; i++) {
    if (times[i].tv_nsec == UTIME_OMIT) {
      wanted[i] = times[i];
    } else if (times[i].tv_nsec != UTIME_NOW) {
      if (times[i].tv_nsec < 0 || times[i].tv_nsec > 999999999) {
        return -EINVAL;
      }
      wanted[i] = times[i];
    }
  }
  weft_node *node;
  weft_file *file;
  int error = node_or_file(directory, path, !(flags & AT_SYMLINK_NOFOLLOW),
                           !path || (flags & AT_EMPTY_PATH), &node, &file);
  if (error) {
    return error;
  }
  if (file) {
    node = file->node ? weft_node_ref(file->node) : NULL;
    weft_file_unref(file);
    if (!node) {
      return 0; /* the times of a pipe or socket are nobody's business */
    }
  }
  error = node->mount->readonly ? -EROFS : node->mount->ops->utimens(node, wanted);
  weft_node_unref(node);
  return error;
}

/* ---- set-up ------------------------------------------------------------------------------------------ */

int weft_sys_write_file(const char *path, const void *data, size_t length, uint32_t mode) {
  int fd = weft_sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) {
    return fd;
  }
  ssize_t done = 0;
  for (size_t at = 0; at < length && done >= 0; at += (size_t)done) {
    done = weft_sys_write(fd, (const char *)data + at, length - at);
  }
  weft_sys_close(fd);
  return done < 0 ? (int)done : 0;
}
