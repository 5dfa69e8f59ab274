/* The system-call layer as the C library of the wasm module sees it: plain libc calls,
 * from several threads at once. Linked and run by scripts/test-sys-wasm.sh. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <emscripten.h>

#include "weft_sys.h"

static int failures;
#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
      failures++;                                                            \
    }                                                                        \
  } while (0)

static void files(const char *folder) {
  char path[256], other[256], text[64];
  struct stat st;
  CHECK(mkdir(folder, 0777) == 0);
  CHECK(stat(folder, &st) == 0 && S_ISDIR(st.st_mode));
  snprintf(path, sizeof path, "%s/file", folder);
  snprintf(other, sizeof other, "%s/other", folder);
  FILE *f = fopen(path, "w+");
  CHECK(f != NULL);
  if (!f) {
    return;
  }
  CHECK(fprintf(f, "hello %d\n", 42) == 9);
  rewind(f);
  CHECK(fgets(text, sizeof text, f) && strcmp(text, "hello 42\n") == 0);
  CHECK(fseek(f, 0, SEEK_END) == 0 && ftell(f) == 9);
  CHECK(fclose(f) == 0);
  CHECK(stat(path, &st) == 0 && st.st_size == 9 && S_ISREG(st.st_mode));
  CHECK(rename(path, other) == 0);
  CHECK(access(path, F_OK) == -1 && errno == ENOENT);
  CHECK(symlink("other", path) == 0);
  CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 5);
  CHECK(readlink(path, text, sizeof text) == 5 && memcmp(text, "other", 5) == 0);
  struct timespec times[2] = {{1000, 0}, {2000000000, 0}};
  CHECK(utimensat(AT_FDCWD, other, times, 0) == 0);
  CHECK(stat(path, &st) == 0 && st.st_mtim.tv_sec == 2000000000 && st.st_atim.tv_sec == 1000);
  DIR *d = opendir(folder);
  CHECK(d != NULL);
  int seen = 0;
  for (struct dirent *e; d && (e = readdir(d));) {
    seen += strcmp(e->d_name, "file") == 0 && e->d_type == DT_LNK ? 1 : 0;
    seen += strcmp(e->d_name, "other") == 0 && e->d_type == DT_REG ? 16 : 0;
    seen += strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ? 256 : 0;
  }
  CHECK(seen == 1 + 16 + 512);
  CHECK(d && closedir(d) == 0);
  int fd = open(other, O_RDWR | O_APPEND | O_CLOEXEC);
  CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_APPEND));
  CHECK(write(fd, "more", 4) == 4 && lseek(fd, 0, SEEK_CUR) == 13);
  CHECK(pread(fd, text, 5, 0) == 5 && memcmp(text, "hello", 5) == 0);
  CHECK(ftruncate(fd, 100000) == 0 && fstat(fd, &st) == 0 && st.st_size == 100000);
  CHECK(flock(fd, LOCK_EX) == 0);
  CHECK(close(fd) == 0 && (fd = open(other, O_RDWR)) >= 0);
  char *map = mmap(NULL, 100000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(map != MAP_FAILED && memcmp(map, "hello", 5) == 0 && map[99999] == 0);
  if (map != MAP_FAILED) {
    map[0] = 'J';
    CHECK(msync(map, 100000, MS_SYNC) == 0);
    CHECK(pread(fd, text, 5, 0) == 5 && memcmp(text, "Jello", 5) == 0);
    CHECK(munmap(map, 100000) == 0);
  }
  CHECK(fsync(fd) == 0);
  CHECK(close(fd) == 0);
  struct statvfs vfs;
  CHECK(statvfs(folder, &vfs) == 0 && vfs.f_namemax == 255 && vfs.f_bavail > 0);
  CHECK(rmdir(folder) == -1 && errno == ENOTEMPTY);
  CHECK(link(other, folder) == -1 && errno == EEXIST);
  snprintf(text, sizeof text, "%s/hard", folder);
  CHECK(link(other, text) == 0 && stat(other, &st) == 0 && st.st_nlink == 2);
  CHECK(unlink(text) == 0 && unlink(path) == 0 && unlink(other) == 0 && rmdir(folder) == 0);
}

static void *echo(void *argument) {
  int fd = *(int *)argument;
  char buffer[256];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) > 0) {
    CHECK(write(fd, buffer, (size_t)got) == got);
  }
  CHECK(got == 0);
  close(fd);
  return NULL;
}

static void streams(void) {
  int fds[2];
  pthread_t thread;
  char buffer[64];
  CHECK(pipe(fds) == 0);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fds[0], &set);
  struct timeval timeout = {0, 20000};
  CHECK(select(fds[0] + 1, &set, NULL, NULL, &timeout) == 0 && !FD_ISSET(fds[0], &set));
  CHECK(write(fds[1], "x", 1) == 1);
  FD_SET(fds[0], &set);
  timeout = (struct timeval){10, 0};
  CHECK(select(fds[0] + 1, &set, NULL, NULL, &timeout) == 1 && FD_ISSET(fds[0], &set));
  close(fds[0]);
  close(fds[1]);
#ifndef NO_SOCKETS
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  CHECK(pthread_create(&thread, NULL, echo, &fds[1]) == 0);
  for (int i = 0; i < 200; i++) {
    snprintf(buffer, sizeof buffer, "message %d", i);
    size_t length = strlen(buffer);
    char reply[64];
    CHECK(write(fds[0], buffer, length) == (ssize_t)length);
    CHECK(recv(fds[0], reply, length, MSG_WAITALL) == (ssize_t)length);
    CHECK(memcmp(buffer, reply, length) == 0);
  }
  close(fds[0]);
  pthread_join(thread, NULL);
#else
  (void)echo;
  (void)thread;
  (void)buffer;
#endif
}

static void *worker(void *argument) {
  char folder[64];
  for (int round = 0; round < 10; round++) {
    snprintf(folder, sizeof folder, "%s/t%d", getenv("WEFT_FOLDER") ? getenv("WEFT_FOLDER") : "/tmp",
             (int)(intptr_t)argument);
    files(folder);
    streams();
  }
  return NULL;
}

static void archive(void) {
  char text[64] = "";
  struct stat st;
  CHECK(stat("/usr/lib/archive/package/module.txt", &st) == 0 && st.st_size == 12);
  FILE *f = fopen("/usr/lib/archive/package/module.txt", "r");
  CHECK(f && fgets(text, sizeof text, f) && strcmp(text, "hello world\n") == 0);
  if (f) {
    fclose(f);
  }
  CHECK(open("/usr/lib/archive/new", O_CREAT | O_WRONLY, 0666) == -1 && errno == EROFS);
}

static void *program(void *argument) {
  (void)argument;
  char line[64];
  CHECK(isatty(0) == 0 && errno == ENOTTY);
  CHECK(fgets(line, sizeof line, stdin) && strcmp(line, "from the host\n") == 0);
  CHECK(fgets(line, sizeof line, stdin) == NULL && feof(stdin));
  archive();
  files("/tmp/alone");
  files("/host/alone");
  CHECK(getuid() == 1000 && getcwd(line, sizeof line) && strcmp(line, "/") == 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, worker, (void *)(intptr_t)i);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
  }
  setenv("WEFT_FOLDER", "/host", 1);
  for (int i = 0; i < 4; i++) {
    pthread_create(&threads[i], NULL, worker, (void *)(intptr_t)i);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
  }
  printf("wasm smoke: %s\n", failures ? "failed" : "passed");
  fflush(stdout);
  emscripten_force_exit(failures != 0);
}

/* Called by the host after it has set up mounts and streams. */
WEFT_EXPORT void weft_smoke_start(void) {
  static pthread_t thread;
  pthread_create(&thread, NULL, program, NULL);
}

int main(void) { return 0; }
