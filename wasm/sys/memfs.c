/* The file system in memory: nodes, attributes and the name operations.
 *
 * The mount's lock guards entries, `parent`, `nlink`, `name` and `object`; a node's
 * own lock guards its attributes and contents. Both may be held at once, the mount's
 * first. A node lives while a name, a description or a walk has a reference; a
 * directory also keeps its parent alive. */
#include "memfs.h"

struct mem_node {
  weft_node base;
  pthread_mutex_t lock;
  uint64_t inode;
  uint32_t permissions; /* 07777 bits */
  uint32_t uid, gid;
  struct timespec accessed, modified, changed;
  uint64_t rdev;
  /* Under the mount's lock: */
  uint32_t nlink; /* names; a directory: 1, or 0 once removed */
  uint32_t subdirectories;
  mem_node *parent; /* a directory's; an owned reference, except in the root */
  char *name;       /* a directory's */
  void *object;     /* what a FIFO or socket name stands for */
  union {
    mem_directory directory; /* under the mount's lock */
    mem_data data;           /* under the node's lock */
    char *target;            /* never changes */
  } u;
};

static _Atomic uint64_t inodes;

static mem_node *mem(weft_node *node) { return (mem_node *)node; }
static pthread_mutex_t *names_of(mem_node *node) { return &node->base.mount->lock; }

static mem_node *new_node(weft_mount *mount, uint32_t mode) {
  mem_node *node = calloc(1, sizeof *node);
  if (node) {
    weft_node_init(&node->base, mount, mode & S_IFMT);
    pthread_mutex_init(&node->lock, NULL);
    node->inode = atomic_fetch_add(&inodes, 1) + 1;
    node->permissions = mode & 07777;
    node->uid = WEFT_UID;
    node->gid = WEFT_GID;
    node->accessed = node->modified = node->changed = weft_realtime();
  }
  return node;
}

static void mem_release(weft_node *base) {
  mem_node *node = mem(base);
  if (S_ISREG(base->type)) {
    mem_data_free(&node->u.data);
  } else if (S_ISLNK(base->type)) {
    free(node->u.target);
  } else if (S_ISDIR(base->type)) {
    mem_directory_free(&node->u.directory); /* empty: names keep nodes alive */
  } else if (S_ISFIFO(base->type) && node->object) {
    weft_fifo_free(node->object);
  }
  mem_node *parent = node->parent;
  free(node->name);
  pthread_mutex_destroy(&node->lock);
  free(node);
  if (parent) {
    weft_node_unref(&parent->base);
  }
}

/* The mount's lock is held; the node's is taken. */
static void touch_changed(mem_node *node, bool modified) {
  pthread_mutex_lock(&node->lock);
  node->changed = weft_realtime();
  if (modified) {
    node->modified = node->changed;
  }
  pthread_mutex_unlock(&node->lock);
}

/* ---- lookup ------------------------------------------------------------------------- */

static int mem_lookup(weft_node *directory, const char *name, weft_node **out) {
  mem_node *node = mem(directory);
  pthread_mutex_lock(names_of(node));
  mem_entry *entry = mem_directory_find(&node->u.directory, name);
  if (entry) {
    *out = weft_node_ref(&entry->node->base);
  }
  pthread_mutex_unlock(names_of(node));
  return entry ? 0 : -ENOENT;
}

static int mem_parent(weft_node *directory, weft_node **out) {
  mem_node *node = mem(directory);
  pthread_mutex_lock(names_of(node));
  *out = weft_node_ref(node->parent ? &node->parent->base : directory);
  pthread_mutex_unlock(names_of(node));
  return 0;
}

static int mem_name(weft_node *directory, char out[WEFT_NAME_MAX + 1]) {
  mem_node *node = mem(directory);
  int error = 0;
  pthread_mutex_lock(names_of(node));
  if (node->nlink == 0) {
    error = -ENOENT;
  } else {
    strcpy(out, node->name ? node->name : "");
  }
  pthread_mutex_unlock(names_of(node));
  return error;
}

