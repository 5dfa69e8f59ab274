/* The system-call layer: files, standard streams, pipes, sockets and poll, in C over
 * shared memory. Every function may be called from any thread, runs in the calling
 * thread, and returns >= 0 or a negative errno unless it says otherwise.
 *
 * On wasm, syscalls_emscripten.c maps the C library's system calls to these
 * functions; native builds (the layer's own tests) call them directly.
 */
#ifndef WEFT_SYS_H
#define WEFT_SYS_H

#include <dirent.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- set-up by the host, before guest code runs ------------------------------ */

/* Mount a ZIP archive, read-only. The image is not copied and must stay in place.
 * Stored and deflated members only; anything else is EINVAL. */
int weft_archive_mount(const char *guest_directory, const void *zip, size_t length);
/* Fills `buffer` with the image of the part that has this name and SHA-256: 0, or a negative errno. Called by the first thread
 * that opens one of its members, while others that do so wait for it; again, by the next one, after a failure. */
typedef int weft_part_loader(const char *name, uint8_t *buffer, size_t length, const uint8_t sha256[32]);
/* The same for an archive whose member ".parts" describes further ones: their members are seen from the beginning. */
int weft_archive_mount_parts(const char *guest_directory, const void *zip, size_t length, weft_part_loader *load);
/* Mount a folder of the host. */
int weft_host_mount(const char *guest_directory, const char *host_directory, int readonly);
int weft_sys_mkdirs(const char *path);
/* Create or replace a file in one call; the bytes are copied. */
int weft_sys_write_file(const char *path, const void *data, size_t length, uint32_t mode);

enum weft_stdio_kind {
  WEFT_STDIO_NONE = 0, /* closed: EBADF, so sys.stdin and friends are None */
  WEFT_STDIO_TTY = 1,
  WEFT_STDIO_PIPE = 2,
  WEFT_STDIO_FILE = 3,
};
/* What descriptor 0, 1 or 2 is. They are pipes until told otherwise. */
int weft_stdio_configure(int fd, int kind);
void weft_tty_set_size(int rows, int columns);

/* ---- feeding standard input: from the host realm, at any time ---------------- */

/* How many bytes the ring took, 0 when it is full. Never blocks for long. */
size_t weft_stdin_push(const void *data, size_t length);
/* One end-of-file, as Control-D on a terminal: later input is read as usual. */
void weft_stdin_eof(void);
/* The end: every later read that finds no bytes returns 0. */
void weft_stdin_close(void);
/* Free bytes in the ring: how much a push can take at the moment. */
size_t weft_stdin_space(void);

/* ---- descriptors -------------------------------------------------------------- */

int weft_sys_close(int fd);
int weft_sys_dup(int fd);
int weft_sys_dup3(int fd, int new_fd, int flags); /* dup2's fd == new_fd is the caller's */
int weft_sys_fcntl(int fd, int command, uintptr_t argument);
int weft_sys_flock(int fd, int operation);
int weft_sys_ioctl(int fd, unsigned long request, void *argument);
int weft_sys_isatty(int fd); /* 1, 0 or -EBADF */

ssize_t weft_sys_readv(int fd, const struct iovec *iov, int count);
ssize_t weft_sys_writev(int fd, const struct iovec *iov, int count);
ssize_t weft_sys_preadv(int fd, const struct iovec *iov, int count, int64_t offset);
ssize_t weft_sys_pwritev(int fd, const struct iovec *iov, int count, int64_t offset);
ssize_t weft_sys_read(int fd, void *buffer, size_t length);
ssize_t weft_sys_write(int fd, const void *buffer, size_t length);
int64_t weft_sys_lseek(int fd, int64_t offset, int whence);
int weft_sys_ftruncate(int fd, int64_t length);
int weft_sys_fallocate(int fd, int mode, int64_t offset, int64_t length);
int weft_sys_fsync(int fd);
int weft_sys_fstat(int fd, struct stat *st);
int weft_sys_fchmod(int fd, uint32_t mode);
int weft_sys_fchown(int fd, int uid, int gid);
int weft_sys_fstatfs(int fd, struct statfs *out);
ssize_t weft_sys_getdents(int fd, void *buffer, size_t size);

/* ---- names -------------------------------------------------------------------- */

int weft_sys_open(int directory, const char *path, int flags, uint32_t mode);
int weft_sys_stat(int directory, const char *path, struct stat *st, int flags);
int weft_sys_access(int directory, const char *path, int mode, int flags);
int weft_sys_mkdir(int directory, const char *path, uint32_t mode);
int weft_sys_mknod(int directory, const char *path, uint32_t mode, uint64_t rdev);
int weft_sys_unlink(int directory, const char *path, int flags);
int weft_sys_rename(int from, const char *path, int to, const char *new_path);
int weft_sys_link(int from, const char *path, int to, const char *new_path, int flags);
int weft_sys_symlink(const char *target, int directory, const char *path);
ssize_t weft_sys_readlink(int directory, const char *path, char *buffer, size_t size);
int weft_sys_chmod(int directory, const char *path, uint32_t mode, int flags);
int weft_sys_chown(int directory, const char *path, int uid, int gid, int flags);
int weft_sys_truncate(const char *path, int64_t length);
int weft_sys_utimens(int directory, const char *path, const struct timespec *times, int flags);
int weft_sys_statfs(const char *path, struct statfs *out);
int weft_sys_chdir(const char *path);
int weft_sys_fchdir(int fd);
int weft_sys_getcwd(char *buffer, size_t size); /* length with the final NUL */
uint32_t weft_sys_umask(uint32_t mask);

/* ---- pipes, sockets, poll ------------------------------------------------------ */

int weft_sys_pipe(int fds[2], int flags);
int weft_sys_socket(int domain, int type, int protocol);
int weft_sys_socketpair(int domain, int type, int protocol, int fds[2]);
int weft_sys_bind(int fd, const struct sockaddr *address, socklen_t length);
int weft_sys_listen(int fd, int backlog);
int weft_sys_accept(int fd, struct sockaddr *address, socklen_t *length, int flags);
int weft_sys_connect(int fd, const struct sockaddr *address, socklen_t length);
int weft_sys_shutdown(int fd, int how);
int weft_sys_getsockname(int fd, struct sockaddr *address, socklen_t *length);
int weft_sys_getpeername(int fd, struct sockaddr *address, socklen_t *length);
int weft_sys_getsockopt(int fd, int level, int option, void *value, socklen_t *length);
int weft_sys_setsockopt(int fd, int level, int option, const void *value, socklen_t length);
ssize_t weft_sys_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t weft_sys_recvmsg(int fd, struct msghdr *message, int flags);

/* `timeout_ns` < 0 waits for ever. */
int weft_sys_poll(struct pollfd *fds, size_t count, int64_t timeout_ns);
int weft_sys_select(int count, fd_set *read, fd_set *write, fd_set *except, int64_t timeout_ns);

/* ---- mappings of files (anonymous ones are the C library's) -------------------- */

/* A private mapping is a copy. A shared mapping is a copy too, written back by
 * weft_sys_msync and weft_sys_unmap_file: two mappings of one file do not see each
 * other's stores before that. */
int weft_sys_map_file(size_t length, int protection, int flags, int fd, int64_t offset,
                      void **address);
int weft_sys_sync_file(void *address, size_t length);
/* 0 when `address` is no file mapping. Frees the copy. */
int weft_sys_unmap_file(void *address);

#ifdef __cplusplus
}
#endif
#endif
