/* WASI's system calls as wasi-libc makes them, on the files of wasm/sys: all of them are in the component's own
 * memory, so it needs no file system of its host's. Time, random bytes and the end of the program are the host's.
 *
 * Descriptor 3 is "/", from which wasi-libc resolves absolute paths. */
#include <wasi/api.h>

#include "sys.h"
#include "weft_solo.h"

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

IMPORT(clock_res_get) int32_t host_clock_res_get(int32_t id, int32_t result);
IMPORT(clock_time_get) int32_t host_clock_time_get(int32_t id, int64_t precision, int32_t result);
IMPORT(random_get) int32_t host_random_get(int32_t buffer, int32_t length);
IMPORT(proc_exit) _Noreturn void host_proc_exit(int32_t status);

enum { ROOT_FD = 3 };

static __wasi_errno_t plain(int64_t result) {
  return result < 0 ? (__wasi_errno_t)-result : __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t moved(int64_t result, __wasi_size_t *count) {
  if (result >= 0) {
    *count = (__wasi_size_t)result;
  }
  return plain(result);
}

/* ---- the host's ------------------------------------------------------------------------------------- */

__wasi_errno_t __wasi_clock_res_get(__wasi_clockid_t id, __wasi_timestamp_t *result) {
  return (__wasi_errno_t)host_clock_res_get((int32_t)id, (int32_t)(uintptr_t)result);
}

__wasi_errno_t __wasi_clock_time_get(__wasi_clockid_t id, __wasi_timestamp_t precision, __wasi_timestamp_t *result) {
  return (__wasi_errno_t)host_clock_time_get((int32_t)id, (int64_t)precision, (int32_t)(uintptr_t)result);
}

__wasi_errno_t __wasi_random_get(uint8_t *buffer, __wasi_size_t length) {
  return (__wasi_errno_t)host_random_get((int32_t)(uintptr_t)buffer, (int32_t)length);
}

void __wasi_proc_exit(__wasi_exitcode_t status) { host_proc_exit((int32_t)status); }

/* Arguments and environment come through the component's own interface. */
__wasi_errno_t __wasi_args_sizes_get(__wasi_size_t *count, __wasi_size_t *size) {
  *count = *size = 0;
  return __WASI_ERRNO_SUCCESS;
}
__wasi_errno_t __wasi_args_get(uint8_t **argv, uint8_t *buffer) {
  (void)argv;
  (void)buffer;
  return __WASI_ERRNO_SUCCESS;
}
__wasi_errno_t __wasi_environ_sizes_get(__wasi_size_t *count, __wasi_size_t *size) {
  return __wasi_args_sizes_get(count, size);
}
__wasi_errno_t __wasi_environ_get(uint8_t **names, uint8_t *buffer) { return __wasi_args_get(names, buffer); }

/* ---- descriptors ------------------------------------------------------------------------------------- */

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t count, __wasi_size_t *done) {
  return moved(weft_sys_readv(fd, (const struct iovec *)iov, (int)count), done);
}
__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t count, __wasi_size_t *done) {
  return moved(weft_sys_writev(fd, (const struct iovec *)iov, (int)count), done);
}
__wasi_errno_t __wasi_fd_pread(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t count, __wasi_filesize_t offset,
                               __wasi_size_t *done) {
  return moved(weft_sys_preadv(fd, (const struct iovec *)iov, (int)count, (int64_t)offset), done);
}
__wasi_errno_t __wasi_fd_pwrite(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t count, __wasi_filesize_t offset,
                                __wasi_size_t *done) {
  return moved(weft_sys_pwritev(fd, (const struct iovec *)iov, (int)count, (int64_t)offset), done);
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence,
                              __wasi_filesize_t *position) {
  int64_t result = weft_sys_lseek(fd, offset, whence);
  if (result >= 0) {
    *position = (__wasi_filesize_t)result;
  }
  return plain(result);
}
__wasi_errno_t __wasi_fd_tell(__wasi_fd_t fd, __wasi_filesize_t *position) {
  return __wasi_fd_seek(fd, 0, __WASI_WHENCE_CUR, position);
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd) { return plain(weft_sys_close(fd)); }
__wasi_errno_t __wasi_fd_sync(__wasi_fd_t fd) { return plain(weft_sys_fsync(fd)); }
__wasi_errno_t __wasi_fd_datasync(__wasi_fd_t fd) { return plain(weft_sys_fsync(fd)); }
__wasi_errno_t __wasi_fd_renumber(__wasi_fd_t fd, __wasi_fd_t to) {
  int result = fd == to ? 0 : weft_sys_dup3(fd, to, 0);
  return plain(result < 0 || fd == to ? result : weft_sys_close(fd));
}
__wasi_errno_t __wasi_fd_advise(__wasi_fd_t fd, __wasi_filesize_t offset, __wasi_filesize_t length, __wasi_advice_t advice) {
  (void)offset;
  (void)length;
  (void)advice;
  int flags = weft_sys_fcntl(fd, F_GETFD, 0);
  return plain(flags < 0 ? flags : 0);
}
__wasi_errno_t __wasi_fd_allocate(__wasi_fd_t fd, __wasi_filesize_t offset, __wasi_filesize_t length) {
  return plain(weft_sys_fallocate(fd, 0, (int64_t)offset, (int64_t)length));
}

