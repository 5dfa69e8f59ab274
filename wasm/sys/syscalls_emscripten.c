/* The C library's system calls, by the names and types it gives them
 * (musl/arch/emscripten/syscall_arch.h and wasi/api.h of the Emscripten pinned in
 * cpython-build), in terms of weft_sys.h. Defining them here keeps Emscripten's own
 * file system, which runs in one realm only, out of the module. */
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <syscall_arch.h>
#include <wasi/api.h>

#include "sys.h"

/* One mistake here would show as a wrong field far away. */
_Static_assert(sizeof(struct iovec) == sizeof(__wasi_iovec_t), "iovec");
_Static_assert(offsetof(struct dirent, d_name) == 19, "dirent");
_Static_assert(sizeof(off_t) == 8 && sizeof(ino_t) == 8 && sizeof(time_t) == 8, "64-bit types");
_Static_assert(EAGAIN == 6 && EOPNOTSUPP == 138, "errno numbers of WASI");

#define PATH(address) ((const char *)(address))

/* ---- reading and writing (WASI names, positive errno) -------------------------------- */

static __wasi_errno_t moved(ssize_t result, __wasi_size_t *count) {
  if (result < 0) {
    return (__wasi_errno_t)-result;
  }
  *count = (__wasi_size_t)result;
  return __WASI_ERRNO_SUCCESS;
}

static __wasi_errno_t plain(int result) {
  return result < 0 ? (__wasi_errno_t)-result : __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t count,
                              __wasi_size_t *done) {
  return moved(weft_sys_readv(fd, (const struct iovec *)iov, (int)count), done);
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t count,
                               __wasi_size_t *done) {
  return moved(weft_sys_writev(fd, (const struct iovec *)iov, (int)count), done);
}

__wasi_errno_t __wasi_fd_pread(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t count,
                               __wasi_filesize_t offset, __wasi_size_t *done) {
  return moved(weft_sys_preadv(fd, (const struct iovec *)iov, (int)count, (int64_t)offset), done);
}

__wasi_errno_t __wasi_fd_pwrite(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t count,
                                __wasi_filesize_t offset, __wasi_size_t *done) {
  return moved(weft_sys_pwritev(fd, (const struct iovec *)iov, (int)count, (int64_t)offset),
               done);
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence,
                              __wasi_filesize_t *position) {
  int64_t result = weft_sys_lseek(fd, offset, whence);
  if (result < 0) {
    return (__wasi_errno_t)-result;
  }
  *position = (__wasi_filesize_t)result;
  return __WASI_ERRNO_SUCCESS;
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd) { return plain(weft_sys_close(fd)); }

__wasi_errno_t __wasi_fd_sync(__wasi_fd_t fd) { return plain(weft_sys_fsync(fd)); }

__wasi_errno_t __wasi_fd_fdstat_get(__wasi_fd_t fd, __wasi_fdstat_t *stat) {
  int tty = weft_sys_isatty(fd);
  if (tty < 0) {
    return (__wasi_errno_t)-tty;
  }
  memset(stat, 0, sizeof *stat);
  /* The C library takes every character device for a terminal. */
  stat->fs_filetype = tty ? __WASI_FILETYPE_CHARACTER_DEVICE : __WASI_FILETYPE_UNKNOWN;
  return __WASI_ERRNO_SUCCESS;
}

/* ---- descriptors ------------------------------------------------------------------------ */

int __syscall_dup(int fd) { return weft_sys_dup(fd); }
int __syscall_dup3(int fd, int new_fd, int flags) { return weft_sys_dup3(fd, new_fd, flags); }

int __syscall_fcntl64(int fd, int command, ...) {
  uintptr_t argument = 0;
  if (command != F_GETFL && command != F_GETFD) {
    va_list list;
    va_start(list, command);
    argument = va_arg(list, uintptr_t);
    va_end(list);
  }
  return weft_sys_fcntl(fd, command, argument);
}

