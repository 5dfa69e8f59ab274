#include <zlib.h>

#include "check.h"

/* A writer of small archives. */
static uint8_t image[65536];
static size_t length, members;
static uint8_t central[32768];
static size_t central_length;

static void put(uint8_t *at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) {
    at[i] = (uint8_t)(value >> (8 * i));
  }
}

static void add(const char *name, const char *text, bool deflated) {
  size_t size = strlen(text), name_length = strlen(name), stored = size;
  uint8_t data[8192];
  memcpy(data, text, size);
  if (deflated) {
    z_stream stream = {.next_in = (Bytef *)text, .avail_in = (uInt)size, .next_out = data,
                       .avail_out = sizeof data};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    deflate(&stream, Z_FINISH);
    stored = stream.total_out;
    deflateEnd(&stream);
  }
  uint32_t crc = (uint32_t)crc32(0, (const Bytef *)text, (uInt)size);
  uint8_t *local = image + length, *entry = central + central_length;
  memset(local, 0, 30);
  put(local, 0x04034b50, 4);
  put(local + 26, (uint32_t)name_length, 2);
  memcpy(local + 30, name, name_length);
  memcpy(local + 30 + name_length, data, stored);
  memset(entry, 0, 46);
  put(entry, 0x02014b50, 4);
  put(entry + 10, deflated ? 8 : 0, 2);
  put(entry + 12, 0x6000, 2);                     /* 12:00:00 */
  put(entry + 14, (40 << 9) | (2 << 5) | 29, 2);  /* 29 February 2020 */
  put(entry + 16, crc, 4);
  put(entry + 20, (uint32_t)stored, 4);
  put(entry + 24, (uint32_t)size, 4);
  put(entry + 28, (uint32_t)name_length, 2);
  put(entry + 42, (uint32_t)length, 4);
  memcpy(entry + 46, name, name_length);
  length += 30 + name_length + stored;
  central_length += 46 + name_length;
  members++;
}

static void finish(void) {
  uint8_t *end = image + length + central_length;
  memcpy(image + length, central, central_length);
  memset(end, 0, 22);
  put(end, 0x06054b50, 4);
  put(end + 8, (uint32_t)members, 2);
  put(end + 10, (uint32_t)members, 2);
  put(end + 12, (uint32_t)central_length, 4);
  put(end + 16, (uint32_t)length, 4);
  length += central_length + 22;
}

static char long_text[5000];

static void build(void) {
  length = members = central_length = 0;
  for (size_t i = 0; i < sizeof long_text - 1; i++) {
    long_text[i] = (char)('a' + i % 7);
  }
  add("top.txt", "top\n", false);
  add("pkg/", "", false);
  add("pkg/mod.py", long_text, true);
  add("deep/er/file", "deep", true);
  add("empty", "", true);
  finish();
}

static void reading(void) {
  build();
  EQUAL(weft_archive_mount("/zip", image, length), 0);
  EQUAL(weft_archive_mount("/zip", image, length), -EBUSY);
  struct stat st;
  char text[8192];
  EQUAL(weft_sys_stat(AT, "/zip/pkg/mod.py", &st, 0), 0);
  EQUAL(st.st_size, 4999);
  EQUAL(st.st_mtim.tv_sec, 1582977600);
  EQUAL(st.st_mode, S_IFREG | 0444);
  EQUAL(weft_sys_stat(AT, "/zip/deep/er", &st, 0), 0);
  CHECK(S_ISDIR(st.st_mode));
  EQUAL(weft_sys_stat(AT, "/zip/pkg/../../zip/top.txt", &st, 0), 0);
  EQUAL(weft_sys_stat(AT, "/zip/pkg/none", &st, 0), -ENOENT);
  EQUAL(weft_sys_stat(AT, "/zip/top.txt/x", &st, 0), -ENOTDIR);
  int fd = weft_sys_open(AT, "/zip/pkg/mod.py", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, sizeof text), 4999);
  CHECK(memcmp(text, long_text, 4999) == 0);
  EQUAL(weft_sys_read(fd, text, 1), 0);
  EQUAL(weft_sys_lseek(fd, -1, SEEK_END), 4998);
  EQUAL(weft_sys_write(fd, "x", 1), -EBADF);
  EQUAL(weft_sys_close(fd), 0);
  fd = weft_sys_open(AT, "/zip/empty", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, 1), 0);
  weft_sys_close(fd);
  EQUAL(weft_sys_open(AT, "/zip/top.txt", O_RDWR, 0), -EROFS);
  EQUAL(weft_sys_open(AT, "/zip/new", O_WRONLY | O_CREAT, 0644), -EROFS);
  EQUAL(weft_sys_mkdir(AT, "/zip/new", 0777), -EROFS);
  EQUAL(weft_sys_mkdir(AT, "/zip/pkg", 0777), -EEXIST);
  EQUAL(weft_sys_unlink(AT, "/zip/top.txt", 0), -EROFS);
  EQUAL(weft_sys_rename(AT, "/zip/top.txt", AT, "/zip/x"), -EROFS);
  EQUAL(weft_sys_rename(AT, "/zip/top.txt", AT, "/x"), -EXDEV);
  EQUAL(weft_sys_chmod(AT, "/zip/top.txt", 0777, 0), -EROFS);
  EQUAL(weft_sys_utimens(AT, "/zip/top.txt", NULL, 0), -EROFS);
  EQUAL(weft_sys_truncate("/zip/top.txt", 0), -EROFS);
  EQUAL(weft_sys_access(AT, "/zip/top.txt", W_OK, 0), -EROFS);
  fd = weft_sys_open(AT, "/zip", O_RDONLY | O_DIRECTORY, 0);
  int names = 0;
  char small[64];
  ssize_t got;
  while ((got = weft_sys_getdents(fd, small, sizeof small)) > 0) {
    for (ssize_t at = 0; at < got; at += ((struct dirent *)(small + at))->d_reclen) {
      names++;
    }
  }
  EQUAL(got, 0);
  EQUAL(names, 6);
  weft_sys_close(fd);
  EQUAL(weft_sys_chdir("/zip/deep/er"), 0);
  EQUAL(weft_sys_getcwd(text, sizeof text), 13);
  CHECK(strcmp(text, "/zip/deep/er") == 0);
  weft_sys_chdir("/");
}

