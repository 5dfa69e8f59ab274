/* /proc/self/fd: one link per descriptor, leading to the open description itself.
 * Opening it opens the same file, pipe or terminal again by sharing the description. */
#include <stdio.h>

#include "sys.h"

typedef struct fd_node {
  weft_node base;
  int fd;
} fd_node;

static weft_node *new_node(weft_mount *mount, uint32_t type, int fd) {
  fd_node *node = malloc(sizeof *node);
  if (!node) {
    return NULL;
  }
  weft_node_init(&node->base, mount, type);
  node->fd = fd;
  return &node->base;
}

static int number(weft_node *node) { return ((fd_node *)node)->fd; }

static int fdfs_lookup(weft_node *directory, const char *name, weft_node **out) {
  char *end;
  long fd = strtol(name, &end, 10);
  weft_file *file = *end == 0 && name[0] >= '0' && name[0] <= '9' && fd <= INT_MAX
                        ? weft_fd_get((int)fd)
                        : NULL;
  if (!file) {
    return -ENOENT;
  }
  weft_file_unref(file);
  *out = new_node(directory->mount, S_IFLNK, (int)fd);
  return *out ? 0 : -ENOMEM;
}

static int fdfs_parent(weft_node *directory, weft_node **out) {
  *out = weft_node_ref(directory); /* only the top has an inside */
  return 0;
}

static int fdfs_name(weft_node *directory, char out[WEFT_NAME_MAX + 1]) {
  (void)directory;
  out[0] = 0;
  return 0;
}

/* The node of the description when it has one, so that directories can be entered;
 * otherwise a node that stands for the description. */
static int fdfs_follow(weft_node *link, weft_node **out) {
  weft_file *file = weft_fd_get(number(link));
  if (!file) {
    return -ENOENT;
  }
  int error = 0;
  if (file->node && !S_ISFIFO(file->node->type)) {
    *out = weft_node_ref(file->node);
  } else {
    struct stat st;
    error = weft_file_stat(file, &st);
    if (error == 0) {
      *out = new_node(link->mount, st.st_mode & S_IFMT, number(link));
      error = *out ? 0 : -ENOMEM;
    }
  }
  weft_file_unref(file);
  return error;
}

static int fdfs_readlink(weft_node *node, char *buffer, size_t size) {
  char text[WEFT_PATH_MAX];
  weft_file *file = weft_fd_get(number(node));
  if (!file) {
    return -ENOENT;
  }
  struct stat st;
  int length = weft_file_stat(file, &st);
  if (length == 0) {
    if (file->node && S_ISDIR(file->node->type)) {
      length = weft_file_path(file->node, text, sizeof text) - 1;
    } else if (weft_sys_isatty(number(node)) == 1) {
      length = snprintf(text, sizeof text, "/dev/tty");
    } else {
      const char *kind = S_ISFIFO(st.st_mode) ? "pipe" : S_ISSOCK(st.st_mode) ? "socket" : "file";
      length = snprintf(text, sizeof text, "%s:[%llu]", kind, (unsigned long long)st.st_ino);
    }
  }
  weft_file_unref(file);
  if (length < 0) {
    return -ENOENT;
  }
  length = (size_t)length < size ? length : (int)size;
  memcpy(buffer, text, (size_t)length);
  return length;
}

static int fdfs_stat(weft_node *node, struct stat *st) {
  memset(st, 0, sizeof *st);
  if (!S_ISDIR(node->type) && !S_ISLNK(node->type)) {
    weft_file *file = weft_fd_get(number(node));
    int error = file ? weft_file_stat(file, st) : -ENOENT;
    if (file) {
      weft_file_unref(file);
    }
    return error;
  }
  st->st_dev = node->mount->device;
  st->st_ino = (ino_t)number(node) + 2;
  st->st_mode = node->type | 0500;
  st->st_nlink = 1;
  st->st_uid = WEFT_UID;
  st->st_gid = WEFT_GID;
  st->st_atim = st->st_mtim = st->st_ctim = weft_realtime();
  return 0;
}

static int fdfs_access(weft_node *node, int mode) {
  (void)node;
  (void)mode;
  return 0;
}

static int no_change(weft_node *node) {
  (void)node;
  return -EPERM;
}
static int fdfs_chmod(weft_node *node, uint32_t mode) {
  (void)mode;
  return no_change(node);
}
static int fdfs_chown(weft_node *node, int uid, int gid) {
  (void)uid;
  (void)gid;
  return no_change(node);
}
static int fdfs_utimens(weft_node *node, const struct timespec times[2]) {
  (void)times;
  return no_change(node);
}
static int fdfs_truncate(weft_node *node, int64_t length) {
  return weft_sys_ftruncate(number(node), length);
}

static int64_t listing_size(weft_file *file) {
  (void)file;
  return 0;
}

static int listing_entry(weft_file *file, int64_t *cursor, struct dirent *out) {
  (void)file;
  int fd = weft_fd_next((int)(*cursor - 2));
  if (fd < 0) {
    return 0;
  }
  char name[16];
  int length = snprintf(name, sizeof name, "%d", fd);
  weft_dirent_set(out, (uint64_t)fd + 2, S_IFLNK, name, (size_t)length);
  *cursor = (int64_t)fd + 3;
  return 1;
}

static const weft_file_ops listing_ops = {.size = listing_size, .entry = listing_entry};

static int fdfs_open(weft_node *node, weft_file **file) {
  if (S_ISDIR(node->type)) {
    (*file)->ops = &listing_ops;
    return 0;
  }
  weft_file *target = weft_fd_get(number(node));
  if (!target) {
    return -ENOENT;
  }
  int wanted = (*file)->flags & O_ACCMODE, has = target->flags & O_ACCMODE;
  if (has != O_RDWR && has != wanted) {
    weft_file_unref(target);
    return -EACCES;
  }
  weft_file_unref(*file);
  *file = target;
  return 0;
}

static int fdfs_statfs(weft_mount *mount, struct statfs *out) {
  (void)mount;
  out->f_type = 0x9fa0; /* proc */
  out->f_bsize = out->f_frsize = 4096;
  out->f_namelen = WEFT_NAME_MAX;
  return 0;
}

static void fdfs_release(weft_node *node) { free(node); }

/* Read-only, so the operations that make and remove names are never reached. */
static const weft_fs_ops fdfs_ops = {
    .lookup = fdfs_lookup,
    .parent = fdfs_parent,
    .name = fdfs_name,
    .readlink = fdfs_readlink,
    .follow = fdfs_follow,
    .stat = fdfs_stat,
    .chmod = fdfs_chmod,
    .chown = fdfs_chown,
    .utimens = fdfs_utimens,
    .truncate = fdfs_truncate,
    .access = fdfs_access,
    .open = fdfs_open,
    .statfs = fdfs_statfs,
    .release = fdfs_release,
};

int weft_fdfs_mount(const char *path) {
  weft_mount *mount = calloc(1, sizeof *mount);
  if (!mount) {
    return -ENOMEM;
  }
  mount->ops = &fdfs_ops;
  mount->readonly = true;
  mount->device = weft_device_new();
  pthread_mutex_init(&mount->lock, NULL);
  mount->root = new_node(mount, S_IFDIR, -1);
  return mount->root ? weft_mount_add(path, mount) : -ENOMEM;
}
