/* What the system-call layer asks of the host: the only imports it has. All of them
 * run synchronously in the calling realm and pass nothing but numbers: addresses of
 * shared memory, C strings as addresses, 64-bit values as doubles (exact up to 2^53).
 * Results are >= 0 or a negative errno of this module's numbering (src/abi/errno.ts).
 * wasm/host-library.js forwards them to the realm's host object.
 */
#ifndef WEFT_HOST_H
#define WEFT_HOST_H

#include <stddef.h>
#include <stdint.h>

/* ---- standard streams --------------------------------------------------------- */

/* Write to descriptor 1 or 2. Waits while the host's side is full. */
int weft_host_stdio_write(int fd, const void *data, size_t length);
/* Read from a standard input that is a regular file. */
int weft_host_stdio_read(int fd, void *buffer, size_t length, double offset);
/* A reader found the input ring empty: wake the host realm so that it calls
 * weft_stdin_push. Callable from any realm; must not wait. */
void weft_host_stdin_request(void);
/* The terminal's line discipline: a set of WEFT_TTY_*. */
int weft_host_tty_mode(int mode);
#define WEFT_TTY_RAW 1       /* no line editing: bytes arrive as typed */
#define WEFT_TTY_NO_ECHO 2
#define WEFT_TTY_NO_SIGNALS 4 /* Control-C is a byte like any other */

/* ---- the standard library --------------------------------------------------------- */

/* Fill `buffer` with the file of this name beside the glue, which is `length` bytes long: 0, or 1 when the host has also
 * found that the file has this hash, and -EBADMSG when that it has not. In every realm. */
int weft_host_library(const char *name, void *buffer, size_t length, const uint8_t sha256[32]);

/* ---- the process --------------------------------------------------------------------- */

/* What the host's process, of which the program is a part, has used since its start: microseconds of processor time and the
 * largest resident memory. */
typedef struct weft_host_usage {
  int64_t user_us, system_us, max_rss_kb;
} weft_host_usage;

/* -ENOSYS where the host does not know. */
int weft_host_process_usage(weft_host_usage *out);

/* ---- folders of the host --------------------------------------------------------- */

/* How the host answers "stat"; src/hosts/node/host-fs.ts writes the fields in this
 * order as 64-bit integers. */
typedef struct weft_host_stat {
  int64_t mode, nlink, uid, gid, size, blocks, dev, ino;
  int64_t atime_ns, mtime_ns, ctime_ns;
} weft_host_stat;

/* `flags` are this module's O_* values. The last component is never followed when it
 * is a symbolic link. */
int weft_host_fs_open(const char *path, int flags, int mode);
int weft_host_fs_close(int handle);
int weft_host_fs_read(int handle, void *buffer, size_t length, double offset);
/* With a handle that was opened with O_APPEND `offset` is ignored. */
int weft_host_fs_write(int handle, const void *data, size_t length, double offset);
int weft_host_fs_fstat(int handle, weft_host_stat *out);
int weft_host_fs_ftruncate(int handle, double length);
int weft_host_fs_fsync(int handle);
/* None of these follows a link in last place. */
int weft_host_fs_lstat(const char *path, weft_host_stat *out);
/* Packs the entries, without "." and "..", as records { uint64 inode; uint8 type (DT_*);
 * uint8 name length; name } and returns how many bytes that takes, which may be more
 * than `size`: then the contents are undefined and the caller comes back. */
int weft_host_fs_readdir(const char *path, void *buffer, size_t size);
int weft_host_fs_mkdir(const char *path, int mode);
int weft_host_fs_rmdir(const char *path);
int weft_host_fs_unlink(const char *path);
int weft_host_fs_rename(const char *from, const char *to);
int weft_host_fs_link(const char *from, const char *to);
int weft_host_fs_symlink(const char *target, const char *path);
int weft_host_fs_readlink(const char *path, char *buffer, size_t size);
int weft_host_fs_truncate(const char *path, double length);
int weft_host_fs_chmod(const char *path, int mode);
int weft_host_fs_access(const char *path, int mode);
/* Milliseconds, and the nanoseconds below them; nanoseconds < 0: leave the time as it
 * is. The host may round to what it can express. */
int weft_host_fs_utimes(const char *path, double atime_ms, int atime_ns, double mtime_ms,
                        int mtime_ns);
/* Block size, blocks, free, available, files, free files. */
int weft_host_fs_statfs(const char *path, double out[6]);

#endif
