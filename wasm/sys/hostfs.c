/* A folder of the host as a guest directory.
 *
 * Confinement. The guest resolves every component and every link itself: `lookup` asks
 * about one name below a known real directory, and the text of a link is interpreted
 * in the guest's name space, so no link of the host is ever followed by the host. That
 * is true of a path as long as its directories stay what they were when they were
 * looked up. A guest thread could replace one by a link in between: therefore every
 * host call happens under the mount's lock, the mount counts the operations that can
 * replace a directory (`changes`), and a node whose path was verified before the last
 * of them is verified again, component by component, before its path is used.
 * Operations never follow a link in last place. (Processes outside of the guest that
 * rearrange the folder meanwhile are not defended against.)
 *
 * A node is a path. Renaming through this mount rewrites the paths of live nodes, so
 * that descriptors of directories and the current directory survive it. All node
 * fields are under the mount's lock. Open files do not need their path any more. */
#include "weft_host.h"
#include "sys.h"

typedef struct host_node {
  weft_node base;
  struct host_node *next, **link; /* all live nodes of the mount */
  char *path;                     /* below the mount: "" or "/a/b" */
  uint64_t verified;              /* value of `changes` when the path was last good */
} host_node;

typedef struct host_mount {
  weft_mount mount;
  char *top; /* the host's name of the folder, without a slash at its end */
  host_node *nodes;
  uint64_t changes;
} host_mount;

static host_node *host(weft_node *node) { return (host_node *)node; }
static host_mount *mount_of(weft_node *node) { return node->mount->data; }

/* Every C string that goes to the host. Built under the lock, in one place. */
typedef struct host_path {
  char text[2 * WEFT_PATH_MAX];
} host_path;

static int join(const host_mount *mount, const char *path, const char *name, char *out,
                size_t size) {
  size_t top = strlen(mount->top), middle = strlen(path), end = name ? strlen(name) : 0;
  if (top + middle + end + 2 > size) {
    return -ENAMETOOLONG;
  }
  if (top + middle + end == 0) {
    memcpy(out, "/", 2); /* the host's own root */
    return 0;
  }
  memcpy(out, mount->top, top);
  memcpy(out + top, path, middle);
  out += top + middle;
  if (name) {
    *out++ = '/';
    memcpy(out, name, end);
    out += end;
  }
  *out = 0;
  return 0;
}

/* Under the lock: the node's path still leads through real directories only. */
static int verify(host_node *node) {
  host_mount *mount = mount_of(&node->base);
  if (node->verified == mount->changes) {
    return 0;
  }
  size_t top = strlen(mount->top);
  host_path *full = malloc(sizeof *full);
  int error = full ? join(mount, node->path, NULL, full->text, sizeof full->text) : -ENOMEM;
  /* The last component is not looked at: operations do not follow it. */
  for (size_t i = top + 1; error == 0 && full->text[i - 1] && full->text[i]; i++) {
    if (full->text[i] == '/') {
      weft_host_stat st;
      full->text[i] = 0;
      error = weft_host_fs_lstat(full->text, &st);
      if (error == 0 && !S_ISDIR((uint32_t)st.mode)) {
        error = -ENOTDIR;
      }
      full->text[i] = '/';
    }
  }
  free(full);
  if (error == 0) {
    node->verified = mount->changes;
  }
  return error;
}

/* A name in a directory, whose own last component must not be a link either. */
static int verify_directory(host_node *node) {
  host_mount *mount = mount_of(&node->base);
  bool fresh = node->verified == mount->changes;
  int error = verify(node);
  if (error == 0 && !fresh && node->path[0]) {
    host_path *full = malloc(sizeof *full);
    weft_host_stat st;
    error = full ? join(mount, node->path, NULL, full->text, sizeof full->text) : -ENOMEM;
    if (error == 0) {
      error = weft_host_fs_lstat(full->text, &st);
    }
    if (error == 0 && !S_ISDIR((uint32_t)st.mode)) {
      error = -ENOTDIR;
    }
    free(full);
    if (error) {
      node->verified = 0;
    }
  }
  return error;
}

/* Lock the mount and make the host's path of a node, or of a name in a directory.
 * On success the lock is held and the path is the caller's to free. */