/* ---- making names ---------------------------------------------------------------------- */

/* Under the mount's lock. Takes over the reference to `node` when it succeeds. */
static int enter(mem_node *directory, const char *name, mem_node *node) {
  if (directory->nlink == 0) {
    return -ENOENT; /* removed, but somebody still stands in it */
  }
  if (mem_directory_find(&directory->u.directory, name)) {
    return -EEXIST;
  }
  int error = mem_directory_add(&directory->u.directory, name, node);
  if (error == 0) {
    node->nlink++;
    touch_changed(directory, true);
  }
  return error;
}

static int add_new(weft_node *directory, const char *name, mem_node *node, weft_node **out) {
  if (!node) {
    return -ENOSPC;
  }
  mem_node *parent = mem(directory);
  if (S_ISDIR(node->base.type)) {
    node->name = strdup(name);
    if (!node->name) {
      weft_node_unref(&node->base);
      return -ENOSPC;
    }
  }
  pthread_mutex_lock(names_of(parent));
  int error = enter(parent, name, node);
  if (error == 0) {
    if (S_ISDIR(node->base.type)) {
      node->parent = mem(weft_node_ref(directory));
      parent->subdirectories++;
    }
    if (out) {
      *out = weft_node_ref(&node->base);
    }
  }
  pthread_mutex_unlock(names_of(parent));
  if (error) {
    weft_node_unref(&node->base);
  }
  return error;
}

static int mem_create(weft_node *directory, const char *name, uint32_t mode, uint64_t rdev,
                      weft_node **out) {
  mem_node *node = new_node(directory->mount, mode);
  if (node) {
    node->rdev = rdev;
  }
  return add_new(directory, name, node, out);
}

static int mem_symlink(weft_node *directory, const char *name, const char *target) {
  mem_node *node = new_node(directory->mount, S_IFLNK | 0777);
  if (node) {
    node->u.target = strdup(target);
    if (!node->u.target) {
      weft_node_unref(&node->base);
      node = NULL;
    }
  }
  return add_new(directory, name, node, NULL);
}

static int mem_link(weft_node *base, weft_node *directory, const char *name) {
  mem_node *node = mem(base);
  weft_node_ref(base);
  pthread_mutex_lock(names_of(node));
  /* A file whose last name is gone does not come back. */
  int error = node->nlink == 0 ? -ENOENT : enter(mem(directory), name, node);
  if (error == 0) {
    touch_changed(node, false);
  }
  pthread_mutex_unlock(names_of(node));
  if (error) {
    weft_node_unref(base);
  }
  return error;
}

/* ---- removing and moving names ------------------------------------------------------------ */

/* Under the mount's lock; the caller drops the returned reference after it. */
static mem_node *take_out(mem_node *directory, mem_entry *entry) {
  mem_node *node = mem_directory_remove(&directory->u.directory, entry);
  node->nlink--;
  if (S_ISDIR(node->base.type)) {
    directory->subdirectories--;
  }
  touch_changed(directory, true);
  touch_changed(node, false);
  return node;
}

static int remove_name(weft_node *base, const char *name, bool want_directory) {
  mem_node *directory = mem(base), *gone = NULL;
  int error = 0;
  pthread_mutex_lock(names_of(directory));
  mem_entry *entry = mem_directory_find(&directory->u.directory, name);
  if (!entry) {
    error = -ENOENT;
  } else if (want_directory != (S_ISDIR(entry->node->base.type) != 0)) {
    error = want_directory ? -ENOTDIR : -EISDIR;
  } else if (entry->node->base.mounted) {
    error = -EBUSY;
  } else if (want_directory && entry->node->u.directory.live > 0) {
    error = -ENOTEMPTY;
  } else {
    gone = take_out(directory, entry);
  }
  pthread_mutex_unlock(names_of(directory));
  if (gone) {
    weft_node_unref(&gone->base);
  }
  return error;
}