static void *reader(void *argument) {
  (void)argument;
  static _Thread_local char text[8192];
  for (int i = 0; i < 300; i++) {
    int fd = weft_sys_open(AT, "/zip/pkg/mod.py", O_RDONLY, 0);
    EQUAL(weft_sys_read(fd, text, sizeof text), 4999);
    CHECK(memcmp(text, long_text, 4999) == 0);
    EQUAL(weft_sys_close(fd), 0);
  }
  return NULL;
}

static void threads(void) {
  pthread_t all[4];
  check_spawn(all, 4, reader);
  check_join(all, 4);
}

/* Whatever is broken, mounting or reading fails without touching foreign memory. The
 * copy has exactly the image's size, for AddressSanitizer. */
static int number;

static void attempt(const uint8_t *bytes, size_t size) {
  char path[64], text[8192];
  uint8_t *copy = malloc(size ? size : 1);
  memcpy(copy, bytes, size);
  snprintf(path, sizeof path, "/broken/%d", number++);
  if (weft_archive_mount(path, copy, size) != 0) {
    free(copy);
    return;
  }
  static const char *const files[] = {"top.txt", "pkg/mod.py", "deep/er/file", "empty"};
  for (int i = 0; i < 4; i++) {
    char file[128];
    snprintf(file, sizeof file, "%s/%s", path, files[i]);
    int fd = weft_sys_open(AT, file, O_RDONLY, 0);
    if (fd >= 0) {
      weft_sys_read(fd, text, sizeof text);
      weft_sys_close(fd);
    }
  }
  /* Mounts stay, and so does the copy, which the mount points to. */
}

#ifdef __SANITIZE_THREAD__
/* It looks for races, and one thread has none: some of the damaged archives do. AddressSanitizer sees them all. */
enum { STEP = 16 };
#else
enum { STEP = 1 };
#endif

static void broken(void) {
  build();
  uint8_t bytes[8192];
  size_t size = length;
  for (size_t cut = 0; cut < size; cut += STEP) {
    attempt(image, cut);
  }
  static const uint8_t values[] = {0, 1, 0x7f, 0xff};
  for (size_t at = 0; at < size; at += STEP) {
    for (size_t k = 0; k < sizeof values; k++) {
      memcpy(bytes, image, size);
      bytes[at] = values[k];
      attempt(bytes, size);
    }
  }
  EQUAL(weft_archive_mount("/escape", image, 0), -EINVAL);
  static const char *const names[] = {"../x", "/abs", "a//b", "a/./b", "a/..", "."};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    length = members = central_length = 0;
    add(names[i], "x", false);
    finish();
    EQUAL(weft_archive_mount("/escape", image, length), -EINVAL);
  }
  length = members = central_length = 0;
  add("a", "x", false);
  add("a/b", "x", false);
  finish();
  EQUAL(weft_archive_mount("/escape", image, length), -EINVAL);
}

/* ---- parts ------------------------------------------------------------------------ */

static uint8_t part[65536];
static size_t part_length;
static _Atomic int loads, failures_left;

static int load_part(const char *name, uint8_t *buffer, size_t size, const uint8_t sha256[32]) {
  loads++;
  CHECK(strcmp(name, "rest.zip") == 0);
  EQUAL(size, part_length);
  EQUAL(sha256[0], 0xab);
  EQUAL(sha256[31], 0xcd);
  if (failures_left > 0) {
    failures_left--;
    return -ECONNREFUSED;
  }
  memcpy(buffer, part, size);
  return 0;
}