static int begin(weft_node *base, const char *name, host_path **out) {
  host_path *full = malloc(sizeof *full);
  if (!full) {
    return -ENOMEM;
  }
  pthread_mutex_lock(&base->mount->lock);
  int error = name ? verify_directory(host(base)) : verify(host(base));
  if (error == 0) {
    error = join(mount_of(base), host(base)->path, name, full->text, sizeof full->text);
  }
  if (error) {
    pthread_mutex_unlock(&base->mount->lock);
    free(full);
    return error;
  }
  *out = full;
  return 0;
}

static void end(weft_node *base, host_path *full) {
  pthread_mutex_unlock(&base->mount->lock);
  free(full);
}

/* ---- nodes -------------------------------------------------------------------------------- */

static host_node *new_node(host_mount *mount, const char *directory, const char *name,
                           uint32_t type) {
  host_node *node = calloc(1, sizeof *node);
  size_t length = strlen(directory), tail = name ? strlen(name) + 1 : 0;
  char *path = malloc(length + tail + 1);
  if (!node || !path) {
    free(node);
    free(path);
    return NULL;
  }
  memcpy(path, directory, length + 1);
  if (name) {
    path[length] = '/';
    memcpy(path + length + 1, name, tail);
  }
  weft_node_init(&node->base, &mount->mount, type & S_IFMT);
  node->path = path;
  node->verified = mount->changes;
  node->next = mount->nodes;
  node->link = &mount->nodes;
  if (node->next) {
    node->next->link = &node->next;
  }
  mount->nodes = node;
  return node;
}

static void host_release(weft_node *base) {
  host_node *node = host(base);
  pthread_mutex_lock(&base->mount->lock);
  *node->link = node->next;
  if (node->next) {
    node->next->link = node->link;
  }
  pthread_mutex_unlock(&base->mount->lock);
  free(node->path);
  free(node);
}

/* Under the lock: the node that another mount covers, if that has this path. It must
 * come up again whenever its name does, so it is the one kind of node that is shared. */
static host_node *find_covered(host_mount *mount, const char *path) {
  host_node *node = mount->nodes;
  while (node && !(node->base.mounted && strcmp(node->path, path) == 0)) {
    node = node->next;
  }
  return node;
}

static int host_lookup(weft_node *directory, const char *name, weft_node **out) {
  host_path *full;
  int error = begin(directory, name, &full);
  if (error) {
    return error;
  }
  weft_host_stat st;
  error = weft_host_fs_lstat(full->text, &st);
  if (error == 0) {
    host_mount *mount = mount_of(directory);
    host_node *node = find_covered(mount, full->text + strlen(mount->top));
    if (node) {
      weft_node_ref(&node->base);
    } else {
      node = new_node(mount, host(directory)->path, name, (uint32_t)st.mode);
    }
    if (node) {
      *out = &node->base;
    } else {
      error = -ENOMEM;
    }
  }
  end(directory, full);
  return error;
}

static int host_parent(weft_node *directory, weft_node **out) {
  host_mount *mount = mount_of(directory);
  host_node *parent = NULL;
  pthread_mutex_lock(&mount->mount.lock);
  const char *path = host(directory)->path;
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path) {
    parent = host(weft_node_ref(mount->mount.root));
  } else {
    char *text = strndup(path, (size_t)(slash - path));
    parent = text ? new_node(mount, text, NULL, S_IFDIR) : NULL;
    if (parent) {
      parent->verified = 0; /* whether it is still one, its first use will find out */
    }
    free(text);
  }
  pthread_mutex_unlock(&mount->mount.lock);
  *out = parent ? &parent->base : NULL;
  return parent ? 0 : -ENOMEM;
}