static int mem_unlink(weft_node *directory, const char *name) {
  return remove_name(directory, name, false);
}

static int mem_rmdir(weft_node *directory, const char *name) {
  return remove_name(directory, name, true);
}

/* Whether `node` is `ancestor` or lies below it. */
static bool below(const mem_node *node, const mem_node *ancestor) {
  while (node && node != ancestor) {
    node = node->parent;
  }
  return node != NULL;
}

static int may_replace(const mem_node *moved, const mem_node *target) {
  bool is_directory = S_ISDIR(moved->base.type);
  if (is_directory != (S_ISDIR(target->base.type) != 0)) {
    return is_directory ? -ENOTDIR : -EISDIR;
  }
  if (target->base.mounted) {
    return -EBUSY;
  }
  return is_directory && target->u.directory.live > 0 ? -ENOTEMPTY : 0;
}

static int mem_rename(weft_node *from, const char *name, weft_node *to, const char *new_name) {
  mem_node *source = mem(from), *target = mem(to);
  mem_node *replaced = NULL, *old_parent = NULL;
  char *directory_name = strdup(new_name);
  if (!directory_name) {
    return -ENOSPC;
  }
  pthread_mutex_lock(names_of(source));
  mem_entry *entry = mem_directory_find(&source->u.directory, name);
  mem_entry *other = mem_directory_find(&target->u.directory, new_name);
  mem_node *moved = entry ? entry->node : NULL;
  bool is_directory = moved && S_ISDIR(moved->base.type);
  int error = 0;
  if (!moved || target->nlink == 0) {
    error = -ENOENT;
  } else if (other && other->node == moved) {
    goto done; /* two names of one file: rename does nothing */
  } else if (moved->base.mounted) {
    error = -EBUSY;
  } else if (is_directory && below(target, moved)) {
    error = -EINVAL;
  } else if (other) {
    error = may_replace(moved, other->node);
  }
  if (error) {
    goto done;
  }
  if (other) {
    /* The slot is reused: a listing in progress must not miss a name that is there
     * at all times. */
    replaced = other->node;
    other->node = moved;
    replaced->nlink--;
    if (S_ISDIR(replaced->base.type)) {
      target->subdirectories--;
    }
    touch_changed(replaced, false);
  } else {
    error = mem_directory_add(&target->u.directory, new_name, moved);
    if (error) {
      goto done;
    }
    /* Adding may have moved slots, but never entries. */
  }
  mem_directory_remove(&source->u.directory, entry);
  if (is_directory) {
    char *old_name = moved->name;
    moved->name = directory_name;
    directory_name = old_name;
    source->subdirectories--;
    target->subdirectories++;
    if (source != target) {
      old_parent = moved->parent;
      moved->parent = mem(weft_node_ref(to));
    }
  }
  touch_changed(source, true);
  if (target != source) {
    touch_changed(target, true);
  }
  touch_changed(moved, false);
done:
  pthread_mutex_unlock(names_of(source));
  free(directory_name);
  if (replaced) {
    weft_node_unref(&replaced->base);
  }
  if (old_parent) {
    weft_node_unref(&old_parent->base);
  }
  return error;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static int mem_readlink(weft_node *node, char *buffer, size_t size) {
  size_t length = strlen(mem(node)->u.target);
  if (length > size) {
    length = size;
  }
  memcpy(buffer, mem(node)->u.target, length);
  return (int)length;
}

static int mem_stat(weft_node *base, struct stat *st) {
  mem_node *node = mem(base);
  memset(st, 0, sizeof *st);
  st->st_dev = base->mount->device;
  st->st_ino = node->inode;
  st->st_blksize = 4096;
  pthread_mutex_lock(names_of(node));
  st->st_nlink = node->nlink;
  if (S_ISDIR(base->type)) {
    st->st_nlink = node->nlink ? 2 + node->subdirectories : 0;
    st->st_size = (off_t)(node->u.directory.live * 32);
  }
  pthread_mutex_unlock(names_of(node));
  pthread_mutex_lock(&node->lock);
  st->st_mode = base->type | node->permissions;
  st->st_uid = node->uid;
  st->st_gid = node->gid;
  st->st_rdev = (dev_t)node->rdev;
  if (S_ISREG(base->type)) {
    st->st_size = node->u.data.size;
    st->st_blocks = (blkcnt_t)((node->u.data.allocated + 511) / 512);
  } else if (S_ISLNK(base->type)) {
    st->st_size = (off_t)strlen(node->u.target);
  }
  st->st_atim = node->accessed;
  st->st_mtim = node->modified;
  st->st_ctim = node->changed;
  pthread_mutex_unlock(&node->lock);
  return 0;
}

static int mem_chmod(weft_node *base, uint32_t mode) {
  mem_node *node = mem(base);
  int error = 0;
  pthread_mutex_lock(&node->lock);
  if (node->uid != WEFT_UID) {
    error = -EPERM;
  } else {
    node->permissions = mode;
    node->changed = weft_realtime();
  }
  pthread_mutex_unlock(&node->lock);
  return error;
}

static int mem_chown(weft_node *base, int uid, int gid) {
  mem_node *node = mem(base);
  int error = 0;
  pthread_mutex_lock(&node->lock);
  /* What an ordinary user may do: nothing, to a file of one's own. */
  if (uid == -1 && gid == -1) {
    error = 0;
  } else if (node->uid != WEFT_UID || (uid != -1 && (uint32_t)uid != node->uid) ||
             (gid != -1 && (uint32_t)gid != WEFT_GID)) {
    error = -EPERM;
  } else {
    if (gid != -1) {
      node->gid = WEFT_GID;
    }
    node->changed = weft_realtime();
  }
  pthread_mutex_unlock(&node->lock);
  return error;
}

static int mem_utimens(weft_node *base, const struct timespec times[2]) {
  mem_node *node = mem(base);
  pthread_mutex_lock(&node->lock);
  if (times[0].tv_nsec != UTIME_OMIT) {
    node->accessed = times[0];
  }
  if (times[1].tv_nsec != UTIME_OMIT) {
    node->modified = times[1];
  }
  node->changed = weft_realtime();
  pthread_mutex_unlock(&node->lock);
  return 0;
}

static int mem_access(weft_node *base, int mode) {
  mem_node *node = mem(base);
  if (S_ISLNK(base->type)) {
    return 0;
  }
  pthread_mutex_lock(&node->lock);
  int error = weft_mode_access(node->permissions, node->uid, node->gid, mode);
  pthread_mutex_unlock(&node->lock);
  return error;
}

static int mem_truncate(weft_node *base, int64_t length) {
  mem_node *node = mem(base);
  pthread_mutex_lock(&node->lock);
  int error = mem_data_truncate(&node->u.data, length);
  if (error == 0) {
    node->modified = node->changed = weft_realtime();
  }
  pthread_mutex_unlock(&node->lock);
  return error;
}

static int mem_statfs(weft_mount *mount, struct statfs *out) {
  (void)mount;
  /* The limit is what the memory can still grow to, which nobody here knows; a
   * constant keeps programs that ask first from refusing to write. */
  out->f_type = 0x01021994; /* tmpfs */
  out->f_bsize = out->f_frsize = 4096;
  out->f_blocks = 1 << 18;
  out->f_bfree = out->f_bavail = 1 << 17;
  out->f_files = out->f_ffree = 1 << 20;
  out->f_namelen = WEFT_NAME_MAX;
  return 0;
}

/* ---- descriptions ----------------------------------------------------------------------------- */

static ssize_t file_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  mem_node *node = mem(file->node);
  pthread_mutex_lock(&node->lock);
  ssize_t done = mem_data_read(&node->u.data, iov, count, *offset);
  if (done > 0 && !(file->flags & O_NOATIME)) {
    node->accessed = weft_realtime();
  }
  pthread_mutex_unlock(&node->lock);
  return done;
}

