/* Path resolution and mounts. A walk goes component by component and holds a
 * reference to where it is, never a lock. */
#include "sys.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static weft_mount *root_mount;
static _Atomic uint32_t devices;

static pthread_mutex_t cwd_lock = PTHREAD_MUTEX_INITIALIZER; /* guards cwd; a leaf */
static weft_node *cwd;
static _Atomic uint32_t umask_bits = 022;

static void boot(void) {
  root_mount = weft_memfs_new();
  if (!root_mount) {
    abort(); /* not even the first kilobyte of memory */
  }
  cwd = weft_node_ref(root_mount->root);
}

/* Before any constructor of the program or of the C library's users can open a file.
 * Everything that populates the tree goes through ordinary calls on an empty root. */
__attribute__((constructor(101))) static void start(void) {
  pthread_once(&once, boot);
  weft_dev_init();
  weft_stdio_init();
}

weft_node *weft_root(void) {
  pthread_once(&once, boot);
  return root_mount->root;
}

uint32_t weft_device_new(void) { return atomic_fetch_add(&devices, 1) + 1; }

void weft_node_init(weft_node *node, weft_mount *mount, uint32_t type) {
  node->refs = 1;
  node->type = type;
  node->mount = mount;
  node->mounted = NULL;
}

void weft_node_unref(weft_node *node) {
  if (atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) == 1) {
    node->mount->ops->release(node);
  }
}

int weft_mode_access(uint32_t mode, uint32_t uid, uint32_t gid, int wanted) {
  uint32_t bits = uid == WEFT_UID ? mode >> 6 : gid == WEFT_GID ? mode >> 3 : mode;
  return ((uint32_t)wanted & ~bits & 7) ? -EACCES : 0;
}

/* ---- the walk ------------------------------------------------------------------------ */

/* Both replace the reference they are given. */
static weft_node *into_mounts(weft_node *node) {
  weft_mount *mount;
  while ((mount = atomic_load(&node->mounted)) != NULL) {
    weft_node *inner = weft_node_ref(mount->root);
    weft_node_unref(node);
    node = inner;
  }
  return node;
}

static int go_up(weft_node **at) {
  weft_node *node = *at;
  while (node == node->mount->root && node->mount->covered) {
    weft_node *outer = weft_node_ref(node->mount->covered);
    weft_node_unref(node);
    node = outer;
  }
  *at = node;
  if (node == root_mount->root) {
    return 0; /* "/.." is "/" */
  }
  weft_node *parent;
  int error = node->mount->ops->parent(node, &parent);
  if (error == 0) {
    weft_node_unref(node);
    *at = into_mounts(parent);
  }
  return error;
}

static int start_of(int directory, const char *path, weft_node **out) {
  if (path[0] == '/') {
    *out = into_mounts(weft_node_ref(weft_root()));
    return 0;
  }
  if (directory == AT_FDCWD) {
    weft_root();
    pthread_mutex_lock(&cwd_lock);
    *out = weft_node_ref(cwd);
    pthread_mutex_unlock(&cwd_lock);
    return 0;
  }
  weft_file *file = weft_fd_get(directory);
  if (!file) {
    return -EBADF;
  }
  int error = -ENOTDIR;
  if (file->node && S_ISDIR(file->node->type)) {
    *out = weft_node_ref(file->node);
    error = 0;
  }
  weft_file_unref(file);
  return error;
}

static int may_search(weft_node *directory) {
  if (!S_ISDIR(directory->type)) {
    return -ENOTDIR;
  }
  return directory->mount->host_checks ? 0 : directory->mount->ops->access(directory, X_OK);
}

/* The path that is left after `link` was replaced by its text. Returns a new string
 * in *owned, and drops the one that was there. */
static int expand(weft_node *link, const char *rest, char **owned, const char **path) {
  char target[WEFT_PATH_MAX];
  int length = link->mount->ops->readlink(link, target, sizeof target - 1);
  if (length < 0) {
    return length;
  }
  target[length] = 0;
  size_t tail = strlen(rest);
  if (length == 0) {
    return -ENOENT;
  }
  if ((size_t)length + tail + 1 > WEFT_PATH_MAX) {
    return -ENAMETOOLONG;
  }
  char *joined = malloc((size_t)length + tail + 1);
  if (!joined) {
    return -ENOMEM;
  }
  memcpy(joined, target, (size_t)length);
  memcpy(joined + length, rest, tail + 1); /* `rest` starts with a slash or is empty */
  free(*owned);
  *owned = joined;
  *path = joined;
  return 0;
}