int __syscall_ioctl(int fd, int request, ...) {
  va_list list;
  va_start(list, request);
  void *argument = va_arg(list, void *);
  va_end(list);
  return weft_sys_ioctl(fd, (uint32_t)request, argument);
}

int __syscall_fdatasync(int fd) { return weft_sys_fsync(fd); }
int __syscall_sync(void) { return 0; }
int __syscall_ftruncate64(int fd, off_t length) { return weft_sys_ftruncate(fd, length); }

int __syscall_fallocate(int fd, int mode, off_t offset, off_t length) {
  return weft_sys_fallocate(fd, mode, offset, length);
}

int __syscall_fadvise64(int fd, off_t offset, off_t length, int advice) {
  (void)offset;
  (void)length;
  (void)advice;
  int flags = weft_sys_fcntl(fd, F_GETFD, 0);
  return flags < 0 ? flags : 0;
}

int __syscall_fstat64(int fd, intptr_t st) { return weft_sys_fstat(fd, (struct stat *)st); }
int __syscall_fchmod(int fd, int mode) { return weft_sys_fchmod(fd, (uint32_t)mode); }
int __syscall_fchown32(int fd, int uid, int gid) { return weft_sys_fchown(fd, uid, gid); }
int __syscall_fchdir(int fd) { return weft_sys_fchdir(fd); }

int __syscall_fstatfs64(int fd, size_t size, intptr_t out) {
  return size == sizeof(struct statfs) ? weft_sys_fstatfs(fd, (struct statfs *)out) : -EINVAL;
}

int __syscall_getdents64(int fd, intptr_t buffer, size_t size) {
  return weft_sys_getdents(fd, (void *)buffer, size);
}

int __syscall_pipe(intptr_t fds) { return weft_sys_pipe((int *)fds, 0); }
int __syscall_pipe2(intptr_t fds, int flags) { return weft_sys_pipe((int *)fds, flags); }

/* Emscripten's C library declares flock() and ppoll() but leaves them out. */
int flock(int fd, int operation) {
  int result = weft_sys_flock(fd, operation);
  if (result < 0) {
    errno = -result;
    return -1;
  }
  return 0;
}

/* ---- names --------------------------------------------------------------------------------- */

int __syscall_openat(int directory, intptr_t path, int flags, ...) {
  uint32_t mode = 0;
  if (flags & O_CREAT) {
    va_list list;
    va_start(list, flags);
    mode = va_arg(list, uint32_t);
    va_end(list);
  }
  return weft_sys_open(directory, PATH(path), flags, mode);
}

int __syscall_stat64(intptr_t path, intptr_t st) {
  return weft_sys_stat(AT_FDCWD, PATH(path), (struct stat *)st, 0);
}

int __syscall_lstat64(intptr_t path, intptr_t st) {
  return weft_sys_stat(AT_FDCWD, PATH(path), (struct stat *)st, AT_SYMLINK_NOFOLLOW);
}

int __syscall_newfstatat(int directory, intptr_t path, intptr_t st, int flags) {
  return weft_sys_stat(directory, PATH(path), (struct stat *)st, flags);
}

int __syscall_access(intptr_t path, int mode) {
  return weft_sys_access(AT_FDCWD, PATH(path), mode, 0);
}

int __syscall_faccessat(int directory, intptr_t path, int mode, int flags) {
  return weft_sys_access(directory, PATH(path), mode, flags);
}

int __syscall_mkdirat(int directory, intptr_t path, int mode) {
  return weft_sys_mkdir(directory, PATH(path), (uint32_t)mode);
}

int __syscall_mknod(intptr_t path, int mode, int dev) {
  return weft_sys_mknod(AT_FDCWD, PATH(path), (uint32_t)mode, (uint64_t)(uint32_t)dev);
}

int __syscall_mknodat(int directory, intptr_t path, int mode, int dev) {
  return weft_sys_mknod(directory, PATH(path), (uint32_t)mode, (uint64_t)(uint32_t)dev);
}

