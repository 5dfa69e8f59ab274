/* The table of descriptors. Its lock is a leaf: a description is taken out or put in
 * under it, and anything that may run a file's code (the last unref) happens after. */
#include "sys.h"

#define FD_LIMIT 4096

static struct {
  weft_file *file;
  bool close_on_exec;
} table[FD_LIMIT];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t limit = FD_LIMIT;
static int lowest_free; /* no descriptor below it is free */

uint32_t weft_fd_limit(void) {
  pthread_mutex_lock(&lock);
  uint32_t value = limit;
  pthread_mutex_unlock(&lock);
  return value;
}

void weft_fd_set_limit(uint32_t value) {
  pthread_mutex_lock(&lock);
  limit = value < FD_LIMIT ? value : FD_LIMIT;
  pthread_mutex_unlock(&lock);
}

weft_file *weft_fd_get(int fd) {
  if (fd < 0 || fd >= FD_LIMIT) {
    return NULL;
  }
  pthread_mutex_lock(&lock);
  weft_file *file = table[fd].file;
  if (file) {
    weft_file_ref(file);
  }
  pthread_mutex_unlock(&lock);
  return file;
}

int weft_fd_next(int fd) {
  int found = -1;
  pthread_mutex_lock(&lock);
  for (int i = fd < 0 ? 0 : fd; i < FD_LIMIT; i++) {
    if (table[i].file) {
      found = i;
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  return found;
}

static int claim(weft_file *file, int lowest, bool close_on_exec) {
  for (int fd = lowest > lowest_free ? lowest : lowest_free; fd < (int)limit; fd++) {
    if (!table[fd].file) {
      table[fd].file = file;
      table[fd].close_on_exec = close_on_exec;
      if (lowest <= lowest_free) {
        lowest_free = fd + 1;
      }
      return fd;
    }
  }
  return -EMFILE;
}

static weft_file *vacate(int fd) {
  weft_file *file = table[fd].file;
  table[fd].file = NULL;
  if (fd < lowest_free) {
    lowest_free = fd;
  }
  return file;
}

int weft_fd_install(weft_file *file, int lowest, bool close_on_exec) {
  pthread_mutex_lock(&lock);
  int fd = claim(file, lowest, close_on_exec);
  pthread_mutex_unlock(&lock);
  if (fd < 0) {
    weft_file_unref(file);
  }
  return fd;
}

int weft_fd_install_pair(weft_file *first, weft_file *second, bool close_on_exec, int fds[2]) {
  pthread_mutex_lock(&lock);
  int a = claim(first, 0, close_on_exec);
  int b = a < 0 ? a : claim(second, 0, close_on_exec);
  if (a >= 0 && b < 0) {
    vacate(a);
  }
  pthread_mutex_unlock(&lock);
  if (b < 0) {
    weft_file_unref(first);
    weft_file_unref(second);
    return b;
  }
  fds[0] = a;
  fds[1] = b;
  return 0;
}

int weft_sys_close(int fd) {
  weft_file *file = NULL;
  if (fd >= 0 && fd < FD_LIMIT) {
    pthread_mutex_lock(&lock);
    file = vacate(fd);
    pthread_mutex_unlock(&lock);
  }
  if (!file) {
    return -EBADF;
  }
  weft_file_unref(file);
  return 0;
}

static int duplicate(int fd, int lowest, bool close_on_exec) {
  weft_file *file = weft_fd_get(fd);
  return file ? weft_fd_install(file, lowest, close_on_exec) : -EBADF;
}

int weft_sys_dup(int fd) { return duplicate(fd, 0, false); }

int weft_sys_dup3(int fd, int new_fd, int flags) {
  if ((flags & ~O_CLOEXEC) || fd == new_fd) {
    return -EINVAL;
  }
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  weft_file *old = NULL;
  pthread_mutex_lock(&lock);
  bool valid = new_fd >= 0 && new_fd < (int)limit;
  if (valid) {
    /* The replacement is one step: no thread can see the descriptor free. */
    old = table[new_fd].file;
    table[new_fd].file = file;
    table[new_fd].close_on_exec = (flags & O_CLOEXEC) != 0;
  }
  pthread_mutex_unlock(&lock);
  if (!valid) {
    weft_file_unref(file);
    return -EBADF;
  }
  if (old) {
    weft_file_unref(old);
  }
  return new_fd;
}

int weft_sys_fcntl(int fd, int command, uintptr_t argument) {
  /* Flags that F_SETFL may change; the rest are kept. */
  const int settable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;
  int result = 0;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: {
      int lowest = (int)argument;
      if (lowest < 0 || lowest >= (int)weft_fd_limit()) {
        return -EINVAL;
      }
      return duplicate(fd, lowest, command == F_DUPFD_CLOEXEC);
    }
    case F_GETFD:
    case F_SETFD:
      result = -EBADF;
      if (fd >= 0 && fd < FD_LIMIT) {
        pthread_mutex_lock(&lock);
        if (table[fd].file) {
          if (command == F_SETFD) {
            table[fd].close_on_exec = (argument & FD_CLOEXEC) != 0;
            result = 0;
          } else {
            result = table[fd].close_on_exec ? FD_CLOEXEC : 0;
          }
        }
        pthread_mutex_unlock(&lock);
      }
      return result;
  }
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  switch (command) {
    case F_GETFL:
      result = file->flags;
      break;
    case F_SETFL: {
      int old = file->flags;
      while (!atomic_compare_exchange_weak(
          &file->flags, &old, (old & ~settable) | ((int)argument & settable))) {
      }
      break;
    }
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
      result = weft_lock_fcntl(file, command, (struct flock *)argument);
      break;
    case F_SETOWN:
      break;
    case F_GETPIPE_SZ:
    case F_SETPIPE_SZ: {
      struct stat st;
      result = weft_file_stat(file, &st);
      if (result == 0) {
        result = S_ISFIFO(st.st_mode) ? 65536 : -EBADF;
        if (command == F_SETPIPE_SZ && result > 0 && argument > 65536) {
          result = -EPERM;
        }
      }
      break;
    }
    default:
      result = -EINVAL;
  }
  weft_file_unref(file);
  return result;
}