int weft_walk(int directory, const char *path, unsigned flags, weft_path *out) {
  memset(out, 0, offsetof(weft_path, name));
  out->special = out->dot = out->slash = false;
  if (!path[0]) {
    return -ENOENT;
  }
  if (strnlen(path, WEFT_PATH_MAX) == WEFT_PATH_MAX) {
    return -ENAMETOOLONG;
  }
  weft_node *at;
  int error = start_of(directory, path, &at);
  if (error) {
    return error;
  }
  char *owned = NULL;
  int links = 0;
  for (;;) {
    while (*path == '/') {
      path++;
    }
    size_t length = strcspn(path, "/");
    const char *rest = path + length;
    const char *after = rest + strspn(rest, "/");
    bool last = *after == 0;
    out->slash = last && *rest == '/';

    if (length == 0 || (length == 1 && path[0] == '.') ||
        (length == 2 && path[0] == '.' && path[1] == '.')) {
      error = length == 0 ? 0 : may_search(at);
      if (error == 0 && length == 2) {
        error = go_up(&at);
      }
      if (error) {
        break;
      }
      if (last) {
        out->special = true;
        out->dot = length == 1;
        out->name[0] = length == 2 ? '.' : 0; /* ".." and not the top */
        out->name[1] = 0;
        out->node = at;
        free(owned);
        return 0;
      }
      path = after;
      continue;
    }
    if (length > WEFT_NAME_MAX) {
      error = -ENAMETOOLONG;
      break;
    }
    error = may_search(at);
    if (error) {
      break;
    }
    memcpy(out->name, path, length);
    out->name[length] = 0;
    weft_node *next = NULL;
    error = at->mount->ops->lookup(at, out->name, &next);
    if (error == -ENOENT && last && (flags & WEFT_WALK_MISSING)) {
      out->parent = at;
      free(owned);
      return 0;
    }
    if (error) {
      break;
    }
    /* A slash after a link asks for what the link leads to. */
    if (S_ISLNK(next->type) && (!last || out->slash || (flags & WEFT_WALK_FOLLOW))) {
      if (++links > WEFT_SYMLINK_MAX) {
        error = -ELOOP;
      } else if (next->mount->ops->follow) {
        weft_node *target;
        error = next->mount->ops->follow(next, &target);
        if (error == 0) {
          weft_node_unref(next);
          next = target;
          goto found;
        }
      } else {
        error = expand(next, rest, &owned, &path);
        if (error == 0 && *path == '/') {
          weft_node_unref(at);
          at = into_mounts(weft_node_ref(weft_root()));
        }
      }
      weft_node_unref(next);
      if (error) {
        break;
      }
      continue;
    }
  found:
    next = into_mounts(next);
    if (last) {
      if (out->slash && !S_ISDIR(next->type)) {
        weft_node_unref(next);
        error = -ENOTDIR;
        break;
      }
      out->parent = at;
      out->node = next;
      free(owned);
      return 0;
    }
    weft_node_unref(at);
    at = next;
    path = after;
  }
  weft_node_unref(at);
  free(owned);
  return error;
}

void weft_path_clear(weft_path *path) {
  if (path->parent) {
    weft_node_unref(path->parent);
  }
  if (path->node) {
    weft_node_unref(path->node);
  }
  path->parent = path->node = NULL;
}

int weft_walk_node(int directory, const char *path, bool follow, weft_node **out) {
  weft_path result;
  int error = weft_walk(directory, path, follow ? WEFT_WALK_FOLLOW : 0, &result);
  if (error == 0) {
    *out = weft_node_ref(result.node);
    weft_path_clear(&result);
  }
  return error;
}

/* ---- mounts --------------------------------------------------------------------------- */

/* `anywhere` false: only in memory, so that a mount never leaves folders on the host. */
static int make_directories(const char *path, bool anywhere);

int weft_mount_add(const char *guest_path, weft_mount *mount) {
  int error = make_directories(guest_path, false);
  if (error) {
    return error;
  }
  weft_node *directory;
  error = weft_walk_node(AT_FDCWD, guest_path, true, &directory);
  if (error) {
    return error;
  }
  /* The reference is kept for good: mounts are never taken away. */
  if (!S_ISDIR(directory->type)) {
    error = -ENOTDIR;
  } else if (directory == root_mount->root) {
    error = -EINVAL;
  } else if (directory == directory->mount->root) {
    error = -EBUSY;
  } else {
    mount->covered = directory;
    weft_mount *expected = NULL;
    if (atomic_compare_exchange_strong(&directory->mounted, &expected, mount)) {
      return 0;
    }
    error = -EBUSY;
  }
  weft_node_unref(directory);
  return error;
}

