/* Many threads on one small tree in memory. */
#include "check.h"

enum { THREADS = 4, STEPS = 3000, NAMES = 5 };

static void name_of(char *out, size_t size, uint32_t *seed) {
  uint32_t a = check_random(seed) % NAMES, b = check_random(seed) % NAMES;
  if (check_random(seed) % 2) {
    snprintf(out, size, "/s/d%u/f%u", a, b);
  } else {
    snprintf(out, size, "/s/f%u", b);
  }
}

static void check_error(int result) {
  CHECK(result >= 0 || result == -ENOENT || result == -EEXIST || result == -ENOTDIR ||
        result == -EISDIR || result == -ENOTEMPTY || result == -EINVAL || result == -EPERM ||
        result == -ELOOP);
}

static void *worker(void *argument) {
  uint32_t seed = (uint32_t)(intptr_t)argument * 1234567 + 89;
  char a[64], b[64], buffer[512];
  for (int i = 0; i < STEPS; i++) {
    name_of(a, sizeof a, &seed);
    name_of(b, sizeof b, &seed);
    switch (check_random(&seed) % 12) {
      case 0:
      case 1:
      case 2: {
        int fd = weft_sys_open(AT, a, O_RDWR | O_CREAT, 0644);
        check_error(fd);
        if (fd >= 0) {
          EQUAL(weft_sys_write(fd, "block678", 8), 8);
          struct stat st;
          EQUAL(weft_sys_fstat(fd, &st), 0);
          EQUAL(weft_sys_close(fd), 0);
        }
        break;
      }
      case 3:
        check_error(weft_sys_rename(AT, a, AT, b));
        break;
      case 4:
        check_error(weft_sys_unlink(AT, a, 0));
        break;
      case 5:
        check_error(weft_sys_link(AT, a, AT, b, 0));
        break;
      case 6:
        check_error(weft_sys_symlink("../f1", AT, a));
        break;
      case 7: {
        snprintf(a, sizeof a, "/s/d%u", check_random(&seed) % NAMES);
        check_error(weft_sys_mkdir(AT, a, 0777));
        break;
      }
      case 8: {
        snprintf(a, sizeof a, "/s/d%u", check_random(&seed) % NAMES);
        check_error(weft_sys_unlink(AT, a, AT_REMOVEDIR));
        break;
      }
      case 9: {
        snprintf(a, sizeof a, "/s/d%u", check_random(&seed) % NAMES);
        snprintf(b, sizeof b, "/s/d%u/d%u", check_random(&seed) % NAMES,
                 check_random(&seed) % NAMES);
        check_error(check_random(&seed) % 2 ? weft_sys_rename(AT, a, AT, b)
                                            : weft_sys_rename(AT, b, AT, a));
        break;
      }
      case 10: {
        int fd = weft_sys_open(AT, "/s", O_RDONLY | O_DIRECTORY, 0);
        ssize_t got;
        while ((got = weft_sys_getdents(fd, buffer, sizeof buffer)) > 0) {
        }
        EQUAL(got, 0);
        EQUAL(weft_sys_close(fd), 0);
        break;
      }
      default: {
        struct stat st;
        check_error(weft_sys_stat(AT, a, &st, 0));
      }
    }
  }
  return NULL;
}

/* Everything that is still reachable can be removed, and then the tree is empty. */
static void clear(const char *path) {
  for (int again = 1; again;) {
    again = 0;
    char buffer[2048], name[600];
    int fd = weft_sys_open(AT, path, O_RDONLY | O_DIRECTORY, 0);
    ssize_t got = weft_sys_getdents(fd, buffer, sizeof buffer);
    weft_sys_close(fd);
    for (ssize_t at = 0; at < got; at += ((struct dirent *)(buffer + at))->d_reclen) {
      struct dirent *entry = (struct dirent *)(buffer + at);
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
        continue;
      }
      snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
      if (entry->d_type == DT_DIR) {
        clear(name);
        EQUAL(weft_sys_unlink(AT, name, AT_REMOVEDIR), 0);
      } else {
        EQUAL(weft_sys_unlink(AT, name, 0), 0);
      }
      again = 1;
    }
  }
}

