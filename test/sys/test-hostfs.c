#include <sys/stat.h>

#include "check.h"

static char top[64], outside[80], inside[80];

static int make(const char *path, const char *text) {
  return weft_sys_write_file(path, text, strlen(text), 0644);
}
static int64_t size_of(const char *path) {
  struct stat st;
  int error = weft_sys_stat(AT, path, &st, 0);
  return error ? error : st.st_size;
}
static void host_file(const char *folder, const char *name, const char *text) {
  char path[200];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  fputs(text, file);
  fclose(file);
}

static void set_up(void) {
  strcpy(top, "/tmp/weft-hostfs-XXXXXX");
  CHECK(mkdtemp(top) != NULL);
  snprintf(outside, sizeof outside, "%s/outside", top);
  snprintf(inside, sizeof inside, "%s/inside", top);
  CHECK(mkdir(outside, 0777) == 0 && mkdir(inside, 0777) == 0);
  host_file(outside, "secret", "secret");
  host_file(inside, "file", "hello");
  EQUAL(weft_host_mount("/h", inside, 0), 0);
  EQUAL(weft_host_mount("/ro", inside, 1), 0);
  EQUAL(weft_host_mount("/bad", "/nonexistent", 0), -ENOENT);
}

static void basics(void) {
  char text[300];
  EQUAL(size_of("/h/file"), 5);
  EQUAL(make("/h/new", "data"), 0);
  EQUAL(size_of("/ro/new"), 4);
  EQUAL(make("/ro/other", "x"), -EROFS);
  EQUAL(weft_sys_open(AT, "/ro/new", O_RDWR, 0), -EROFS);
  EQUAL(weft_sys_unlink(AT, "/ro/new", 0), -EROFS);
  EQUAL(weft_sys_rename(AT, "/h/new", AT, "/ro/x"), -EXDEV);
  int fd = weft_sys_open(AT, "/h/new", O_RDWR | O_APPEND, 0);
  EQUAL(weft_sys_write(fd, "more", 4), 4);
  EQUAL(weft_sys_lseek(fd, 0, SEEK_CUR), 8);
  EQUAL(weft_sys_preadv(fd, &(struct iovec){text, 8}, 1, 0), 8);
  CHECK(memcmp(text, "datamore", 8) == 0);
  EQUAL(weft_sys_unlink(AT, "/h/new", 0), 0);
  struct stat st;
  EQUAL(weft_sys_fstat(fd, &st), 0);
  EQUAL(st.st_nlink, 0);
  EQUAL(weft_sys_close(fd), 0);
  fd = weft_sys_open(AT, "/h/again", O_RDWR | O_CREAT | O_EXCL, 0600);
  EQUAL(weft_sys_fcntl(fd, F_SETFL, O_APPEND), 0);
  EQUAL(weft_sys_write(fd, "a", 1), 1);
  EQUAL(weft_sys_write(fd, "b", 1), 1);
  EQUAL(weft_sys_ftruncate(fd, 1), 0);
  EQUAL(weft_sys_fsync(fd), 0);
  EQUAL(weft_sys_close(fd), 0);
  EQUAL(weft_sys_open(AT, "/h/again", O_RDWR | O_CREAT | O_EXCL, 0600), -EEXIST);
  EQUAL(weft_sys_mkdir(AT, "/h/dir", 0777), 0);
  EQUAL(weft_sys_rename(AT, "/h/again", AT, "/h/dir/moved"), 0);
  EQUAL(weft_sys_unlink(AT, "/h/dir", AT_REMOVEDIR), -ENOTEMPTY);
  EQUAL(weft_sys_chdir("/h/dir"), 0);
  EQUAL(weft_sys_rename(AT, "/h/dir", AT, "/h/dir2"), 0);
  EQUAL(size_of("moved"), 1); /* the current directory went along */
  EQUAL(weft_sys_getcwd(text, sizeof text), 8);
  CHECK(strcmp(text, "/h/dir2") == 0);
  EQUAL(size_of("../file"), 5);
  EQUAL(size_of("../../h/file"), 5);
  EQUAL(weft_sys_chdir("/"), 0);
  struct timespec times[2] = {{11, 500}, {22, 0}};
  EQUAL(weft_sys_utimens(AT, "/h/file", times, 0), 0);
  EQUAL(weft_sys_stat(AT, "/h/file", &st, 0), 0);
  CHECK(st.st_mtim.tv_sec == 22 && st.st_uid == 1000);
  struct statfs fs;
  EQUAL(weft_sys_statfs("/h", &fs), 0);
  CHECK(fs.f_bsize > 0);
  int count = 0;
  fd = weft_sys_open(AT, "/h", O_RDONLY | O_DIRECTORY, 0);
  ssize_t got;
  while ((got = weft_sys_getdents(fd, text, sizeof text)) > 0) {
    for (ssize_t at = 0; at < got; at += ((struct dirent *)(text + at))->d_reclen) {
      count++;
    }
  }
  EQUAL(count, 4);
  weft_sys_close(fd);
  EQUAL(weft_sys_mknod(AT, "/h/fifo", S_IFIFO | 0666, 0), -EPERM);
}

