/* Character devices, and the directories that every program expects to find. */
#include "sys.h"

/* After the others: Emscripten's needs size_t from elsewhere. */
#include <sys/random.h>
#include <unistd.h>

/* Numbers as Linux gives them. */
#define DEV(major, minor) (((uint64_t)(major) << 8) | (minor))
enum {
  DEV_NULL = DEV(1, 3),
  DEV_ZERO = DEV(1, 5),
  DEV_FULL = DEV(1, 7),
  DEV_RANDOM = DEV(1, 8),
  DEV_URANDOM = DEV(1, 9),
  DEV_TTY = DEV(5, 0),
};

static ssize_t read_zeros(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)file;
  (void)offset;
  ssize_t length = weft_iov_length(iov, count);
  weft_iov_cursor cursor = {iov, count, 0};
  weft_iov_zero(&cursor, (size_t)length);
  return length;
}

static ssize_t read_nothing(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)file;
  (void)iov;
  (void)count;
  (void)offset;
  return 0;
}

static ssize_t read_random(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)file;
  (void)offset;
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    for (size_t at = 0; at < iov[i].iov_len;) {
      size_t part = iov[i].iov_len - at < 256 ? iov[i].iov_len - at : 256; /* its limit */
      if (getentropy((char *)iov[i].iov_base + at, part) != 0) {
        return done ? done : -EIO;
      }
      at += part;
      done += (ssize_t)part;
    }
  }
  return done;
}

static ssize_t write_away(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                          bool append) {
  (void)file;
  (void)offset;
  (void)append;
  return weft_iov_length(iov, count);
}

static ssize_t write_full(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                          bool append) {
  (void)file;
  (void)iov;
  (void)count;
  (void)offset;
  (void)append;
  return -ENOSPC;
}

static int64_t no_size(weft_file *file) {
  (void)file;
  return 0;
}

static const weft_file_ops null_ops = {
    .read = read_nothing, .write = write_away, .size = no_size};
static const weft_file_ops zero_ops = {.read = read_zeros, .write = write_away, .size = no_size};
static const weft_file_ops full_ops = {.read = read_zeros, .write = write_full, .size = no_size};
static const weft_file_ops random_ops = {
    .read = read_random, .write = write_away, .size = no_size};

int weft_dev_open(weft_node *node, uint64_t rdev, weft_file **file) {
  (void)node;
  switch (rdev) {
    case DEV_NULL:
      (*file)->ops = &null_ops;
      return 0;
    case DEV_ZERO:
      (*file)->ops = &zero_ops;
      return 0;
    case DEV_FULL:
      (*file)->ops = &full_ops;
      return 0;
    case DEV_RANDOM:
    case DEV_URANDOM:
      (*file)->ops = &random_ops;
      return 0;
    case DEV_TTY:
      for (int fd = 0; fd < 3; fd++) {
        weft_file *terminal = weft_stdio_stream(fd);
        if (terminal) {
          terminal->flags = (*file)->flags;
          weft_file_unref(*file);
          *file = terminal;
          return 0;
        }
      }
      return -ENXIO;
    default:
      return -ENXIO;
  }
}

void weft_dev_init(void) {
  static const struct {
    const char *path;
    uint32_t mode;
    uint64_t rdev;
  } devices[] = {
      {"/dev/null", 0666, DEV_NULL},       {"/dev/zero", 0666, DEV_ZERO},
      {"/dev/full", 0666, DEV_FULL},       {"/dev/random", 0666, DEV_RANDOM},
      {"/dev/urandom", 0666, DEV_URANDOM}, {"/dev/tty", 0666, DEV_TTY},
  };
  static const char *const directories[] = {"/home/weft", "/dev/shm", "/tmp", "/var/tmp", "/proc/self/fd"};
  bool failed = false;
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
    failed |= weft_mkdirs(directories[i]) != 0;
  }
  failed |= weft_sys_chmod(AT_FDCWD, "/tmp", 01777, 0) != 0;
  failed |= weft_sys_chmod(AT_FDCWD, "/var/tmp", 01777, 0) != 0;
  failed |= weft_sys_chmod(AT_FDCWD, "/dev/shm", 01777, 0) != 0;
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
    failed |= weft_memfs_add_device(devices[i].path, devices[i].mode, devices[i].rdev) != 0;
  }
  failed |= weft_fdfs_mount("/proc/self/fd") != 0;
  failed |= weft_sys_symlink("/proc/self/fd", AT_FDCWD, "/dev/fd") != 0;
  failed |= weft_sys_symlink("/proc/self/fd/0", AT_FDCWD, "/dev/stdin") != 0;
  failed |= weft_sys_symlink("/proc/self/fd/1", AT_FDCWD, "/dev/stdout") != 0;
  failed |= weft_sys_symlink("/proc/self/fd/2", AT_FDCWD, "/dev/stderr") != 0;
  if (failed) {
    abort(); /* out of memory before anything has started */
  }
}