static int make_directory(const char *path, bool anywhere) {
  if (!anywhere) {
    weft_path at;
    int error = weft_walk(AT_FDCWD, path, WEFT_WALK_MISSING | WEFT_WALK_FOLLOW, &at);
    if (error) {
      return error;
    }
    bool there = at.node != NULL, memory = there || weft_is_memfs(at.parent);
    weft_path_clear(&at);
    if (there || !memory) {
      return there ? -EEXIST : -ENOENT;
    }
  }
  return weft_sys_mkdir(AT_FDCWD, path, 0755);
}

static int make_directories(const char *path, bool anywhere) {
  char prefix[WEFT_PATH_MAX];
  size_t length = strnlen(path, sizeof prefix);
  if (length == sizeof prefix) {
    return -ENAMETOOLONG;
  }
  int error = 0;
  for (size_t i = 1; i <= length; i++) {
    if ((path[i] == '/' || path[i] == 0) && path[i - 1] != '/') {
      memcpy(prefix, path, i);
      prefix[i] = 0;
      error = make_directory(prefix, anywhere);
      if (error && error != -EEXIST && error != -EROFS) {
        return error;
      }
    }
  }
  struct stat st;
  error = weft_sys_stat(AT_FDCWD, path, &st, 0);
  return error ? error : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int weft_mkdirs(const char *path) { return make_directories(path, true); }

int weft_sys_mkdirs(const char *path) { return weft_mkdirs(path); }

/* ---- the current directory ---------------------------------------------------------------- */

static int set_cwd(weft_node *node) {
  int error = may_search(node);
  if (error) {
    weft_node_unref(node);
    return error;
  }
  pthread_mutex_lock(&cwd_lock);
  weft_node *old = cwd;
  cwd = node;
  pthread_mutex_unlock(&cwd_lock);
  weft_node_unref(old);
  return 0;
}

int weft_sys_chdir(const char *path) {
  weft_node *node;
  int error = weft_walk_node(AT_FDCWD, path, true, &node);
  return error ? error : set_cwd(node);
}

int weft_sys_fchdir(int fd) {
  weft_node *node;
  int error = start_of(fd, "", &node);
  return error ? error : set_cwd(node);
}

/* Writes the path of a directory, found by going up. */
int weft_file_path(weft_node *directory, char *out, size_t size) {
  char path[WEFT_PATH_MAX];
  size_t start = sizeof path - 1;
  path[start] = 0;
  weft_node *at = weft_node_ref(directory);
  int error = 0;
  for (;;) {
    while (at == at->mount->root && at->mount->covered) {
      weft_node *outer = weft_node_ref(at->mount->covered);
      weft_node_unref(at);
      at = outer;
    }
    if (at == root_mount->root) {
      break;
    }
    char name[WEFT_NAME_MAX + 1];
    weft_node *parent;
    error = at->mount->ops->name(at, name);
    if (error == 0) {
      error = at->mount->ops->parent(at, &parent);
    }
    if (error) {
      break;
    }
    size_t length = strlen(name);
    if (length + 1 > start) {
      weft_node_unref(parent);
      error = -ENAMETOOLONG;
      break;
    }
    start -= length;
    memcpy(path + start, name, length);
    path[--start] = '/';
    weft_node_unref(at);
    at = parent;
  }
  weft_node_unref(at);
  if (error) {
    return error;
  }
  if (path[start] == 0) {
    path[--start] = '/';
  }
  size_t length = sizeof path - start;
  if (length > size) {
    return -ERANGE;
  }
  memcpy(out, path + start, length);
  return (int)length;
}

int weft_sys_getcwd(char *buffer, size_t size) {
  if (size == 0) {
    return -EINVAL;
  }
  weft_node *node;
  int error = start_of(AT_FDCWD, "", &node);
  if (error == 0) {
    error = weft_file_path(node, buffer, size);
    weft_node_unref(node);
  }
  return error;
}

uint32_t weft_umask_value(void) { return umask_bits; }

uint32_t weft_sys_umask(uint32_t mask) { return atomic_exchange(&umask_bits, mask & 0777); }