static void nested(void) {
  char path[200];
  EQUAL(weft_host_mount("/h/dir2/missing", outside, 0), -ENOENT);
  snprintf(path, sizeof path, "%s/dir2/missing", inside);
  CHECK(access(path, F_OK) != 0); /* and was not made on the host */
  EQUAL(weft_sys_mkdir(AT, "/h/nested", 0777), 0);
  EQUAL(weft_host_mount("/h/nested", outside, 1), 0);
  EQUAL(weft_host_mount("/h/nested", outside, 1), -EBUSY);
  EQUAL(size_of("/h/nested/secret"), 6);
  EQUAL(size_of("/h/nested/../file"), 5);
  EQUAL(make("/h/nested/x", "x"), -EROFS);
  EQUAL(weft_sys_unlink(AT, "/h/nested", AT_REMOVEDIR), -EBUSY);
  EQUAL(weft_sys_rename(AT, "/h/nested", AT, "/h/moved"), -EBUSY);
  EQUAL(weft_sys_chdir("/h/nested"), 0);
  EQUAL(weft_sys_getcwd(path, sizeof path), 10);
  CHECK(strcmp(path, "/h/nested") == 0);
  EQUAL(weft_sys_chdir("/"), 0);
}

/* No link, of the guest or of the host, leads out of the folder. */
static void confinement(void) {
  char path[200];
  snprintf(path, sizeof path, "%s/host-link", inside);
  CHECK(symlink(outside, path) == 0);
  snprintf(path, sizeof path, "%s/host-up", inside);
  CHECK(symlink("../outside", path) == 0);
  EQUAL(size_of("/h/host-link/secret"), -ENOENT); /* means the guest's path of that name */
  EQUAL(size_of("/h/host-up/secret"), -ENOENT);
  snprintf(path, sizeof path, "%s/host-secret", inside);
  CHECK(symlink("../outside/secret", path) == 0);
  EQUAL(size_of("/h/host-secret"), -ENOENT);
  EQUAL(weft_sys_open(AT, "/h/host-secret", O_RDONLY, 0), -ENOENT);
  EQUAL(weft_sys_symlink(outside, AT, "/h/link"), 0);
  EQUAL(size_of("/h/link/secret"), -ENOENT);
  EQUAL(size_of("/h/../../../../etc/passwd"), -ENOENT);
  EQUAL(weft_sys_link(AT, "/h/host-secret", AT, "/h/linked", 0), 0);
  EQUAL(size_of("/h/linked"), -ENOENT); /* a second link, not a second name of the secret */
  /* A link to the guest's own files is followed there. */
  EQUAL(make("/target", "guest"), 0);
  EQUAL(weft_sys_symlink("/target", AT, "/h/to-guest"), 0);
  EQUAL(size_of("/h/to-guest"), 5);
  struct stat st;
  EQUAL(weft_sys_stat(AT, "/h/link", &st, AT_SYMLINK_NOFOLLOW), 0);
  CHECK(S_ISLNK(st.st_mode));
  EQUAL(weft_sys_chmod(AT, "/h/link", 0777, AT_SYMLINK_NOFOLLOW), -EOPNOTSUPP);
  EQUAL(weft_sys_truncate("/h/host-secret", 0), -ENOENT);
}

/* A descriptor of a directory whose path leads elsewhere by now: the directory is gone,
 * and a link to the outside has taken the place of its parent. */
static void stale_paths(void) {
  char path[200];
  snprintf(path, sizeof path, "%s/x", outside);
  CHECK(mkdir(path, 0777) == 0);
  host_file(path, "secret", "secret");
  EQUAL(weft_sys_mkdirs("/h/d/x"), 0);
  EQUAL(make("/h/d/x/secret", "decoy"), 0);
  int folder = weft_sys_open(AT, "/h/d/x", O_RDONLY | O_DIRECTORY, 0);
  int named = weft_sys_open(AT, "/h/d/x/secret", O_PATH, 0);
  EQUAL(weft_sys_unlink(AT, "/h/d/x/secret", 0), 0);
  EQUAL(weft_sys_unlink(AT, "/h/d/x", AT_REMOVEDIR), 0);
  EQUAL(weft_sys_unlink(AT, "/h/d", AT_REMOVEDIR), 0);
  EQUAL(weft_sys_symlink(outside, AT, "/h/d"), 0);
  struct stat st;
  char text[300];
  EQUAL(weft_sys_open(folder, "secret", O_RDONLY, 0), -ENOTDIR);
  EQUAL(weft_sys_open(folder, "made", O_WRONLY | O_CREAT, 0600), -ENOTDIR);
  EQUAL(weft_sys_stat(folder, "secret", &st, 0), -ENOTDIR);
  EQUAL(weft_sys_unlink(folder, "secret", 0), -ENOTDIR);
  EQUAL(weft_sys_fstat(folder, &st), -ENOTDIR);
  EQUAL(weft_sys_fstat(named, &st), -ENOTDIR);
  EQUAL(weft_sys_fchmod(folder, 0777), -ENOTDIR);
  EQUAL(weft_sys_utimens(named, NULL, NULL, 0), -ENOTDIR);
  EQUAL(weft_sys_getdents(folder, text, sizeof text), -ENOTDIR);
  weft_sys_close(folder);
  weft_sys_close(named);
}