static ssize_t file_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                          bool append) {
  mem_node *node = mem(file->node);
  pthread_mutex_lock(&node->lock);
  if (append) {
    *offset = node->u.data.size;
  }
  ssize_t done = mem_data_write(&node->u.data, iov, count, *offset);
  if (done > 0) {
    node->modified = node->changed = weft_realtime();
  }
  pthread_mutex_unlock(&node->lock);
  return done;
}

static int64_t file_size(weft_file *file) {
  mem_node *node = mem(file->node);
  pthread_mutex_lock(&node->lock);
  int64_t size = node->u.data.size;
  pthread_mutex_unlock(&node->lock);
  return size;
}

static int file_truncate(weft_file *file, int64_t length) {
  return mem_truncate(file->node, length);
}

static const weft_file_ops file_ops = {
    .read = file_read,
    .write = file_write,
    .size = file_size,
    .truncate = file_truncate,
};

static int64_t directory_size(weft_file *file) {
  (void)file;
  return 0;
}

static int directory_entry(weft_file *file, int64_t *cursor, struct dirent *out) {
  mem_node *node = mem(file->node);
  pthread_mutex_lock(names_of(node));
  mem_entry *entry = mem_directory_from(&node->u.directory, (uint64_t)*cursor);
  if (entry) {
    weft_dirent_set(out, entry->node->inode, entry->node->base.type, entry->name, entry->length);
    *cursor = (int64_t)entry->cookie + 1;
  }
  pthread_mutex_unlock(names_of(node));
  return entry != NULL;
}