static int host_name(weft_node *directory, char out[WEFT_NAME_MAX + 1]) {
  host_path *full;
  weft_host_stat st;
  int error = begin(directory, NULL, &full);
  if (error) {
    return -ENOENT;
  }
  error = weft_host_fs_lstat(full->text, &st);
  if (error == 0) {
    const char *slash = strrchr(host(directory)->path, '/');
    strncpy(out, slash ? slash + 1 : "", WEFT_NAME_MAX);
    out[WEFT_NAME_MAX] = 0;
  }
  end(directory, full);
  return error ? -ENOENT : 0;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static void set_time(struct timespec *out, int64_t ns) {
  out->tv_sec = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
  out->tv_nsec = (long)(ns % 1000000000 + (ns % 1000000000 < 0 ? 1000000000 : 0));
}

static void convert(weft_mount *mount, const weft_host_stat *from, struct stat *st) {
  memset(st, 0, sizeof *st);
  /* The host's device number is mixed in: a folder may span several. */
  st->st_dev = (dev_t)(mount->device | (uint32_t)(from->dev & 0xffffff) << 8);
  st->st_ino = (ino_t)from->ino;
  st->st_mode = (mode_t)from->mode;
  st->st_nlink = (nlink_t)from->nlink;
  st->st_uid = (uid_t)from->uid;
  st->st_gid = (gid_t)from->gid;
  st->st_size = from->size;
  st->st_blksize = 4096;
  st->st_blocks = (blkcnt_t)from->blocks;
  set_time(&st->st_atim, from->atime_ns);
  set_time(&st->st_mtim, from->mtime_ns);
  set_time(&st->st_ctim, from->ctime_ns);
}

static int host_stat(weft_node *node, struct stat *st) {
  host_path *full;
  int error = begin(node, NULL, &full);
  if (error == 0) {
    weft_host_stat result;
    error = weft_host_fs_lstat(full->text, &result);
    if (error == 0) {
      convert(node->mount, &result, st);
    }
    end(node, full);
  }
  return error;
}

/* Calls that take only the path of a node. The host follows a link in last place for
 * some of them, so the node must still be what it was. */
#define ON_PATH(node, full, call)                              \
  do {                                                         \
    host_path *full;                                           \
    int error = begin(node, NULL, &full);                      \
    if (error == 0) {                                          \
      weft_host_stat now;                                      \
      error = weft_host_fs_lstat((full)->text, &now);          \
      if (error == 0 && S_ISLNK((uint32_t)now.mode) &&         \
          !S_ISLNK((node)->type)) {                            \
        error = -ELOOP;                                        \
      }                                                        \
      if (error == 0) {                                        \
        error = (call);                                        \
      }                                                        \
      end(node, full);                                         \
    }                                                          \
    return error;                                              \
  } while (0)

static int host_readlink(weft_node *node, char *buffer, size_t size) {
  ON_PATH(node, full, weft_host_fs_readlink(full->text, buffer, size));
}

static int host_chmod(weft_node *node, uint32_t mode) {
  ON_PATH(node, full, weft_host_fs_chmod(full->text, (int)mode));
}

static int host_chown(weft_node *node, int uid, int gid) {
  (void)node;
  return (uid == -1 || uid == (int)WEFT_UID) && (gid == -1 || gid == (int)WEFT_GID) ? 0 : -EPERM;
}

static int host_utimens(weft_node *node, const struct timespec times[2]) {
  double ms[2];
  int ns[2];
  for (int i = 0; i < 2; i++) {
    bool omit = times[i].tv_nsec == UTIME_OMIT;
    ms[i] = omit ? 0 : (double)times[i].tv_sec * 1000 + (double)(times[i].tv_nsec / 1000000);
    ns[i] = omit ? -1 : (int)(times[i].tv_nsec % 1000000);
  }
  ON_PATH(node, full, weft_host_fs_utimes(full->text, ms[0], ns[0], ms[1], ns[1]));
}

static int host_truncate(weft_node *node, int64_t length) {
  ON_PATH(node, full, weft_host_fs_truncate(full->text, (double)length));
}

static int host_access(weft_node *node, int mode) {
  if (S_ISLNK(node->type)) {
    return 0;
  }
  ON_PATH(node, full, weft_host_fs_access(full->text, mode));
}

static int host_statfs(weft_mount *mount, struct statfs *out) {
  double values[6] = {4096, 0, 0, 0, 0, 0};
  host_mount *self = mount->data;
  int error = weft_host_fs_statfs(self->top, values);
  out->f_bsize = out->f_frsize = (unsigned long)values[0];
  out->f_blocks = (fsblkcnt_t)values[1];
  out->f_bfree = (fsblkcnt_t)values[2];
  out->f_bavail = (fsblkcnt_t)values[3];
  out->f_files = (fsfilcnt_t)values[4];
  out->f_ffree = (fsfilcnt_t)values[5];
  out->f_namelen = WEFT_NAME_MAX;
  out->f_flags = mount->readonly ? 1 : 0;
  return error;
}

/* ---- names ---------------------------------------------------------------------------------------- */

#define ON_NAME(directory, entry, full, call)         \
  do {                                                \
    host_path *full;                                  \
    int error = begin(directory, entry, &full);       \
    if (error == 0) {                                 \
      error = (call);                                 \
      end(directory, full);                           \
    }                                                 \
    return error;                                     \
  } while (0)

static int host_symlink(weft_node *directory, const char *name, const char *target) {
  ON_NAME(directory, name, full, weft_host_fs_symlink(target, full->text));
}

static int host_unlink(weft_node *directory, const char *name) {
  ON_NAME(directory, name, full, weft_host_fs_unlink(full->text));
}

static int host_rmdir(weft_node *directory, const char *name) {
  /* The name is free from now on, and a link may take it. */
  ON_NAME(directory, name, full, (mount_of(directory)->changes++, weft_host_fs_rmdir(full->text)));
}

static int node_for(weft_node *directory, const char *name, uint32_t mode, weft_node **out) {
  host_node *node = new_node(mount_of(directory), host(directory)->path, name, mode);
  if (!node) {
    return -ENOMEM;
  }
  *out = &node->base;
  return 0;
}

static int host_create(weft_node *directory, const char *name, uint32_t mode, uint64_t rdev,
                       weft_node **out) {
  (void)rdev;
  host_path *full;
  int error = begin(directory, name, &full);
  if (error) {
    return error;
  }
  if (S_ISDIR(mode)) {
    error = weft_host_fs_mkdir(full->text, (int)(mode & 07777));
  } else if (S_ISREG(mode)) {
    error = weft_host_fs_open(full->text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                              (int)(mode & 07777));
    if (error >= 0) {
      error = weft_host_fs_close(error);
    }
  } else {
    error = -EPERM; /* no FIFOs and sockets on the host */
  }
  if (error == 0) {
    error = node_for(directory, name, mode, out);
  }
  end(directory, full);
  return error;
}

static int host_link(weft_node *node, weft_node *directory, const char *name) {
  host_path *target = malloc(sizeof *target);
  host_path *full;
  int error = target ? begin(directory, name, &full) : -ENOMEM;
  if (error == 0) {
    error = verify(host(node));
    if (error == 0) {
      error = join(mount_of(node), host(node)->path, NULL, target->text, sizeof target->text);
    }
    if (error == 0) {
      error = weft_host_fs_link(target->text, full->text);
    }
    end(directory, full);
  }
  free(target);
  return error;
}

/* Live nodes at or below the old path get the new one. */
static int move_nodes(host_mount *mount, const char *from, const char *to) {
  size_t old = strlen(from), new = strlen(to);
  for (host_node *node = mount->nodes; node; node = node->next) {
    if (strncmp(node->path, from, old) == 0 && (node->path[old] == '/' || !node->path[old])) {
      size_t tail = strlen(node->path + old);
      char *path = malloc(new + tail + 1);
      if (!path) {
        return -ENOMEM;
      }
      memcpy(path, to, new);
      memcpy(path + new, node->path + old, tail + 1);
      free(node->path);
      node->path = path;
    }
  }
  return 0;
}

static int host_rename(weft_node *from, const char *name, weft_node *to, const char *new_name) {
  host_mount *mount = mount_of(from);
  host_path *source;
  host_path *target = malloc(sizeof *target);
  int error = target ? begin(from, name, &source) : -ENOMEM;
  if (error) {
    free(target);
    return error;
  }
  error = verify_directory(host(to));
  if (error == 0) {
    error = join(mount, host(to)->path, new_name, target->text, sizeof target->text);
  }
  if (error == 0) {
    mount->changes++;
    error = weft_host_fs_rename(source->text, target->text);
  }
  if (error == 0) {
    size_t top = strlen(mount->top);
    error = move_nodes(mount, source->text + top, target->text + top);
  }
  end(from, source);
  free(target);
  return error;
}

/* ---- open files -------------------------------------------------------------------------------------- */

static ssize_t file_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    if (iov[i].iov_len == 0) {
      continue;
    }
    int part = weft_host_fs_read((int)file->handle, iov[i].iov_base, iov[i].iov_len,
                                 (double)(*offset + done));
    if (part < 0) {
      return done ? done : part;
    }
    done += part;
    if ((size_t)part < iov[i].iov_len) {
      break;
    }
  }
  return done;
}