static void names(void) {
  pthread_t threads[THREADS];
  EQUAL(weft_sys_mkdirs("/s"), 0);
  check_spawn(threads, THREADS, worker);
  check_join(threads, THREADS);
  clear("/s");
  struct stat st;
  EQUAL(weft_sys_stat(AT, "/s", &st, 0), 0);
  EQUAL(st.st_nlink, 2);
  EQUAL(weft_sys_unlink(AT, "/s", AT_REMOVEDIR), 0);
}

/* Only one of many threads creates, and a rename is never half seen. */
static _Atomic int winners, stop;

static void *exclusive(void *argument) {
  char name[32];
  for (int i = 0; i < 500; i++) {
    snprintf(name, sizeof name, "/excl%d", i);
    int fd = weft_sys_open(AT, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    CHECK(fd >= 0 || fd == -EEXIST);
    if (fd >= 0) {
      winners++;
      weft_sys_close(fd);
    }
  }
  (void)argument;
  return NULL;
}

static void creation(void) {
  pthread_t threads[THREADS];
  check_spawn(threads, THREADS, exclusive);
  check_join(threads, THREADS);
  EQUAL(winners, 500);
}

static void *replacing(void *argument) {
  (void)argument;
  char next[] = "v0";
  for (int i = 0; i < 1500; i++) {
    next[1] = (char)('0' + i % 10);
    EQUAL(weft_sys_write_file("/atomic.new", next, 2, 0644), 0);
    EQUAL(weft_sys_rename(AT, "/atomic.new", AT, "/atomic"), 0);
  }
  stop = 1;
  return NULL;
}

static void *observing(void *argument) {
  (void)argument;
  char text[4];
  while (!stop) {
    int fd = weft_sys_open(AT, "/atomic", O_RDONLY, 0);
    CHECK(fd >= 0);
    EQUAL(weft_sys_read(fd, text, 4), 2);
    weft_sys_close(fd);
  }
  return NULL;
}

static void replacement(void) {
  pthread_t threads[4];
  EQUAL(weft_sys_write_file("/atomic", "v0", 2, 0644), 0);
  pthread_create(&threads[0], NULL, replacing, NULL);
  for (int i = 1; i < 4; i++) {
    pthread_create(&threads[i], NULL, observing, NULL);
  }
  check_join(threads, 4);
}

static void *appender(void *argument) {
  char line[16];
  int fd = weft_sys_open(AT, "/log", O_WRONLY | O_APPEND, 0);
  for (int i = 0; i < 1000; i++) {
    snprintf(line, sizeof line, "%d:%06d;\n", (int)(intptr_t)argument, i);
    EQUAL(weft_sys_write(fd, line, 10), 10);
  }
  weft_sys_close(fd);
  return NULL;
}

static void appending(void) {
  static char all[50000];
  pthread_t threads[THREADS];
  EQUAL(weft_sys_write_file("/log", "", 0, 0644), 0);
  check_spawn(threads, THREADS, appender);
  check_join(threads, THREADS);
  int fd = weft_sys_open(AT, "/log", O_RDONLY, 0), next[THREADS] = {0};
  EQUAL(weft_sys_read(fd, all, sizeof all), 40000);
  for (int at = 0; at < 40000; at += 10) {
    int thread, number;
    CHECK(sscanf(all + at, "%d:%d;", &thread, &number) == 2 && all[at + 9] == '\n');
    EQUAL(number, next[thread]++);
  }
  weft_sys_close(fd);
}

CHECK_MAIN("storm", {"names", names}, {"creation", creation}, {"replacement", replacement},
           {"appending", appending})
