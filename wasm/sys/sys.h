/* The kernel's internals: what its files share among themselves. The surface for
 * everybody else is weft_sys.h.
 *
 * Everything lives in shared memory and every call runs in the calling thread.
 *
 * Lock order (a thread takes locks only downwards; locks on one level are never
 * nested unless said otherwise). No lock is held while parked.
 *
 *   1. weft_file.position       serialises operations that use a file's position
 *   2. weft_mount.lock          names: directory entries, parents, link counts
 *   3. net lock (socket.c)      socket states, bound addresses, accept and datagram queues
 *   4. object locks             memfs node, weft_channel, stdio stream, byte-range locks
 *   5. fd table lock, cwd lock  leaves: nothing is taken under them
 *
 * weft_unpark takes no lock and may be called under any of them.
 *
 * Functions return >= 0, or a negative errno.
 */
#ifndef WEFT_SYS_INTERNAL_H
#define WEFT_SYS_INTERNAL_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "weft_sys.h"
#include "weft_wait.h"

#define WEFT_NAME_MAX 255
#define WEFT_PATH_MAX 4096
#define WEFT_SYMLINK_MAX 40
#define WEFT_UID 1000u
#define WEFT_GID 1000u

typedef struct weft_file weft_file;
typedef struct weft_node weft_node;
typedef struct weft_mount weft_mount;

/* ---- clocks (wait.c has its own) -------------------------------------------- */

int64_t weft_monotonic_ns(void);
struct timespec weft_realtime(void);
/* The absolute deadline of a relative timeout; < 0 means none in both. */
int64_t weft_deadline(int64_t timeout_ns);

/* ---- waiting (waitq.c) ------------------------------------------------------ */

/* A queue belongs to one object and is guarded by that object's lock. */
typedef struct weft_waitq {
  pthread_mutex_t *lock;
  struct weft_waitnode *head;
} weft_waitq;

/* One thread's interest in one queue. It may sit on the waiter's stack: wakers
 * touch it only under the queue's lock, and the waiter unlinks it under that lock
 * before it goes away. */
typedef struct weft_waitnode {
  struct weft_waitnode *next;
  struct weft_waitnode **link; /* the pointer that points to us; NULL: not queued */
  weft_waitq *queue;
  weft_thread *thread;
  uint32_t events;
} weft_waitnode;

void weft_waitq_init(weft_waitq *queue, pthread_mutex_t *lock);
void weft_waitq_add(weft_waitq *queue, weft_waitnode *node, uint32_t events); /* lock held */
void weft_waitq_wake(weft_waitq *queue, uint32_t events);                    /* lock held */
void weft_waitq_remove(weft_waitnode *node); /* takes the queue's lock */

/* Called with the queue's lock held; waits without it and returns with it held.
 * 0: look at your condition again; -EINTR; -ETIMEDOUT when `deadline` has passed. */
int weft_waitq_wait(weft_waitq *queue, uint32_t events, enum weft_wait_kind kind,
                    uintptr_t object, int64_t deadline);

/* What one poll of one file queues itself on: at most a receiving side, a sending
 * side and a state. */
typedef struct weft_pollslot {
  weft_waitnode node[3];
  int used;
} weft_pollslot;

/* Queue the slot's next node; `slot` may be NULL. The queue's lock is held. */
void weft_pollslot_add(weft_pollslot *slot, weft_waitq *queue, uint32_t events);

/* ---- open file descriptions (file.c) ---------------------------------------- */

typedef struct weft_file_ops {
  /* `offset` is NULL for streams. Otherwise the operation happens at *offset,
   * except that `append` makes a write choose the end and store the place there. */
  ssize_t (*read)(weft_file *file, const struct iovec *iov, int count, int64_t *offset);
  ssize_t (*write)(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                   bool append);
  /* NULL: not seekable. */
  int64_t (*size)(weft_file *file);
  int (*stat)(weft_file *file, struct stat *st); /* NULL: ask the node */
  int (*ioctl)(weft_file *file, unsigned long request, void *argument);
  /* The events that hold now; queues `slot` (may be NULL) in the same critical
   * section, so that no later change goes unnoticed. NULL: always ready. */
  uint32_t (*poll)(weft_file *file, weft_pollslot *slot);
  int (*truncate)(weft_file *file, int64_t length);
  int (*sync)(weft_file *file);
  /* One directory entry at or after *cursor (>= 2): 1, 0 at the end, or an error.
   * Moves *cursor past the entry. */
  int (*entry)(weft_file *file, int64_t *cursor, struct dirent *out);
  void (*rewind)(weft_file *file);
  void (*release)(weft_file *file);
} weft_file_ops;

