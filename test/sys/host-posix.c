/* The host imports for native test programs: this machine's own files, and standard
 * streams that end in memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "host-posix.h"
#include "weft_host.h"

static int result(long value) { return value < 0 ? -errno : (int)value; }

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char output[1 << 20];
static size_t output_length;
_Atomic int host_requests;
_Atomic int host_tty_mode;

size_t host_output(char *to, size_t size) {
  pthread_mutex_lock(&lock);
  size_t length = output_length < size ? output_length : size;
  memcpy(to, output, length);
  output_length = 0;
  pthread_mutex_unlock(&lock);
  return length;
}

int weft_host_stdio_write(int fd, const void *data, size_t length) {
  (void)fd;
  /* Short writes, as a pipe may give: the caller must go on without being interleaved. */
  size_t part = length > 7 ? 7 : length;
  pthread_mutex_lock(&lock);
  if (part > sizeof output - output_length) {
    part = sizeof output - output_length;
  }
  memcpy(output + output_length, data, part);
  output_length += part;
  pthread_mutex_unlock(&lock);
  return (int)part;
}

int weft_host_stdio_read(int fd, void *buffer, size_t length, double offset) {
  static const char text[] = "first line\nsecond line\n";
  (void)fd;
  size_t at = (size_t)offset, left = at < sizeof text - 1 ? sizeof text - 1 - at : 0;
  length = length < left ? length : left;
  memcpy(buffer, text + at, length);
  return (int)length;
}

void weft_host_stdin_request(void) { atomic_fetch_add(&host_requests, 1); }
int weft_host_tty_mode(int mode) {
  host_tty_mode = mode;
  return 0;
}

static void fill(weft_host_stat *out, const struct stat *st) {
  *out = (weft_host_stat){st->st_mode, st->st_nlink, 1000, 1000, st->st_size, st->st_blocks,
                          (int64_t)st->st_dev, (int64_t)st->st_ino,
                          st->st_atim.tv_sec * 1000000000LL + st->st_atim.tv_nsec,
                          st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
                          st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec};
}

int weft_host_fs_open(const char *path, int flags, int mode) {
  return result(open(path, flags, mode));
}
int weft_host_fs_close(int handle) { return result(close(handle)); }
int weft_host_fs_read(int handle, void *buffer, size_t length, double offset) {
  return result(pread(handle, buffer, length, (off_t)offset));
}
int weft_host_fs_write(int handle, const void *data, size_t length, double offset) {
  return result(offset < 0 ? write(handle, data, length)
                           : pwrite(handle, data, length, (off_t)offset));
}
int weft_host_fs_fstat(int handle, weft_host_stat *out) {
  struct stat st;
  int error = result(fstat(handle, &st));
  fill(out, &st);
  return error;
}
int weft_host_fs_ftruncate(int handle, double length) {
  return result(ftruncate(handle, (off_t)length));
}
int weft_host_fs_fsync(int handle) { return result(fsync(handle)); }
int weft_host_fs_lstat(const char *path, weft_host_stat *out) {
  struct stat st = {0};
  int error = result(lstat(path, &st));
  fill(out, &st);
  return error;
}
int weft_host_fs_readdir(const char *path, void *buffer, size_t size) {
  DIR *directory = opendir(path);
  if (!directory) {
    return -errno;
  }
  size_t used = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    size_t length = strlen(entry->d_name);
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    if (used + 10 + length <= size) {
      uint8_t *at = (uint8_t *)buffer + used;
      uint64_t inode = entry->d_ino;
      memcpy(at, &inode, 8);
      at[8] = entry->d_type;
      at[9] = (uint8_t)length;
      memcpy(at + 10, entry->d_name, length);
    }
    used += 10 + length;
  }
  closedir(directory);
  return (int)used;
}
int weft_host_fs_mkdir(const char *path, int mode) { return result(mkdir(path, (mode_t)mode)); }
int weft_host_fs_rmdir(const char *path) { return result(rmdir(path)); }
int weft_host_fs_unlink(const char *path) { return result(unlink(path)); }
int weft_host_fs_rename(const char *from, const char *to) { return result(rename(from, to)); }
int weft_host_fs_link(const char *from, const char *to) { return result(link(from, to)); }
int weft_host_fs_symlink(const char *to, const char *path) { return result(symlink(to, path)); }
int weft_host_fs_readlink(const char *path, char *buffer, size_t size) {
  return result(readlink(path, buffer, size));
}
int weft_host_fs_truncate(const char *path, double length) {
  return result(truncate(path, (off_t)length));
}
int weft_host_fs_chmod(const char *path, int mode) { return result(chmod(path, (mode_t)mode)); }
int weft_host_fs_access(const char *path, int mode) { return result(access(path, mode)); }
int weft_host_fs_utimes(const char *path, double atime_ms, int atime_ns, double mtime_ms,
                        int mtime_ns) {
  struct timespec times[2] = {
      {(time_t)(atime_ms / 1000), atime_ns < 0 ? UTIME_OMIT : (long)atime_ns},
      {(time_t)(mtime_ms / 1000), mtime_ns < 0 ? UTIME_OMIT : (long)mtime_ns}};
  return result(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}
int weft_host_fs_statfs(const char *path, double out[6]) {
  struct statfs st;
  int error = result(statfs(path, &st));
  out[0] = (double)st.f_bsize;
  out[1] = (double)st.f_blocks;
  out[2] = (double)st.f_bfree;
  out[3] = (double)st.f_bavail;
  out[4] = (double)st.f_files;
  out[5] = (double)st.f_ffree;
  return error;
}