int __syscall_rmdir(intptr_t path) { return weft_sys_unlink(AT_FDCWD, PATH(path), AT_REMOVEDIR); }

int __syscall_unlinkat(int directory, intptr_t path, int flags) {
  return weft_sys_unlink(directory, PATH(path), flags);
}

int __syscall_renameat(int from, intptr_t path, int to, intptr_t new_path) {
  return weft_sys_rename(from, PATH(path), to, PATH(new_path));
}

int __syscall_linkat(int from, intptr_t path, int to, intptr_t new_path, int flags) {
  return weft_sys_link(from, PATH(path), to, PATH(new_path), flags);
}

int __syscall_symlink(intptr_t target, intptr_t path) {
  return weft_sys_symlink(PATH(target), AT_FDCWD, PATH(path));
}

int __syscall_symlinkat(intptr_t target, int directory, intptr_t path) {
  return weft_sys_symlink(PATH(target), directory, PATH(path));
}

int __syscall_readlinkat(int directory, intptr_t path, intptr_t buffer, size_t size) {
  return weft_sys_readlink(directory, PATH(path), (char *)buffer, size);
}

int __syscall_chmod(intptr_t path, int mode) {
  return weft_sys_chmod(AT_FDCWD, PATH(path), (uint32_t)mode, 0);
}

int __syscall_fchmodat2(int directory, intptr_t path, int mode, int flags) {
  return weft_sys_chmod(directory, PATH(path), (uint32_t)mode, flags);
}

int __syscall_fchownat(int directory, intptr_t path, int uid, int gid, int flags) {
  return weft_sys_chown(directory, PATH(path), uid, gid, flags);
}

int __syscall_truncate64(intptr_t path, off_t length) {
  return weft_sys_truncate(PATH(path), length);
}

int __syscall_utimensat(int directory, intptr_t path, intptr_t times, int flags) {
  return weft_sys_utimens(directory, PATH(path), (const struct timespec *)times, flags);
}

int __syscall_statfs64(intptr_t path, size_t size, intptr_t out) {
  return size == sizeof(struct statfs) ? weft_sys_statfs(PATH(path), (struct statfs *)out)
                                       : -EINVAL;
}

int __syscall_chdir(intptr_t path) { return weft_sys_chdir(PATH(path)); }

int __syscall_getcwd(intptr_t buffer, size_t size) {
  return weft_sys_getcwd((char *)buffer, size);
}

int __syscall_umask(int mask) { return (int)weft_sys_umask((uint32_t)mask); }

/* ---- sockets; the unused arguments are the width of Linux' socketcall -------------------------- */

#define UNUSED3 int u1, int u2, int u3
#define SILENCE3 ((void)u1, (void)u2, (void)u3)

int __syscall_socket(int domain, int type, int protocol, UNUSED3) {
  SILENCE3;
  return weft_sys_socket(domain, type, protocol);
}

int __syscall_socketpair(int domain, int type, int protocol, intptr_t fds, int u1, int u2) {
  (void)u1;
  (void)u2;
  return weft_sys_socketpair(domain, type, protocol, (int *)fds);
}

int __syscall_bind(int fd, intptr_t address, size_t length, UNUSED3) {
  SILENCE3;
  return weft_sys_bind(fd, (const struct sockaddr *)address, length);
}

int __syscall_connect(int fd, intptr_t address, size_t length, UNUSED3) {
  SILENCE3;
  return weft_sys_connect(fd, (const struct sockaddr *)address, length);
}

int __syscall_listen(int fd, int backlog, int u0, UNUSED3) {
  (void)u0;
  SILENCE3;
  return weft_sys_listen(fd, backlog);
}

int __syscall_accept4(int fd, intptr_t address, intptr_t length, int flags, int u1, int u2) {
  (void)u1;
  (void)u2;
  return weft_sys_accept(fd, (struct sockaddr *)address, (socklen_t *)length, flags);
}