struct weft_file {
  _Atomic uint32_t refs;
  _Atomic int flags; /* access mode and status flags as open() knows them */
  _Atomic bool locked; /* holds a flock() */
  const weft_file_ops *ops;
  weft_node *node; /* owned reference, or NULL */
  void *data;      /* the owner's: pipe end, socket, content */
  int64_t handle;  /* the owner's: host descriptor, device number */
  pthread_mutex_t position_lock;
  int64_t position; /* under position_lock */
};

/* Takes over the caller's reference to `node` (may be NULL), also when it fails
 * with NULL for want of memory. */
weft_file *weft_file_new(const weft_file_ops *ops, int flags, weft_node *node);
weft_file *weft_file_ref(weft_file *file);
void weft_file_unref(weft_file *file);
static inline bool weft_file_readable(const weft_file *file) {
  return (file->flags & O_PATH) == 0 && (file->flags & O_ACCMODE) != O_WRONLY;
}
static inline bool weft_file_writable(const weft_file *file) {
  return (file->flags & O_PATH) == 0 && (file->flags & O_ACCMODE) != O_RDONLY;
}
static inline bool weft_file_nonblocking(const weft_file *file) {
  return (file->flags & O_NONBLOCK) != 0;
}
int weft_file_stat(weft_file *file, struct stat *st);

/* Sum of an iovec's lengths, cut to what fits a ssize_t on wasm; -EINVAL when silly. */
ssize_t weft_iov_length(const struct iovec *iov, int count);

/* Sequential access to an iovec. */
typedef struct weft_iov_cursor {
  const struct iovec *iov;
  int count;
  size_t offset; /* into iov[0] */
} weft_iov_cursor;
void weft_iov_get(weft_iov_cursor *cursor, void *to, size_t length);
void weft_iov_put(weft_iov_cursor *cursor, const void *from, size_t length);
void weft_iov_zero(weft_iov_cursor *cursor, size_t length);

/* ---- descriptors (fd.c) ----------------------------------------------------- */

/* A new reference, or NULL for a bad descriptor. */
weft_file *weft_fd_get(int fd);
/* Takes over the reference, also on failure. */
int weft_fd_install(weft_file *file, int lowest, bool close_on_exec);
int weft_fd_install_pair(weft_file *first, weft_file *second, bool close_on_exec, int fds[2]);
void weft_fd_set_limit(uint32_t limit);
uint32_t weft_fd_limit(void);
/* The lowest open descriptor that is at least `fd`, or -1. */
int weft_fd_next(int fd);
/* Record locks belong to the process, so within it they always succeed (lock.c). */
int weft_lock_fcntl(weft_file *file, int command, struct flock *lock);
/* The description goes away, and its flock() with it. */
void weft_lock_forget(weft_file *file);

/* ---- names (vfs.c) ---------------------------------------------------------- */

struct weft_node {
  _Atomic uint32_t refs;
  uint32_t type; /* S_IFMT bits; never changes */
  weft_mount *mount;
  _Atomic(weft_mount *) mounted; /* covers this directory; set once */
};