static const weft_file_ops directory_ops = {.size = directory_size, .entry = directory_entry};

static int mem_open(weft_node *base, weft_file **file) {
  switch (base->type) {
    case S_IFREG:
      (*file)->ops = &file_ops;
      return 0;
    case S_IFDIR:
      (*file)->ops = &directory_ops;
      return 0;
    case S_IFIFO:
      return weft_fifo_open(base, file);
    case S_IFCHR:
      return weft_dev_open(base, mem(base)->rdev, file);
    default:
      return -ENXIO;
  }
}

/* ---- mounts -------------------------------------------------------------------------------------- */

static const weft_fs_ops mem_ops = {
    .lookup = mem_lookup,
    .parent = mem_parent,
    .name = mem_name,
    .create = mem_create,
    .symlink = mem_symlink,
    .link = mem_link,
    .unlink = mem_unlink,
    .rmdir = mem_rmdir,
    .rename = mem_rename,
    .readlink = mem_readlink,
    .stat = mem_stat,
    .chmod = mem_chmod,
    .chown = mem_chown,
    .utimens = mem_utimens,
    .truncate = mem_truncate,
    .access = mem_access,
    .open = mem_open,
    .statfs = mem_statfs,
    .release = mem_release,
};

weft_mount *weft_memfs_new(void) {
  weft_mount *mount = calloc(1, sizeof *mount);
  mem_node *root = mount ? new_node(mount, S_IFDIR | 0755) : NULL;
  if (!root) {
    free(mount);
    return NULL;
  }
  root->nlink = 1;
  mount->ops = &mem_ops;
  mount->root = &root->base;
  mount->device = weft_device_new();
  pthread_mutex_init(&mount->lock, NULL);
  return mount;
}

bool weft_is_memfs(const weft_node *node) { return node->mount->ops == &mem_ops; }

void **weft_memfs_object(weft_node *node) { return &mem(node)->object; }

int weft_memfs_add_device(const char *path, uint32_t mode, uint64_t rdev) {
  weft_path at;
  int error = weft_walk(AT_FDCWD, path, WEFT_WALK_MISSING, &at);
  if (error == 0) {
    weft_node *node;
    error = at.node ? -EEXIST : mem_create(at.parent, at.name, S_IFCHR | mode, rdev, &node);
    if (error == 0) {
      mem(node)->uid = mem(node)->gid = 0;
      weft_node_unref(node);
    }
    weft_path_clear(&at);
  }
  return error;
}