/* One thread swaps a directory for a link that leads outside and back; others use
 * paths through it. None of them may ever see the outside. */
static _Atomic int stop;

static void *swap(void *argument) {
  (void)argument;
  for (int i = 0; i < 1500; i++) {
    EQUAL(weft_sys_rename(AT, "/h/real", AT, "/h/away"), 0);
    EQUAL(weft_sys_rename(AT, "/h/trap", AT, "/h/real"), 0);
    EQUAL(weft_sys_rename(AT, "/h/real", AT, "/h/trap"), 0);
    EQUAL(weft_sys_rename(AT, "/h/away", AT, "/h/real"), 0);
  }
  stop = 1;
  return NULL;
}

static void *use(void *argument) {
  char text[16];
  int seen = 0;
  while (!stop) {
    int fd = weft_sys_open(AT, "/h/real/secret", O_RDWR, 0);
    if (fd >= 0) {
      memset(text, 0, sizeof text);
      CHECK(weft_sys_read(fd, text, 15) > 0 && strcmp(text, "decoy") == 0);
      weft_sys_close(fd);
      seen++;
    }
    if (argument) {
      weft_sys_truncate("/h/real/secret", 5);
      weft_sys_unlink(AT, "/h/real/absent", 0);
      int made = weft_sys_open(AT, "/h/real/made", O_WRONLY | O_CREAT, 0600);
      if (made >= 0) {
        weft_sys_close(made);
      }
    }
  }
  CHECK(seen > 0);
  return NULL;
}

static void swapping(void) {
  char path[200];
  EQUAL(weft_sys_mkdir(AT, "/h/real", 0777), 0);
  EQUAL(make("/h/real/secret", "decoy"), 0);
  snprintf(path, sizeof path, "%s/trap", inside);
  CHECK(symlink(outside, path) == 0);
  pthread_t threads[4];
  pthread_create(&threads[0], NULL, swap, NULL);
  for (intptr_t i = 1; i < 4; i++) {
    pthread_create(&threads[i], NULL, use, (void *)(i - 1));
  }
  check_join(threads, 4);
  snprintf(path, sizeof path, "%s/made", outside);
  CHECK(access(path, F_OK) != 0);
  snprintf(path, sizeof path, "%s/secret", outside);
  struct stat st;
  CHECK(stat(path, &st) == 0 && st.st_size == 6);
}

static void *storm_worker(void *argument) {
  uint32_t seed = (uint32_t)(intptr_t)argument + 5;
  char a[64], b[64];
  for (int i = 0; i < 400; i++) {
    snprintf(a, sizeof a, "/h/s/%u", check_random(&seed) % 6);
    snprintf(b, sizeof b, "/h/s/%u", check_random(&seed) % 6);
    switch (check_random(&seed) % 5) {
      case 0: {
        int fd = weft_sys_open(AT, a, O_RDWR | O_CREAT, 0644);
        if (fd >= 0) {
          EQUAL(weft_sys_write(fd, "12345678", 8), 8);
          weft_sys_close(fd);
        }
        break;
      }
      case 1:
        weft_sys_rename(AT, a, AT, b);
        break;
      case 2:
        weft_sys_unlink(AT, a, 0);
        break;
      case 3:
        weft_sys_link(AT, a, AT, b, 0);
        break;
      default: {
        struct stat st;
        if (weft_sys_stat(AT, a, &st, 0) == 0) {
          CHECK(st.st_size == 0 || st.st_size == 8);
        }
      }
    }
  }
  return NULL;
}

static void storm(void) {
  EQUAL(weft_sys_mkdir(AT, "/h/s", 0777), 0);
  pthread_t threads[4];
  check_spawn(threads, 4, storm_worker);
  check_join(threads, 4);
}

static void tear_down(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", top);
  CHECK(system(command) == 0);
}

CHECK_MAIN("hostfs", {"set_up", set_up}, {"basics", basics}, {"nested", nested}, {"confinement", confinement},
           {"stale_paths", stale_paths},
           {"swapping", swapping}, {"storm", storm}, {"tear_down", tear_down})
