/* Descriptors 0, 1 and 2: the standard streams of wasi:cli. Never terminals. */
#include "sys.h"

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
IMPORT(fd_read) int32_t host_fd_read(int32_t fd, int32_t iov, int32_t count, int32_t result);
IMPORT(fd_write) int32_t host_fd_write(int32_t fd, int32_t iov, int32_t count, int32_t result);

static ssize_t stream_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)offset;
  uint32_t done = 0;
  int32_t error = host_fd_read((int32_t)file->handle, (int32_t)(uintptr_t)iov, count, (int32_t)(uintptr_t)&done);
  return error ? -error : (ssize_t)done;
}

static ssize_t stream_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset, bool append) {
  (void)offset;
  (void)append;
  uint32_t done = 0;
  int32_t error = host_fd_write((int32_t)file->handle, (int32_t)(uintptr_t)iov, count, (int32_t)(uintptr_t)&done);
  return error ? -error : (ssize_t)done;
}

static int stream_stat(weft_file *file, struct stat *st) {
  *st = (struct stat){.st_mode = S_IFIFO | 0600, .st_ino = (ino_t)file->handle + 1, .st_nlink = 1, .st_uid = WEFT_UID, .st_gid = WEFT_GID, .st_blksize = 4096};
  return 0;
}

static const weft_file_ops ops = {.read = stream_read, .write = stream_write, .stat = stream_stat};

weft_file *weft_stdio_stream(int fd) {
  (void)fd;
  return NULL; /* no terminal behind any */
}

int weft_sys_isatty(int fd) {
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  weft_file_unref(file);
  return 0;
}

void weft_stdio_init(void) {
  for (int fd = 0; fd < 3; fd++) {
    weft_file *file = weft_file_new(&ops, fd == 0 ? O_RDONLY : O_WRONLY, NULL);
    if (!file) {
      abort(); /* out of memory before anything has started */
    }
    file->handle = fd;
    weft_fd_install(file, fd, false);
  }
}
