#include "check.h"

static int make(const char *path, const char *text) {
  return weft_sys_write_file(path, text, strlen(text), 0644);
}
static int64_t size_of(const char *path) {
  struct stat st;
  int error = weft_sys_stat(AT, path, &st, 0);
  return error ? error : st.st_size;
}

static void resolution(void) {
  EQUAL(weft_sys_mkdirs("/r/a/b"), 0);
  EQUAL(make("/r/f", "x"), 0);
  struct stat st;
  EQUAL(weft_sys_stat(AT, "", &st, 0), -ENOENT);
  EQUAL(weft_sys_stat(AT, "/r/f/", &st, 0), -ENOTDIR);
  EQUAL(weft_sys_stat(AT, "/r/f/.", &st, 0), -ENOTDIR);
  EQUAL(weft_sys_stat(AT, "/r/f/../f", &st, 0), -ENOTDIR);
  EQUAL(weft_sys_stat(AT, "/r/a/../f", &st, 0), 0);
  EQUAL(weft_sys_stat(AT, "/../../r//a/./b//", &st, 0), 0);
  EQUAL(weft_sys_stat(AT, "/r/none/..", &st, 0), -ENOENT);
  char name[5000];
  memset(name, 'n', sizeof name);
  memcpy(name, "/r/", 3);
  name[3 + 255] = 0;
  EQUAL(make(name, ""), 0);
  EQUAL(weft_sys_unlink(AT, name, 0), 0);
  name[3 + 255] = 'n';
  name[3 + 256] = 0;
  EQUAL(make(name, ""), -ENAMETOOLONG);
  for (size_t i = 0; i < sizeof name; i++) {
    name[i] = i % 2 ? '.' : '/';
  }
  name[4095] = 0;
  EQUAL(weft_sys_stat(AT, name, &st, 0), 0);
  name[4095] = '.';
  name[4096] = 0;
  EQUAL(weft_sys_stat(AT, name, &st, 0), -ENAMETOOLONG);
  int fd = weft_sys_open(AT, "/r/a", O_RDONLY | O_DIRECTORY, 0);
  EQUAL(weft_sys_stat(fd, "b", &st, 0), 0);
  EQUAL(weft_sys_stat(fd, "/r/f", &st, 0), 0);
  int file = weft_sys_open(AT, "/r/f", O_RDONLY, 0);
  EQUAL(weft_sys_stat(file, "b", &st, 0), -ENOTDIR);
  EQUAL(weft_sys_stat(999, "b", &st, 0), -EBADF);
  EQUAL(weft_sys_stat(file, "", &st, AT_EMPTY_PATH), 0);
  weft_sys_close(fd);
  weft_sys_close(file);
}