/* Any length is given what there is of it. */
static int load_any(const char *name, uint8_t *buffer, size_t size, const uint8_t sha256[32]) {
  (void)name;
  (void)sha256;
  memset(buffer, 0x55, size);
  memcpy(buffer, part, size < part_length ? size : part_length);
  return 0;
}

/* A part with two members, and what an image says of it. */
static size_t describe(uint8_t *out) {
  length = members = central_length = 0;
  add("pkg/late.py", long_text, true);
  add("pkg/stored", "late", false);
  size_t data = length;
  finish();
  memcpy(part, image, length);
  part_length = length;
  put(out, 0x31545057, 4);
  put(out + 4, (uint32_t)part_length, 4);
  put(out + 8, (uint32_t)data, 4);
  memset(out + 12, 0, 32);
  out[12] = 0xab;
  out[43] = 0xcd;
  put(out + 44, 8, 4);
  put(out + 48, (uint32_t)central_length, 4);
  put(out + 52, 2, 4);
  memcpy(out + 56, "rest.zip", 8);
  memcpy(out + 64, central, central_length);
  return 64 + central_length;
}

static void build_with_parts(const uint8_t *described, size_t size) {
  char blank[2048];
  length = members = central_length = 0;
  add("pkg/early", "early", false);
  size_t data = length + 30 + strlen(".parts");
  /* A text first: the description has zeros. */
  memset(blank, 'x', size);
  blank[size] = 0;
  add(".parts", blank, false);
  memcpy(image + data, described, size);
  finish();
}

static void *late_reader(void *argument) {
  (void)argument;
  static _Thread_local char text[8192];
  int fd = weft_sys_open(AT, "/parts/pkg/late.py", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, sizeof text), 4999);
  CHECK(memcmp(text, long_text, 4999) == 0);
  EQUAL(weft_sys_close(fd), 0);
  fd = weft_sys_open(AT, "/parts/pkg/stored", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, sizeof text), 4);
  EQUAL(weft_sys_close(fd), 0);
  return NULL;
}

static void parts(void) {
  static uint8_t mounted[65536];
  uint8_t described[2048];
  size_t size = describe(described);
  build_with_parts(described, size);
  memcpy(mounted, image, length);
  EQUAL(weft_archive_mount_parts("/parts", mounted, length, load_part), 0);
  struct stat st;
  char text[64];
  /* All is seen from the beginning, and nothing is loaded for that or for the image's own members. */
  EQUAL(weft_sys_stat(AT, "/parts/pkg/late.py", &st, 0), 0);
  EQUAL(st.st_size, 4999);
  EQUAL(weft_sys_stat(AT, "/parts/.parts", &st, 0), -ENOENT);
  int fd = weft_sys_open(AT, "/parts/pkg/early", O_RDONLY, 0);
  EQUAL(weft_sys_read(fd, text, sizeof text), 5);
  weft_sys_close(fd);
  EQUAL(loads, 0);
  /* A failure is told and not remembered. */
  failures_left = 2;
  EQUAL(weft_sys_open(AT, "/parts/pkg/late.py", O_RDONLY, 0), -ECONNREFUSED);
  EQUAL(weft_sys_open(AT, "/parts/pkg/stored", O_RDONLY, 0), -ECONNREFUSED);
  EQUAL(loads, 2);
  pthread_t all[8];
  check_spawn(all, 8, late_reader);
  check_join(all, 8);
  EQUAL(loads, 3);
}

/* Whatever is wrong in the description or in the part, no foreign memory is touched. */
static void broken_parts(void) {
  static uint8_t right[2048], described[2048], whole[65536];
  size_t size = describe(right);
  memcpy(whole, part, part_length);
  static const uint8_t values[] = {0, 1, 0x7f, 0xff};
  for (size_t at = 0; at < size + part_length; at += STEP) {
    for (size_t k = 0; k < sizeof values; k++) {
      memcpy(described, right, size);
      memcpy(part, whole, part_length);
      if (at == 7) {
        continue; /* gigabytes of length */
      }
      *(at < size ? &described[at] : &part[at - size]) = values[k];
      build_with_parts(described, size);
      uint8_t *copy = malloc(length);
      char path[64], file[128], text[8192];
      memcpy(copy, image, length);
      snprintf(path, sizeof path, "/broken/parts-%d", number++);
      if (weft_archive_mount_parts(path, copy, length, load_any) != 0) {
        free(copy);
        continue;
      }
      for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s/pkg/%s", path, i ? "stored" : "late.py");
        int fd = weft_sys_open(AT, file, O_RDONLY, 0);
        if (fd >= 0) {
          weft_sys_read(fd, text, sizeof text);
          weft_sys_close(fd);
        }
      }
    }
  }
  memcpy(part, whole, part_length);
}

CHECK_MAIN("archive", {"reading", reading}, {"threads", threads}, {"broken", broken}, {"parts", parts}, {"broken parts", broken_parts})