int __syscall_shutdown(int fd, int how, int u0, UNUSED3) {
  (void)u0;
  SILENCE3;
  return weft_sys_shutdown(fd, how);
}

int __syscall_getsockname(int fd, intptr_t address, intptr_t length, UNUSED3) {
  SILENCE3;
  return weft_sys_getsockname(fd, (struct sockaddr *)address, (socklen_t *)length);
}

int __syscall_getpeername(int fd, intptr_t address, intptr_t length, UNUSED3) {
  SILENCE3;
  return weft_sys_getpeername(fd, (struct sockaddr *)address, (socklen_t *)length);
}

int __syscall_getsockopt(int fd, int level, int option, intptr_t value, intptr_t length, int u1) {
  (void)u1;
  return weft_sys_getsockopt(fd, level, option, (void *)value, (socklen_t *)length);
}

int __syscall_setsockopt(int fd, int level, int option, intptr_t value, size_t length, int u1) {
  (void)u1;
  return weft_sys_setsockopt(fd, level, option, (const void *)value, length);
}

int __syscall_sendmsg(int fd, intptr_t message, int flags, intptr_t u0, size_t u1, int u2) {
  (void)u0;
  (void)u1;
  (void)u2;
  return weft_sys_sendmsg(fd, (const struct msghdr *)message, flags);
}

int __syscall_recvmsg(int fd, intptr_t message, int flags, UNUSED3) {
  SILENCE3;
  return weft_sys_recvmsg(fd, (struct msghdr *)message, flags);
}

int __syscall_sendto(int fd, intptr_t data, size_t length, int flags, intptr_t address,
                     size_t address_length) {
  struct iovec iov = {(void *)data, length};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  message.msg_name = (void *)address;
  message.msg_namelen = address_length;
  return weft_sys_sendmsg(fd, &message, flags);
}

int __syscall_recvfrom(int fd, intptr_t data, size_t length, int flags, intptr_t address,
                       intptr_t address_length) {
  struct iovec iov = {(void *)data, length};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
  message.msg_name = (void *)address;
  message.msg_namelen = address_length ? *(socklen_t *)address_length : 0;
  ssize_t result = weft_sys_recvmsg(fd, &message, flags);
  if (result >= 0 && address && address_length) {
    *(socklen_t *)address_length = message.msg_namelen;
  }
  return result;
}

/* ---- poll ------------------------------------------------------------------------------------- */

int __syscall_poll(intptr_t fds, int count, int timeout) {
  return weft_sys_poll((struct pollfd *)fds, (size_t)count,
                       timeout < 0 ? -1 : (int64_t)timeout * 1000000);
}

/* -1 for none, and for one too long to count in nanoseconds. */
static int64_t to_ns(const struct timespec *timeout) {
  if (!timeout || timeout->tv_sec >= INT64_MAX / 1000000000) {
    return -1;
  }
  return (int64_t)timeout->tv_sec * 1000000000 + timeout->tv_nsec;
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
  (void)mask;
  int result = weft_sys_poll(fds, count, to_ns(timeout));
  if (result < 0) {
    errno = -result;
    return -1;
  }
  return result;
}

int __syscall__newselect(int count, intptr_t read, intptr_t write, intptr_t except,
                         intptr_t timeout) {
  /* musl hands over two longs, seconds and microseconds, whatever a timeval is. */
  const long *parts = (const long *)timeout;
  int64_t ns = parts ? (int64_t)parts[0] * 1000000000 + (int64_t)parts[1] * 1000 : -1;
  return weft_sys_select(count, (fd_set *)read, (fd_set *)write, (fd_set *)except, ns);
}

int __syscall_pselect6(int count, intptr_t read, intptr_t write, intptr_t except,
                       intptr_t timeout, intptr_t mask) {
  (void)mask;
  const long *parts = (const long *)timeout;
  int64_t ns = parts ? (int64_t)parts[0] * 1000000000 + parts[1] : -1;
  return weft_sys_select(count, (fd_set *)read, (fd_set *)write, (fd_set *)except, ns);
}