static int64_t file_size(weft_file *file) {
  weft_host_stat st;
  int error = weft_host_fs_fstat((int)file->handle, &st);
  return error ? error : st.size;
}

/* `offset` < 0: the handle knows. */
static ssize_t write_parts(weft_file *file, const struct iovec *iov, int count, int64_t offset) {
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    if (iov[i].iov_len == 0) {
      continue;
    }
    int part = weft_host_fs_write((int)file->handle, iov[i].iov_base, iov[i].iov_len,
                                  offset < 0 ? -1 : (double)(offset + done));
    if (part < 0) {
      return done ? done : part;
    }
    done += part;
    if ((size_t)part < iov[i].iov_len) {
      break;
    }
  }
  return done;
}

static ssize_t file_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                          bool append) {
  /* A handle that was opened for appending appends, and nothing else. One that was
   * not, and whose description was told to append later, does so at the end as it is
   * now: correct among threads of the guest. */
  bool handle_appends = file->data != NULL;
  if (handle_appends && !append) {
    return -EOPNOTSUPP;
  }
  bool hold = append && !handle_appends;
  if (hold) {
    pthread_mutex_lock(&file->node->mount->lock);
    *offset = file_size(file);
    if (*offset < 0) {
      pthread_mutex_unlock(&file->node->mount->lock);
      return (ssize_t)*offset;
    }
  }
  ssize_t done = write_parts(file, iov, count, handle_appends ? -1 : *offset);
  if (hold) {
    pthread_mutex_unlock(&file->node->mount->lock);
  }
  if (handle_appends && done > 0) {
    /* The host chose the place; what the position must be now is the end. */
    int64_t size = file_size(file);
    *offset = size < done ? 0 : size - done;
  }
  return done;
}
static int file_stat(weft_file *file, struct stat *st) {
  weft_host_stat result;
  int error = weft_host_fs_fstat((int)file->handle, &result);
  if (error == 0) {
    convert(file->node->mount, &result, st);
  }
  return error;
}