static void links(void) {
  EQUAL(weft_sys_mkdirs("/l/d"), 0);
  EQUAL(make("/l/d/f", "text"), 0);
  EQUAL(weft_sys_symlink("d/f", AT, "/l/s"), 0);
  EQUAL(size_of("/l/s"), 4);
  EQUAL(weft_sys_symlink("d", AT, "/l/sd"), 0);
  EQUAL(size_of("/l/sd/f"), 4);
  EQUAL(size_of("/l/sd/../d/f"), 4);
  EQUAL(weft_sys_symlink("loop2", AT, "/l/loop1"), 0);
  EQUAL(weft_sys_symlink("loop1", AT, "/l/loop2"), 0);
  EQUAL(size_of("/l/loop1"), -ELOOP);
  /* Forty links in a row are followed, one more is not. */
  char name[32], target[32] = "d/f";
  for (int i = 0; i < 41; i++) {
    snprintf(name, sizeof name, "/l/chain%d", i);
    EQUAL(weft_sys_symlink(target, AT, name), 0);
    snprintf(target, sizeof target, "chain%d", i);
  }
  EQUAL(size_of("/l/chain39"), 4);
  EQUAL(size_of("/l/chain40"), -ELOOP);
  struct stat st;
  EQUAL(weft_sys_stat(AT, "/l/s", &st, AT_SYMLINK_NOFOLLOW), 0);
  CHECK(S_ISLNK(st.st_mode) && st.st_size == 3);
  EQUAL(weft_sys_open(AT, "/l/s", O_RDONLY | O_NOFOLLOW, 0), -ELOOP);
  EQUAL(weft_sys_symlink("fresh", AT, "/l/dangling"), 0);
  EQUAL(weft_sys_open(AT, "/l/dangling", O_RDONLY, 0), -ENOENT);
  EQUAL(weft_sys_open(AT, "/l/dangling", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
  int fd = weft_sys_open(AT, "/l/dangling", O_WRONLY | O_CREAT, 0644);
  CHECK(fd >= 0);
  weft_sys_close(fd);
  EQUAL(size_of("/l/fresh"), 0);
  EQUAL(weft_sys_mkdir(AT, "/l/dangling", 0777), -EEXIST);
  char buffer[2];
  EQUAL(weft_sys_readlink(AT, "/l/s", buffer, 2), 2);
  EQUAL(weft_sys_readlink(AT, "/l/d", buffer, 2), -EINVAL);
  EQUAL(weft_sys_link(AT, "/l/d/f", AT, "/l/hard", 0), 0);
  EQUAL(weft_sys_link(AT, "/l/d", AT, "/l/hard2", 0), -EPERM);
  EQUAL(weft_sys_link(AT, "/l/d/f", AT, "/l/hard", 0), -EEXIST);
  EQUAL(weft_sys_stat(AT, "/l/d/f", &st, 0), 0);
  EQUAL(st.st_nlink, 2);
  EQUAL(weft_sys_unlink(AT, "/l/d/f", 0), 0);
  EQUAL(size_of("/l/hard"), 4);
}

static void renames(void) {
  EQUAL(weft_sys_mkdirs("/n/d1/sub"), 0);
  EQUAL(weft_sys_mkdirs("/n/d2"), 0);
  EQUAL(weft_sys_mkdirs("/n/full/x"), 0);
  EQUAL(make("/n/f1", "1"), 0);
  EQUAL(make("/n/f2", "22"), 0);
  EQUAL(weft_sys_rename(AT, "/n/f1", AT, "/n/f2"), 0);
  EQUAL(size_of("/n/f2"), 1);
  EQUAL(size_of("/n/f1"), -ENOENT);
  EQUAL(weft_sys_rename(AT, "/n/none", AT, "/n/f2"), -ENOENT);
  EQUAL(weft_sys_rename(AT, "/n/f2", AT, "/n/d1"), -EISDIR);
  EQUAL(weft_sys_rename(AT, "/n/d1", AT, "/n/f2"), -ENOTDIR);
  EQUAL(weft_sys_rename(AT, "/n/d1", AT, "/n/d1/sub/in"), -EINVAL);
  EQUAL(weft_sys_rename(AT, "/n/d1", AT, "/n/full"), -ENOTEMPTY);
  EQUAL(weft_sys_rename(AT, "/n/f2", AT, "/n/new/"), -ENOTDIR);
  int fd = weft_sys_open(AT, "/n/d1/sub", O_RDONLY | O_DIRECTORY, 0);
  EQUAL(weft_sys_rename(AT, "/n/d1", AT, "/n/d2"), 0);
  EQUAL(weft_sys_fchdir(fd), 0);
  char path[64];
  EQUAL(weft_sys_getcwd(path, sizeof path), 10);
  CHECK(strcmp(path, "/n/d2/sub") == 0);
  EQUAL(weft_sys_getcwd(path, 9), -ERANGE);
  EQUAL(weft_sys_rename(fd, "../../f2", fd, "moved"), 0);
  EQUAL(size_of("/n/d2/sub/moved"), 1);
  EQUAL(weft_sys_unlink(AT, "/n/d2/sub", AT_REMOVEDIR), -ENOTEMPTY);
  EQUAL(weft_sys_unlink(AT, "moved", 0), 0);
  EQUAL(weft_sys_unlink(AT, "/n/d2/sub", AT_REMOVEDIR), 0);
  EQUAL(weft_sys_getcwd(path, sizeof path), -ENOENT);
  EQUAL(make("late", "x"), -ENOENT);
  EQUAL(weft_sys_chdir("/"), 0);
  weft_sys_close(fd);
  EQUAL(weft_sys_link(AT, "/n/full/x", AT, "/n/y", 0), -EPERM);
  EQUAL(make("/n/a", "same"), 0);
  EQUAL(weft_sys_link(AT, "/n/a", AT, "/n/b", 0), 0);
  EQUAL(weft_sys_rename(AT, "/n/a", AT, "/n/b"), 0);
  EQUAL(size_of("/n/a"), 4);
  EQUAL(weft_sys_rename(AT, "/n", AT, "/dev/n"), 0);
  EQUAL(weft_sys_rename(AT, "/dev/n", AT, "/n"), 0);
  EQUAL(weft_sys_rename(AT, "/proc/self", AT, "/p"), 0);
  EQUAL(weft_sys_rename(AT, "/p", AT, "/proc/self"), 0);
  EQUAL(weft_sys_rename(AT, "/proc/self/fd", AT, "/p"), -EBUSY);
  EQUAL(weft_sys_unlink(AT, "/proc/self/fd", AT_REMOVEDIR), -EBUSY);
  EQUAL(weft_sys_unlink(AT, "/n/full/.", AT_REMOVEDIR), -EINVAL);
  EQUAL(weft_sys_unlink(AT, "/n/full/..", AT_REMOVEDIR), -ENOTEMPTY);
  EQUAL(weft_sys_unlink(AT, "/n/full", 0), -EISDIR);
  EQUAL(weft_sys_unlink(AT, "/n/a", AT_REMOVEDIR), -ENOTDIR);
}

static void opening(void) {
  EQUAL(weft_sys_mkdirs("/o/d"), 0);
  EQUAL(weft_sys_open(AT, "/o/d", O_WRONLY, 0), -EISDIR);
  EQUAL(weft_sys_open(AT, "/o/d", O_RDONLY | O_CREAT, 0), -EISDIR);
  EQUAL(weft_sys_open(AT, "/o/new/", O_WRONLY | O_CREAT, 0), -EISDIR);
  EQUAL(make("/o/f", "hello"), 0);
  EQUAL(weft_sys_open(AT, "/o/f", O_RDONLY | O_DIRECTORY, 0), -ENOTDIR);
  EQUAL(weft_sys_open(AT, "/o/f", O_WRONLY | O_CREAT | O_EXCL, 0644), -EEXIST);
  char text[16];
  int fd = weft_sys_open(AT, "/o/f", O_RDONLY, 0);
  EQUAL(weft_sys_write(fd, "x", 1), -EBADF);
  EQUAL(weft_sys_unlink(AT, "/o/f", 0), 0);
  EQUAL(weft_sys_read(fd, text, 16), 5);
  struct stat st;
  EQUAL(weft_sys_fstat(fd, &st), 0);
  EQUAL(st.st_nlink, 0);
  EQUAL(weft_sys_close(fd), 0);
  /* A file may be made without permission for its own maker, who still writes. */
  fd = weft_sys_open(AT, "/o/locked", O_WRONLY | O_CREAT, 0);
  EQUAL(weft_sys_write(fd, "x", 1), 1);
  weft_sys_close(fd);
  EQUAL(weft_sys_open(AT, "/o/locked", O_RDONLY, 0), -EACCES);
  EQUAL(weft_sys_access(AT, "/o/locked", R_OK, 0), -EACCES);
  EQUAL(weft_sys_access(AT, "/o/locked", F_OK, 0), 0);
  EQUAL(weft_sys_chmod(AT, "/o/d", 0500, 0), 0);
  EQUAL(make("/o/d/in", ""), -EACCES);
  EQUAL(weft_sys_chmod(AT, "/o/d", 0600, 0), 0);
  EQUAL(weft_sys_stat(AT, "/o/d/in", &st, 0), -EACCES);
  EQUAL(weft_sys_chmod(AT, "/dev/null", 0600, 0), -EPERM);
  uint32_t old = weft_sys_umask(027);
  EQUAL(weft_sys_mkdir(AT, "/o/masked", 0777), 0);
  EQUAL(weft_sys_umask(old), 027);
  EQUAL(weft_sys_stat(AT, "/o/masked", &st, 0), 0);
  EQUAL(st.st_mode & 07777, 0750);
  EQUAL(weft_sys_chown(AT, "/o/masked", 1000, 1000, 0), 0);
  EQUAL(weft_sys_chown(AT, "/o/masked", 0, 0, 0), -EPERM);
  fd = weft_sys_open(AT, "/o/masked", O_PATH, 0);
  EQUAL(weft_sys_read(fd, text, 1), -EBADF);
  EQUAL(weft_sys_stat(fd, ".", &st, 0), 0);
  weft_sys_close(fd);
}

static void contents(void) {
  int fd = weft_sys_open(AT, "/c", O_RDWR | O_CREAT, 0644);
  char text[32] = "";
  EQUAL(weft_sys_lseek(fd, 3000000, SEEK_SET), 3000000);
  EQUAL(weft_sys_write(fd, "end", 3), 3);
  struct stat st;
  EQUAL(weft_sys_fstat(fd, &st), 0);
  EQUAL(st.st_size, 3000003);
  CHECK(st.st_blocks * 512 < 200000); /* the hole takes no room */
  struct iovec iov[2] = {{text, 4}, {text + 4, 4}};
  EQUAL(weft_sys_preadv(fd, iov, 2, 2999998), 5);
  CHECK(memcmp(text, "\0\0end", 5) == 0);
  EQUAL(weft_sys_preadv(fd, iov, 2, -1), -EINVAL);
  EQUAL(weft_sys_ftruncate(fd, 2), 0);
  EQUAL(weft_sys_ftruncate(fd, 8), 0);
  EQUAL(weft_sys_pwritev(fd, &(struct iovec){"ab", 2}, 1, 0), 2);
  memset(text, 'x', sizeof text);
  EQUAL(weft_sys_preadv(fd, iov, 2, 0), 8);
  CHECK(memcmp(text, "ab\0\0\0\0\0\0", 8) == 0);
  EQUAL(weft_sys_ftruncate(fd, -1), -EINVAL);
  EQUAL(weft_sys_fcntl(fd, F_SETFL, O_APPEND), 0);
  EQUAL(weft_sys_lseek(fd, 0, SEEK_SET), 0);
  EQUAL(weft_sys_write(fd, "tail", 4), 4);
  EQUAL(weft_sys_lseek(fd, 0, SEEK_CUR), 12);
  EQUAL(weft_sys_lseek(fd, -13, SEEK_END), -EINVAL);
  EQUAL(weft_sys_fallocate(fd, 0, 0, 100), 0);
  EQUAL(weft_sys_lseek(fd, 0, SEEK_END), 100);
  EQUAL(weft_sys_close(fd), 0);
  struct timespec times[2] = {{5, 6}, {7, UTIME_OMIT}};
  EQUAL(weft_sys_utimens(AT, "/c", times, 0), 0);
  EQUAL(weft_sys_stat(AT, "/c", &st, 0), 0);
  CHECK(st.st_atim.tv_sec == 5 && st.st_atim.tv_nsec == 6 && st.st_mtim.tv_sec > 1000);
  times[0].tv_nsec = 1000000000;
  EQUAL(weft_sys_utimens(AT, "/c", times, 0), -EINVAL);
  EQUAL(weft_sys_truncate("/c", 1), 0);
  EQUAL(size_of("/c"), 1);
  void *map;
  fd = weft_sys_open(AT, "/c", O_RDWR, 0);
  EQUAL(weft_sys_map_file(100, 3, 1 /* MAP_SHARED */, fd, 0, &map), 0);
  *(char *)map = 'M';
  ((char *)map)[1] = 'x'; /* behind the end: lost */
  EQUAL(weft_sys_close(fd), 0);
  EQUAL(weft_sys_unmap_file(map), 0);
  EQUAL(size_of("/c"), 1);
  fd = weft_sys_open(AT, "/c", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, 1), 1);
  EQUAL(text[0], 'M');
  weft_sys_close(fd);
}

static int listing(int fd, char names[][256], int most) {
  static char buffer[300]; /* small, so that a listing takes many calls */
  int count = 0;
  ssize_t got = weft_sys_getdents(fd, buffer, sizeof buffer);
  for (ssize_t at = 0; at < got && count < most;) {
    struct dirent *entry = (struct dirent *)(buffer + at);
    strcpy(names[count++], entry->d_name);
    at += entry->d_reclen;
  }
  return count;
}

static void directories(void) {
  enum { FILES = 200 };
  static int seen[FILES];
  char name[32], names[32][256];
  EQUAL(weft_sys_mkdirs("/list"), 0);
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "/list/%d", i);
    EQUAL(make(name, ""), 0);
  }
  int fd = weft_sys_open(AT, "/list", O_RDONLY | O_DIRECTORY, 0);
  int step = 0, count;
  /* Odd files stay: each must come up exactly once, whatever happens around them. */
  while ((count = listing(fd, names, 32)) > 0) {
    for (int i = 0; i < count; i++) {
      int number = names[i][0] == '.' ? -1 : atoi(names[i]);
      if (number >= 0 && number < FILES) {
        seen[number]++;
      }
    }
    for (int k = 0; k < 10 && step * 2 < FILES; k++, step++) {
      snprintf(name, sizeof name, "/list/%d", FILES - 2 - step * 2);
      weft_sys_unlink(AT, name, 0);
      snprintf(name, sizeof name, "/list/10%d", 1000 + step);
      EQUAL(make(name, ""), 0);
    }
  }
  for (int i = 1; i < FILES; i += 2) {
    EQUAL(seen[i], 1);
  }
  EQUAL(weft_sys_lseek(fd, 0, SEEK_SET), 0);
  CHECK(listing(fd, names, 32) > 2 && strcmp(names[0], ".") == 0 && strcmp(names[1], "..") == 0);
  char tiny[8];
  EQUAL(weft_sys_getdents(fd, tiny, sizeof tiny), -EINVAL);
  EQUAL(weft_sys_read(fd, tiny, 1), -EISDIR);
  weft_sys_close(fd);
}