static __wasi_filetype_t filetype(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return __WASI_FILETYPE_REGULAR_FILE;
    case S_IFDIR:
      return __WASI_FILETYPE_DIRECTORY;
    case S_IFLNK:
      return __WASI_FILETYPE_SYMBOLIC_LINK;
    case S_IFCHR:
      return __WASI_FILETYPE_CHARACTER_DEVICE;
    default:
      return __WASI_FILETYPE_UNKNOWN;
  }
}

__wasi_errno_t __wasi_fd_fdstat_get(__wasi_fd_t fd, __wasi_fdstat_t *out) {
  struct stat st;
  int error = weft_sys_fstat(fd, &st);
  int flags = error ? error : weft_sys_fcntl(fd, F_GETFL, 0);
  if (flags < 0) {
    return plain(flags);
  }
  memset(out, 0, sizeof *out);
  out->fs_filetype = filetype(st.st_mode);
  out->fs_flags = flags & (O_APPEND | O_DSYNC | O_NONBLOCK | O_RSYNC | O_SYNC);
  /* wasi-libc reads the access mode, and whether a character device is no terminal, out of the rights. */
  __wasi_rights_t rights = ~(__wasi_rights_t)0;
  int mode = flags & O_ACCMODE;
  if (mode == O_WRONLY) {
    rights &= ~__WASI_RIGHTS_FD_READ;
  } else if (mode == O_RDONLY) {
    rights &= ~__WASI_RIGHTS_FD_WRITE;
  }
  out->fs_rights_base = rights;
  /* Of a folder: what files in it may be opened for. */
  out->fs_rights_inheriting = ~(__wasi_rights_t)0;
  return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_fdstat_set_flags(__wasi_fd_t fd, __wasi_fdflags_t flags) {
  return plain(weft_sys_fcntl(fd, F_SETFL, flags));
}
__wasi_errno_t __wasi_fd_fdstat_set_rights(__wasi_fd_t fd, __wasi_rights_t base, __wasi_rights_t inheriting) {
  (void)base;
  (void)inheriting;
  return __wasi_fd_advise(fd, 0, 0, 0);
}

static __wasi_timestamp_t timestamp(struct timespec time) {
  return (__wasi_timestamp_t)time.tv_sec * 1000000000 + (__wasi_timestamp_t)time.tv_nsec;
}

static __wasi_errno_t filestat(int error, const struct stat *st, __wasi_filestat_t *out) {
  if (error == 0) {
    *out = (__wasi_filestat_t){
        .dev = st->st_dev, .ino = st->st_ino, .filetype = filetype(st->st_mode), .nlink = st->st_nlink,
        .size = (__wasi_filesize_t)st->st_size, .atim = timestamp(st->st_atim), .mtim = timestamp(st->st_mtim),
        .ctim = timestamp(st->st_ctim)};
  }
  return plain(error);
}

__wasi_errno_t __wasi_fd_filestat_get(__wasi_fd_t fd, __wasi_filestat_t *out) {
  struct stat st;
  return filestat(weft_sys_fstat(fd, &st), &st, out);
}
__wasi_errno_t __wasi_fd_filestat_set_size(__wasi_fd_t fd, __wasi_filesize_t size) {
  return plain(weft_sys_ftruncate(fd, (int64_t)size));
}

static __wasi_errno_t set_times(int directory, const char *path, __wasi_timestamp_t accessed, __wasi_timestamp_t modified,
                                __wasi_fstflags_t set, int flags) {
  const __wasi_timestamp_t values[] = {accessed, modified};
  struct timespec times[2];
  for (int i = 0; i < 2; i++) {
    /* Two flags for each: the value, or now. */
    int which = set >> (2 * i) & 3;
    times[i] = (struct timespec){values[i] / 1000000000, values[i] % 1000000000};
    if (which != 1) {
      times[i].tv_nsec = which == 2 ? UTIME_NOW : UTIME_OMIT;
    }
  }
  return plain(weft_sys_utimens(directory, path, times, flags));
}

__wasi_errno_t __wasi_fd_filestat_set_times(__wasi_fd_t fd, __wasi_timestamp_t accessed, __wasi_timestamp_t modified,
                                            __wasi_fstflags_t set) {
  return set_times(fd, "", accessed, modified, set, AT_EMPTY_PATH);
}

__wasi_errno_t __wasi_fd_prestat_get(__wasi_fd_t fd, __wasi_prestat_t *out) {
  if (fd != ROOT_FD) {
    return __WASI_ERRNO_BADF;
  }
  out->tag = __WASI_PREOPENTYPE_DIR;
  out->u.dir.pr_name_len = 1;
  return __WASI_ERRNO_SUCCESS;
}
__wasi_errno_t __wasi_fd_prestat_dir_name(__wasi_fd_t fd, uint8_t *path, __wasi_size_t size) {
  if (fd != ROOT_FD || size < 1) {
    return __WASI_ERRNO_BADF;
  }
  path[0] = '/';
  return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_readdir(__wasi_fd_t fd, uint8_t *buffer, __wasi_size_t size, __wasi_dircookie_t cookie,
                                 __wasi_size_t *used) {
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return __WASI_ERRNO_BADF;
  }
  if (!file->ops->entry) {
    weft_file_unref(file);
    return __WASI_ERRNO_NOTDIR;
  }
  /* The first two are "." and "..", which nobody needs. */
  int64_t cursor = cookie < 2 ? 2 : (int64_t)cookie;
  if (cookie < 2 && file->ops->rewind) {
    file->ops->rewind(file);
  }
  struct dirent entry;
  int more;
  *used = 0;
  while (*used < size && (more = file->ops->entry(file, &cursor, &entry)) > 0) {
    __wasi_dirent_t head = {.d_next = (__wasi_dircookie_t)cursor, .d_ino = entry.d_ino, .d_namlen = strlen(entry.d_name), .d_type = entry.d_type};
    const void *const parts[] = {&head, entry.d_name};
    const size_t lengths[] = {sizeof head, head.d_namlen};
    /* What does not fit is cut off; the reader comes back with more room. */
    for (int i = 0; i < 2; i++) {
      size_t length = lengths[i] < size - *used ? lengths[i] : size - *used;
      memcpy(buffer + *used, parts[i], length);
      *used += length;
    }
  }
  weft_file_unref(file);
  return plain(*used > 0 || more > 0 ? 0 : more);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

/* wasi-libc takes the leading "/" off and names the root as ".". */
#define NAMED(path) ((path)[0] == '\0' ? "." : (path))

static int follow(__wasi_lookupflags_t flags) {
  return flags & __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
}

__wasi_errno_t __wasi_path_open(__wasi_fd_t fd, __wasi_lookupflags_t lookup, const char *path, __wasi_oflags_t oflags,
                                __wasi_rights_t base, __wasi_rights_t inheriting, __wasi_fdflags_t flags, __wasi_fd_t *out) {
  (void)inheriting;
  int access = (base & __WASI_RIGHTS_FD_READ ? O_RDONLY : 0) | (base & __WASI_RIGHTS_FD_WRITE ? O_WRONLY : 0);
  int result = weft_sys_open(fd, NAMED(path), oflags << 12 | flags | (access ? access : O_RDONLY) | (follow(lookup) ? O_NOFOLLOW : 0), 0666);
  if (result >= 0) {
    *out = result;
  }
  return plain(result);
}

__wasi_errno_t __wasi_path_filestat_get(__wasi_fd_t fd, __wasi_lookupflags_t flags, const char *path, __wasi_filestat_t *out) {
  struct stat st;
  return filestat(weft_sys_stat(fd, NAMED(path), &st, follow(flags)), &st, out);
}
__wasi_errno_t __wasi_path_filestat_set_times(__wasi_fd_t fd, __wasi_lookupflags_t flags, const char *path, __wasi_timestamp_t accessed,
                                              __wasi_timestamp_t modified, __wasi_fstflags_t set) {
  return set_times(fd, NAMED(path), accessed, modified, set, follow(flags));
}
__wasi_errno_t __wasi_path_create_directory(__wasi_fd_t fd, const char *path) { return plain(weft_sys_mkdir(fd, path, 0777)); }
__wasi_errno_t __wasi_path_remove_directory(__wasi_fd_t fd, const char *path) {
  return plain(weft_sys_unlink(fd, path, AT_REMOVEDIR));
}
__wasi_errno_t __wasi_path_unlink_file(__wasi_fd_t fd, const char *path) { return plain(weft_sys_unlink(fd, path, 0)); }
__wasi_errno_t __wasi_path_rename(__wasi_fd_t fd, const char *path, __wasi_fd_t to, const char *new_path) {
  return plain(weft_sys_rename(fd, path, to, new_path));
}
__wasi_errno_t __wasi_path_link(__wasi_fd_t fd, __wasi_lookupflags_t flags, const char *path, __wasi_fd_t to, const char *new_path) {
  return plain(weft_sys_link(fd, path, to, new_path, follow(flags) ? 0 : AT_SYMLINK_FOLLOW));
}
__wasi_errno_t __wasi_path_symlink(const char *target, __wasi_fd_t fd, const char *path) {
  return plain(weft_sys_symlink(target, fd, path));
}
__wasi_errno_t __wasi_path_readlink(__wasi_fd_t fd, const char *path, uint8_t *buffer, __wasi_size_t size, __wasi_size_t *used) {
  return moved(weft_sys_readlink(fd, path, (char *)buffer, size), used);
}

/* ---- waiting ------------------------------------------------------------------------------------------------ */

/* wasi-libc makes poll(), select() and nanosleep() of it. Files are always ready, so only a call with nothing but a
 * clock waits. */
__wasi_errno_t __wasi_poll_oneoff(const __wasi_subscription_t *in, __wasi_event_t *out, __wasi_size_t count, __wasi_size_t *events) {
  *events = 0;
  const __wasi_subscription_t *clock = NULL;
  for (__wasi_size_t i = 0; i < count; i++) {
    if (in[i].u.tag == __WASI_EVENTTYPE_CLOCK) {
      clock = &in[i];
      continue;
    }
    __wasi_fd_t fd = in[i].u.u.fd_read.file_descriptor;
    out[(*events)++] = (__wasi_event_t){
        .userdata = in[i].userdata, .type = in[i].u.tag, .error = plain(weft_sys_isatty(fd) < 0 ? -EBADF : 0), .fd_readwrite = {.nbytes = 1}};
  }
  if (*events > 0) {
    return __WASI_ERRNO_SUCCESS;
  }
  if (!clock) {
    return __WASI_ERRNO_NOTSUP;
  }
  int64_t left = (int64_t)clock->u.u.clock.timeout;
  if (clock->u.u.clock.flags & __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) {
    __wasi_timestamp_t now = 0;
    __wasi_errno_t error = __wasi_clock_time_get(clock->u.u.clock.id, 1, &now);
    if (error) {
      return error;
    }
    left -= (int64_t)now;
  }
  switch (left > 0 ? weft_solo_sleep(left) : WEFT_SOLO_SLEPT) {
    case WEFT_SOLO_SLEPT:
      out[(*events)++] = (__wasi_event_t){.userdata = clock->userdata, .type = __WASI_EVENTTYPE_CLOCK};
      return __WASI_ERRNO_SUCCESS;
    case WEFT_SOLO_INTERRUPTED:
      return __WASI_ERRNO_INTR;
    default:
      return __WASI_ERRNO_NOTSUP;
  }
}

__wasi_errno_t __wasi_sched_yield(void) { return __WASI_ERRNO_SUCCESS; }

/* ---- sockets: there are none --------------------------------------------------------------------------------- */

__wasi_errno_t __wasi_sock_accept(__wasi_fd_t fd, __wasi_fdflags_t flags, __wasi_fd_t *out) {
  (void)fd;
  (void)flags;
  (void)out;
  return __WASI_ERRNO_NOTSOCK;
}
__wasi_errno_t __wasi_sock_recv(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t count, __wasi_riflags_t flags, __wasi_size_t *done,
                                __wasi_roflags_t *out_flags) {
  (void)fd;
  (void)iov;
  (void)count;
  (void)flags;
  (void)done;
  (void)out_flags;
  return __WASI_ERRNO_NOTSOCK;
}
__wasi_errno_t __wasi_sock_send(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t count, __wasi_siflags_t flags, __wasi_size_t *done) {
  (void)fd;
  (void)iov;
  (void)count;
  (void)flags;
  (void)done;
  return __WASI_ERRNO_NOTSOCK;
}
__wasi_errno_t __wasi_sock_shutdown(__wasi_fd_t fd, __wasi_sdflags_t how) {
  (void)fd;
  (void)how;
  return __WASI_ERRNO_NOTSOCK;
}