static int file_truncate(weft_file *file, int64_t length) {
  return weft_host_fs_ftruncate((int)file->handle, (double)length);
}

static int file_sync(weft_file *file) { return weft_host_fs_fsync((int)file->handle); }

static void file_release(weft_file *file) { (void)weft_host_fs_close((int)file->handle); }

static const weft_file_ops file_ops = {
    .read = file_read,
    .write = file_write,
    .size = file_size,
    .stat = file_stat,
    .truncate = file_truncate,
    .sync = file_sync,
    .release = file_release,
};

/* A listing is a snapshot, taken at the first read and again after a rewind: the host
 * gives no cursor that would survive changes. */
typedef struct listing {
  int length;
  uint8_t bytes[];
} listing;

static int take_listing(weft_file *file) {
  host_path *full;
  int error = begin(file->node, NULL, &full);
  if (error) {
    return error;
  }
  int size = 8192;
  listing *list = NULL;
  weft_host_stat st;
  error = weft_host_fs_lstat(full->text, &st);
  if (error == 0 && !S_ISDIR((uint32_t)st.mode)) {
    error = -ENOTDIR;
  }
  while (error == 0) {
    free(list);
    list = malloc(sizeof *list + (size_t)size);
    if (!list) {
      error = -ENOMEM;
      break;
    }
    int needed = weft_host_fs_readdir(full->text, list->bytes, (size_t)size);
    if (needed < 0) {
      error = needed;
    } else if (needed <= size) {
      list->length = needed;
      break;
    }
    size = needed + needed / 4;
  }
  end(file->node, full);
  if (error) {
    free(list);
    return error;
  }
  file->data = list;
  return 0;
}

static int listing_entry(weft_file *file, int64_t *cursor, struct dirent *out) {
  if (!file->data) {
    int error = take_listing(file);
    if (error) {
      return error;
    }
  }
  /* The cursor is the byte offset into the snapshot. */
  listing *list = file->data;
  int64_t at = *cursor - 2;
  if (at + 10 > list->length) {
    return 0;
  }
  uint64_t inode;
  memcpy(&inode, list->bytes + at, sizeof inode);
  uint8_t length = list->bytes[at + 9];
  weft_dirent_set(out, inode, (uint32_t)DTTOIF(list->bytes[at + 8]),
                  (const char *)list->bytes + at + 10, length);
  *cursor += 10 + length;
  return 1;
}

static void listing_rewind(weft_file *file) {
  free(file->data);
  file->data = NULL;
}