static void devices(void) {
  char bytes[64];
  int fd = weft_sys_open(AT, "/dev/null", O_RDWR, 0);
  EQUAL(weft_sys_write(fd, "gone", 4), 4);
  EQUAL(weft_sys_read(fd, bytes, 4), 0);
  weft_sys_close(fd);
  fd = weft_sys_open(AT, "/dev/full", O_WRONLY, 0);
  EQUAL(weft_sys_write(fd, "x", 1), -ENOSPC);
  weft_sys_close(fd);
  memset(bytes, 1, sizeof bytes);
  fd = weft_sys_open(AT, "/dev/zero", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, bytes, 64), 64);
  EQUAL(bytes[63], 0);
  weft_sys_close(fd);
  fd = weft_sys_open(AT, "/dev/urandom", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, bytes, 64), 64);
  weft_sys_close(fd);
  EQUAL(make("/same", "shared"), 0);
  fd = weft_sys_open(AT, "/same", O_RDONLY, 0);
  snprintf(bytes, sizeof bytes, "/dev/fd/%d", fd);
  int again = weft_sys_open(AT, bytes, O_RDONLY, 0);
  CHECK(again >= 0 && again != fd);
  weft_sys_close(again);
  weft_sys_close(fd);
  EQUAL(weft_sys_open(AT, bytes, O_RDONLY, 0), -ENOENT);
  EQUAL(weft_sys_open(AT, "/dev/tty", O_RDWR, 0), -ENXIO);
}

CHECK_MAIN("names", {"resolution", resolution}, {"links", links}, {"renames", renames},
           {"opening", opening}, {"contents", contents}, {"directories", directories},
           {"devices", devices})
