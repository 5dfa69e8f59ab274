/* Advisory locks. fcntl() record locks are owned by the process: two threads never
 * conflict, so there is nothing to record. flock() locks are owned by open file
 * descriptions and do conflict inside one process. */
#include <sys/file.h>

#include "sys.h"

typedef struct held {
  struct held *next;
  weft_file *owner; /* not a reference: forgotten before the description dies */
  uint64_t device, inode;
  bool exclusive;
} held;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all of this */
static weft_waitq queue = {&lock, NULL};
static held *locks;

int weft_lock_fcntl(weft_file *file, int command, struct flock *request) {
  if (request->l_type != F_RDLCK && request->l_type != F_WRLCK && request->l_type != F_UNLCK) {
    return -EINVAL;
  }
  if (request->l_whence != SEEK_SET && request->l_whence != SEEK_CUR &&
      request->l_whence != SEEK_END) {
    return -EINVAL;
  }
  if (command == F_GETLK) {
    request->l_type = F_UNLCK;
  } else if ((request->l_type == F_RDLCK && !weft_file_readable(file)) ||
             (request->l_type == F_WRLCK && !weft_file_writable(file))) {
    return -EBADF;
  }
  return 0;
}

static held **find(weft_file *owner) {
  held **at = &locks;
  while (*at && (*at)->owner != owner) {
    at = &(*at)->next;
  }
  return at;
}

static void release(weft_file *owner) {
  held **at = find(owner);
  held *gone = *at;
  if (gone) {
    *at = gone->next;
    free(gone);
    owner->locked = false;
    weft_waitq_wake(&queue, ~0u);
  }
}

static bool conflicts(const held *mine) {
  for (const held *other = locks; other; other = other->next) {
    if (other->device == mine->device && other->inode == mine->inode &&
        other->owner != mine->owner && (other->exclusive || mine->exclusive)) {
      return true;
    }
  }
  return false;
}

static int acquire(weft_file *file, bool exclusive, bool wait) {
  struct stat st;
  int error = weft_file_stat(file, &st);
  if (error) {
    return error;
  }
  held *mine = malloc(sizeof *mine);
  if (!mine) {
    return -ENOLCK;
  }
  *mine = (held){.owner = file, .device = st.st_dev, .inode = st.st_ino, .exclusive = exclusive};
  pthread_mutex_lock(&lock);
  /* A conversion gives up the old lock first, as on Linux. */
  release(file);
  while (error == 0 && conflicts(mine)) {
    error = wait ? weft_waitq_wait(&queue, 1, WEFT_WAIT_LOCK, (uintptr_t)file, -1) : -EAGAIN;
  }
  if (error == 0) {
    /* Another thread may have locked through the same description meanwhile. */
    release(file);
    mine->next = locks;
    locks = mine;
    file->locked = true;
  }
  pthread_mutex_unlock(&lock);
  if (error) {
    free(mine);
  }
  return error;
}

int weft_sys_flock(int fd, int operation) {
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  int error;
  switch (operation & ~LOCK_NB) {
    case LOCK_SH:
    case LOCK_EX:
      error = acquire(file, (operation & LOCK_EX) != 0, !(operation & LOCK_NB));
      break;
    case LOCK_UN:
      pthread_mutex_lock(&lock);
      release(file);
      pthread_mutex_unlock(&lock);
      error = 0;
      break;
    default:
      error = -EINVAL;
  }
  weft_file_unref(file);
  return error;
}

void weft_lock_forget(weft_file *file) {
  if (file->locked) {
    pthread_mutex_lock(&lock);
    release(file);
    pthread_mutex_unlock(&lock);
  }
}