static int64_t listing_size(weft_file *file) {
  (void)file;
  return 0;
}

static const weft_file_ops listing_ops = {
    .size = listing_size,
    .entry = listing_entry,
    .rewind = listing_rewind,
    .release = listing_rewind,
};

static int host_open(weft_node *node, weft_file **out) {
  weft_file *file = *out;
  if (S_ISDIR(node->type)) {
    file->ops = &listing_ops;
    return host_access(node, R_OK);
  }
  if (!S_ISREG(node->type)) {
    return -ENXIO; /* a device or FIFO of the host could block a whole realm */
  }
  host_path *full;
  int error = begin(node, NULL, &full);
  if (error) {
    return error;
  }
  weft_host_stat st;
  error = weft_host_fs_lstat(full->text, &st);
  if (error == 0 && !S_ISREG((uint32_t)st.mode)) {
    error = S_ISLNK((uint32_t)st.mode) ? -ELOOP : -ENXIO;
  }
  if (error == 0) {
    error = weft_host_fs_open(full->text, (file->flags & (O_ACCMODE | O_APPEND)) | O_NOFOLLOW, 0);
  }
  end(node, full);
  if (error < 0) {
    return error;
  }
  file->handle = error;
  file->data = file->flags & O_APPEND ? file : NULL; /* not NULL: the handle appends */
  file->ops = &file_ops;
  return 0;
}

static int host_create_open(weft_node *directory, const char *name, uint32_t mode,
                            weft_file *file, weft_node **out) {
  host_path *full;
  int error = begin(directory, name, &full);
  if (error) {
    return error;
  }
  int flags = (file->flags & (O_ACCMODE | O_APPEND)) | O_CREAT | O_EXCL | O_NOFOLLOW;
  int handle = weft_host_fs_open(full->text, flags, (int)(mode & 07777));
  error = handle < 0 ? handle : node_for(directory, name, mode, out);
  end(directory, full);
  if (error == 0) {
    file->handle = handle;
    file->data = file->flags & O_APPEND ? file : NULL;
    file->ops = &file_ops;
  } else if (handle >= 0) {
    weft_host_fs_close(handle);
  }
  return error;
}

/* ---- mounts ------------------------------------------------------------------------------------------- */

static const weft_fs_ops host_ops = {
    .lookup = host_lookup,
    .parent = host_parent,
    .name = host_name,
    .create = host_create,
    .create_open = host_create_open,
    .symlink = host_symlink,
    .link = host_link,
    .unlink = host_unlink,
    .rmdir = host_rmdir,
    .rename = host_rename,
    .readlink = host_readlink,
    .stat = host_stat,
    .chmod = host_chmod,
    .chown = host_chown,
    .utimens = host_utimens,
    .truncate = host_truncate,
    .access = host_access,
    .open = host_open,
    .statfs = host_statfs,
    .release = host_release,
};

int weft_host_mount(const char *guest, const char *host_directory, int readonly) {
  size_t length = strnlen(host_directory, WEFT_PATH_MAX);
  if (length == 0 || length == WEFT_PATH_MAX) {
    return length ? -ENAMETOOLONG : -ENOENT;
  }
  while (length > 0 && host_directory[length - 1] == '/') {
    length--;
  }
  host_mount *mount = calloc(1, sizeof *mount);
  if (!mount || !(mount->top = strndup(host_directory, length))) {
    free(mount);
    return -ENOMEM;
  }
  mount->changes = 1; /* 0 in a node means: never verified */
  mount->mount.ops = &host_ops;
  mount->mount.readonly = readonly != 0;
  mount->mount.host_checks = true;
  mount->mount.device = weft_device_new();
  mount->mount.data = mount;
  pthread_mutex_init(&mount->mount.lock, NULL);
  host_node *root = new_node(mount, "", NULL, S_IFDIR);
  int error = -ENOMEM;
  if (root) {
    mount->mount.root = &root->base;
    struct stat st;
    error = host_stat(&root->base, &st);
    if (error == 0 && !S_ISDIR(st.st_mode)) {
      error = -ENOTDIR;
    }
    if (error == 0) {
      error = weft_mount_add(guest, &mount->mount);
    }
    if (error) {
      weft_node_unref(&root->base);
    }
  }
  if (error) {
    free(mount->top);
    free(mount);
  }
  return error;
}