/* Every operation gets nodes of its own mount. Out-nodes are new references. */
typedef struct weft_fs_ops {
  int (*lookup)(weft_node *directory, const char *name, weft_node **out);
  int (*parent)(weft_node *directory, weft_node **out);
  /* The directory's name in its parent; -ENOENT when it was removed. */
  int (*name)(weft_node *directory, char out[WEFT_NAME_MAX + 1]);
  int (*create)(weft_node *directory, const char *name, uint32_t mode, uint64_t rdev,
                weft_node **out);
  /* Create a regular file and open it in one step; NULL: create, then open. */
  int (*create_open)(weft_node *directory, const char *name, uint32_t mode, weft_file *file,
                     weft_node **out);
  int (*symlink)(weft_node *directory, const char *name, const char *target);
  int (*link)(weft_node *node, weft_node *directory, const char *name);
  int (*unlink)(weft_node *directory, const char *name);
  int (*rmdir)(weft_node *directory, const char *name);
  int (*rename)(weft_node *from, const char *name, weft_node *to, const char *new_name);
  int (*readlink)(weft_node *node, char *buffer, size_t size);
  /* A link that leads to an object and not to a name (/dev/fd/N); may be NULL. */
  int (*follow)(weft_node *link, weft_node **out);
  int (*stat)(weft_node *node, struct stat *st);
  int (*chmod)(weft_node *node, uint32_t mode);
  int (*chown)(weft_node *node, int uid, int gid);
  int (*utimens)(weft_node *node, const struct timespec times[2]); /* NOW resolved, OMIT not */
  int (*truncate)(weft_node *node, int64_t length);
  int (*access)(weft_node *node, int mode); /* R_OK | W_OK | X_OK */
  /* Give a new description for this node its operations; its flags are set. It may
   * be replaced by another one (drop the reference then). On failure it is left
   * without operations, and the caller drops it. May block. */
  int (*open)(weft_node *node, weft_file **file);
  int (*statfs)(weft_mount *mount, struct statfs *out);
  void (*release)(weft_node *node);
} weft_fs_ops;

struct weft_mount {
  const weft_fs_ops *ops;
  weft_node *root;
  weft_node *covered; /* the directory that it hides; NULL for the root mount */
  uint32_t device;
  bool readonly;
  bool host_checks; /* permissions of directories on a path are the host's business */
  pthread_mutex_t lock;
  void *data;
};

void weft_node_init(weft_node *node, weft_mount *mount, uint32_t type);
static inline weft_node *weft_node_ref(weft_node *node) {
  atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
  return node;
}
void weft_node_unref(weft_node *node);
uint32_t weft_device_new(void);

/* The result of resolving a path. */
typedef struct weft_path {
  weft_node *parent; /* the directory that holds (or would hold) the last component */
  weft_node *node;   /* NULL: no such entry in the parent */
  char name[WEFT_NAME_MAX + 1];
  bool special;  /* the last component is empty ("/"), "." or ".." */
  bool dot;      /* ... is "." */
  bool slash;    /* the path ends in a slash */
} weft_path;

enum {
  WEFT_WALK_FOLLOW = 1,  /* follow a link in last place */
  WEFT_WALK_MISSING = 2, /* a missing last component is no error */
};
int weft_walk(int directory, const char *path, unsigned flags, weft_path *out);
void weft_path_clear(weft_path *path);
/* Walk, and want only the node. */
int weft_walk_node(int directory, const char *path, bool follow, weft_node **out);
int weft_mount_add(const char *guest_path, weft_mount *mount);
int weft_mkdirs(const char *path);
weft_node *weft_root(void);
/* Permission bits as the owner, group and others see them, for guest ids. */
int weft_mode_access(uint32_t mode, uint32_t uid, uint32_t gid, int wanted);
uint32_t weft_umask_value(void);
int weft_file_path(weft_node *directory, char *out, size_t size);
extern const weft_file_ops weft_directory_ops;
void weft_dirent_set(struct dirent *out, uint64_t ino, uint32_t type, const char *name,
                     size_t length);

/* ---- file systems ----------------------------------------------------------- */

weft_mount *weft_memfs_new(void);
/* Nodes with behaviour of their own, in a memory file system. */
int weft_memfs_add_device(const char *path, uint32_t mode, uint64_t rdev);
/* A node's slot for the object that a FIFO or socket name stands for. The slot is
 * guarded by the mount's lock. */
void **weft_memfs_object(weft_node *node);
bool weft_is_memfs(const weft_node *node);
int weft_dev_open(weft_node *node, uint64_t rdev, weft_file **file); /* dev.c */
void weft_dev_init(void);
void weft_stdio_init(void);
weft_file *weft_stdio_stream(int fd);
int weft_fifo_open(weft_node *node, weft_file **file); /* pipe.c */
void weft_fifo_free(void *object);
void weft_socket_name_free(void *object); /* unix.c */
int weft_fdfs_mount(const char *path);

#endif