/* ---- mappings: the C library keeps the list of all mappings and asks for files' ------------------ */

int _mmap_js(size_t length, int protection, int flags, int fd, off_t offset, int *allocated,
             void **address) {
  *allocated = 0; /* ours to free */
  return weft_sys_map_file(length, protection, flags, fd, offset, address);
}

int _munmap_js(intptr_t address, size_t length, int protection, int flags, int fd, off_t offset) {
  (void)length;
  (void)protection;
  (void)flags;
  (void)fd; /* closed long ago, perhaps, and somebody else's by now */
  (void)offset;
  return weft_sys_unmap_file((void *)address);
}

int _msync_js(intptr_t address, size_t length, int protection, int flags, int fd, off_t offset) {
  (void)protection;
  (void)flags;
  (void)fd;
  (void)offset;
  return weft_sys_sync_file((void *)address, length);
}

/* ---- who we are -------------------------------------------------------------------------------------- */

int __syscall_getuid32(void) { return WEFT_UID; }
int __syscall_geteuid32(void) { return WEFT_UID; }
int __syscall_getgid32(void) { return WEFT_GID; }
int __syscall_getegid32(void) { return WEFT_GID; }

int __syscall_getgroups32(int size, intptr_t list) {
  if (size == 0) {
    return 1;
  }
  if (size < 0) {
    return -EINVAL;
  }
  *(gid_t *)list = WEFT_GID;
  return 1;
}

static int same_id(intptr_t a, intptr_t b, intptr_t c, uint32_t id) {
  *(uint32_t *)a = *(uint32_t *)b = *(uint32_t *)c = id;
  return 0;
}
int __syscall_getresuid32(intptr_t ruid, intptr_t euid, intptr_t suid) {
  return same_id(ruid, euid, suid, WEFT_UID);
}
int __syscall_getresgid32(intptr_t rgid, intptr_t egid, intptr_t sgid) {
  return same_id(rgid, egid, sgid, WEFT_GID);
}

/* ---- limits --------------------------------------------------------------------------------------------- */

/* Only the number of descriptors means anything; the others are kept and reported. */
static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rlimit limits[RLIM_NLIMITS];
static bool limits_ready;

static int limit(int resource, const struct rlimit *wanted, struct rlimit *old) {
  if (resource < 0 || resource >= RLIM_NLIMITS) {
    return -EINVAL;
  }
  int error = 0;
  pthread_mutex_lock(&limits_lock);
  if (!limits_ready) {
    for (int i = 0; i < RLIM_NLIMITS; i++) {
      limits[i].rlim_cur = limits[i].rlim_max = RLIM_INFINITY;
    }
    limits[RLIMIT_NOFILE].rlim_cur = limits[RLIMIT_NOFILE].rlim_max = weft_fd_limit();
    limits_ready = true;
  }
  if (old) {
    *old = limits[resource];
  }
  if (wanted) {
    if (wanted->rlim_cur > wanted->rlim_max) {
      error = -EINVAL;
    } else if (wanted->rlim_max > limits[resource].rlim_max) {
      error = -EPERM;
    } else {
      limits[resource] = *wanted;
      if (resource == RLIMIT_NOFILE) {
        weft_fd_set_limit((uint32_t)wanted->rlim_cur);
      }
    }
  }
  pthread_mutex_unlock(&limits_lock);
  return error;
}

int __syscall_prlimit64(int pid, int resource, intptr_t wanted, intptr_t old) {
  (void)pid;
  return limit(resource, (const struct rlimit *)wanted, (struct rlimit *)old);
}
int __syscall_ugetrlimit(int resource, intptr_t out) {
  return limit(resource, NULL, (struct rlimit *)out);
}
int __syscall_setrlimit(int resource, intptr_t wanted) {
  return limit(resource, (const struct rlimit *)wanted, NULL);
}
