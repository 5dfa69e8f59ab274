/* Mappings of files: copies, remembered so that shared ones can be written back. */
#include <sys/mman.h>

#include "sys.h"

typedef struct mapping {
  struct mapping *next;
  void *address;
  size_t length;
  weft_file *file; /* of a shared writable mapping; NULL: nothing to write back */
  int64_t offset;
} mapping;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static mapping *mappings;

#define PAGE 65536u /* wasm's; callers may rely on alignment */

static int check(weft_file *file, int protection, int flags, int64_t offset) {
  int type = flags & MAP_TYPE;
  if ((type != MAP_PRIVATE && type != MAP_SHARED) || offset < 0) {
    return -EINVAL;
  }
  if (!file->ops->size || !file->ops->read || file->ops->entry) {
    return -ENODEV;
  }
  if (!weft_file_readable(file) ||
      (type == MAP_SHARED && (protection & PROT_WRITE) && !weft_file_writable(file))) {
    return -EACCES;
  }
  return 0;
}

static int fill(weft_file *file, char *to, size_t length, int64_t offset) {
  size_t done = 0;
  while (done < length) {
    struct iovec iov = {to + done, length - done < INT_MAX ? length - done : INT_MAX};
    int64_t at = offset + (int64_t)done;
    ssize_t part = file->ops->read(file, &iov, 1, &at);
    if (part < 0) {
      return (int)part;
    }
    if (part == 0) {
      break;
    }
    done += (size_t)part;
  }
  memset(to + done, 0, length - done);
  return 0;
}

int weft_sys_map_file(size_t length, int protection, int flags, int fd, int64_t offset,
                      void **address) {
  if (length == 0) {
    return -EINVAL;
  }
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  int error = check(file, protection, flags, offset);
  mapping *map = NULL;
  void *memory = NULL;
  if (error == 0) {
    map = malloc(sizeof *map);
    if (!map || posix_memalign(&memory, PAGE, length) != 0) {
      error = -ENOMEM;
    } else {
      error = fill(file, memory, length, offset);
    }
  }
  if (error) {
    free(map);
    free(memory);
    weft_file_unref(file);
    return error;
  }
  bool writes_back = (flags & MAP_TYPE) == MAP_SHARED && (protection & PROT_WRITE);
  *map = (mapping){.address = memory, .length = length, .offset = offset};
  map->file = writes_back ? file : NULL;
  if (!writes_back) {
    weft_file_unref(file);
  }
  pthread_mutex_lock(&lock);
  map->next = mappings;
  mappings = map;
  pthread_mutex_unlock(&lock);
  *address = memory;
  return 0;
}

/* Never makes the file longer: stores behind its end are lost, as in a real mapping. */
static int write_back(weft_file *file, const char *from, size_t length, int64_t offset) {
  int64_t size = file->ops->size(file);
  if (size < 0) {
    return (int)size;
  }
  if (offset >= size) {
    return 0;
  }
  if ((int64_t)length > size - offset) {
    length = (size_t)(size - offset);
  }
  for (size_t done = 0; done < length;) {
    struct iovec iov = {(char *)from + done, length - done < INT_MAX ? length - done : INT_MAX};
    int64_t at = offset + (int64_t)done;
    ssize_t part = file->ops->write(file, &iov, 1, &at, false);
    if (part <= 0) {
      return part < 0 ? (int)part : -EIO;
    }
    done += (size_t)part;
  }
  return 0;
}

int weft_sys_sync_file(void *address, size_t length) {
  pthread_mutex_lock(&lock);
  mapping *map = mappings;
  while (map && !((char *)address >= (char *)map->address &&
                  (char *)address < (char *)map->address + map->length)) {
    map = map->next;
  }
  weft_file *file = map && map->file ? weft_file_ref(map->file) : NULL;
  size_t within = map ? (size_t)((char *)address - (char *)map->address) : 0;
  int64_t offset = map ? map->offset + (int64_t)within : 0;
  if (map && length > map->length - within) {
    length = map->length - within;
  }
  pthread_mutex_unlock(&lock);
  if (!map) {
    return -ENOMEM;
  }
  int error = 0;
  if (file) {
    error = write_back(file, address, length, offset);
    weft_file_unref(file);
  }
  return error;
}

int weft_sys_unmap_file(void *address) {
  pthread_mutex_lock(&lock);
  mapping **at = &mappings;
  while (*at && (*at)->address != address) {
    at = &(*at)->next;
  }
  mapping *map = *at;
  if (map) {
    *at = map->next;
  }
  pthread_mutex_unlock(&lock);
  if (!map) {
    return 0;
  }
  int error = 0;
  if (map->file) {
    error = write_back(map->file, map->address, map->length, map->offset);
    weft_file_unref(map->file);
  }
  free(map->address);
  free(map);
  return error;
}
