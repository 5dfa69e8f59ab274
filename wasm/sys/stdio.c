/* Descriptors 0, 1 and 2, and the terminal behind them.
 *
 * Output goes to the host in the calling realm. Input comes through a ring in shared
 * memory: a reader that finds it empty raises `wanted` and asks the host realm, which
 * pushes from its own thread whenever it has bytes. The stream lock guards the ring
 * and all flags; the host is never called with it held. */
#include <sys/ioctl.h>
#include <termios.h>

#include "sys.h"
#include "weft_host.h"

#define RING_SIZE 65536u

typedef struct stream {
  int kind;
  bool busy; /* one write at a time, so that lines of two threads stay whole */
} stream;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static weft_waitq queue = {&lock, NULL};
static stream streams[3];
static uint8_t ring[RING_SIZE];
static uint32_t head, used;
static bool wanted; /* a reader asked the host since the last push */
static bool eof_once, eof_for_good;
static struct termios terminal;
static struct winsize window = {.ws_row = 24, .ws_col = 80};

/* ---- input ------------------------------------------------------------------------ */

size_t weft_stdin_push(const void *data, size_t length) {
  pthread_mutex_lock(&lock);
  size_t space = RING_SIZE - used;
  if (length > space) {
    length = space;
  }
  uint32_t tail = (head + used) % RING_SIZE;
  size_t first = RING_SIZE - tail < length ? RING_SIZE - tail : length;
  if (length > 0) {
    memcpy(ring + tail, data, first);
    memcpy(ring, (const uint8_t *)data + first, length - first);
    used += (uint32_t)length;
    wanted = false;
    weft_waitq_wake(&queue, POLLIN);
  }
  pthread_mutex_unlock(&lock);
  return length;
}

size_t weft_stdin_space(void) {
  pthread_mutex_lock(&lock);
  size_t space = RING_SIZE - used;
  pthread_mutex_unlock(&lock);
  return space;
}

void weft_stdin_eof(void) {
  pthread_mutex_lock(&lock);
  eof_once = true;
  wanted = false;
  weft_waitq_wake(&queue, POLLIN);
  pthread_mutex_unlock(&lock);
}

void weft_stdin_close(void) {
  pthread_mutex_lock(&lock);
  eof_for_good = true;
  weft_waitq_wake(&queue, POLLIN);
  pthread_mutex_unlock(&lock);
}

/* Under the lock; lets it go for the call. */
static void ask_for_input(void) {
  if (!wanted) {
    wanted = true;
    pthread_mutex_unlock(&lock);
    weft_host_stdin_request();
    pthread_mutex_lock(&lock);
  }
}

static size_t take(const struct iovec *iov, int count, size_t length) {
  weft_iov_cursor cursor = {iov, count, 0};
  if (length > used) {
    length = used;
  }
  size_t first = RING_SIZE - head < length ? RING_SIZE - head : length;
  weft_iov_put(&cursor, ring + head, first);
  weft_iov_put(&cursor, ring, length - first);
  head = (head + (uint32_t)length) % RING_SIZE;
  used -= (uint32_t)length;
  return length;
}

static ssize_t stream_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)offset;
  ssize_t length = weft_iov_length(iov, count);
  if (length <= 0) {
    return length;
  }
  ssize_t result = 0;
  pthread_mutex_lock(&lock);
  for (;;) {
    if (used > 0) {
      result = (ssize_t)take(iov, count, (size_t)length);
      break;
    }
    if (eof_once || eof_for_good) {
      eof_once = false;
      break;
    }
    ask_for_input();
    if (used > 0 || eof_once || eof_for_good) {
      continue;
    }
    result = weft_file_nonblocking(file)
                 ? -EAGAIN
                 : weft_waitq_wait(&queue, POLLIN, WEFT_WAIT_READ, 0, -1);
    if (result) {
      break;
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

/* Standard input from a file of the host. */
static ssize_t file_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    if (iov[i].iov_len == 0) {
      continue;
    }
    int part = weft_host_stdio_read((int)file->handle, iov[i].iov_base, iov[i].iov_len,
                                    (double)(*offset + done));
    if (part < 0) {
      return done ? done : part;
    }
    done += part;
    if ((size_t)part < iov[i].iov_len) {
      break;
    }
  }
  return done;
}

/* ---- output ------------------------------------------------------------------------- */

static ssize_t write_all(int fd, const struct iovec *iov, int count) {
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    for (size_t at = 0; at < iov[i].iov_len;) {
      int part =
          weft_host_stdio_write(fd, (const char *)iov[i].iov_base + at, iov[i].iov_len - at);
      if (part <= 0) {
        return done ? done : part ? part : -EIO;
      }
      at += (size_t)part;
      done += part;
    }
  }
  return done;
}

static ssize_t stream_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                            bool append) {
  (void)append;
  (void)offset;
  int fd = file->handle == 0 ? 1 : (int)file->handle; /* a terminal opened for input */
  stream *out = &streams[fd];
  ssize_t error = 0;
  pthread_mutex_lock(&lock);
  while (out->busy && error == 0) {
    error = weft_waitq_wait(&queue, POLLOUT, WEFT_WAIT_WRITE, (uintptr_t)fd, -1);
  }
  if (error == 0) {
    out->busy = true;
  }
  pthread_mutex_unlock(&lock);
  if (error) {
    return error;
  }
  ssize_t done = write_all(fd, iov, count);
  pthread_mutex_lock(&lock);
  out->busy = false;
  weft_waitq_wake(&queue, POLLOUT);
  pthread_mutex_unlock(&lock);
  return done;
}

/* ---- the terminal ---------------------------------------------------------------------- */

static int set_terminal(const struct termios *wanted_state) {
  pthread_mutex_lock(&lock);
  bool change = ((terminal.c_lflag ^ wanted_state->c_lflag) & (ICANON | ECHO | ISIG)) != 0;
  terminal = *wanted_state;
  pthread_mutex_unlock(&lock);
  if (!change) {
    return 0;
  }
  int mode = (wanted_state->c_lflag & ICANON ? 0 : WEFT_TTY_RAW) |
             (wanted_state->c_lflag & ECHO ? 0 : WEFT_TTY_NO_ECHO) |
             (wanted_state->c_lflag & ISIG ? 0 : WEFT_TTY_NO_SIGNALS);
  return weft_host_tty_mode(mode);
}

void weft_tty_set_size(int rows, int columns) {
  pthread_mutex_lock(&lock);
  window.ws_row = (unsigned short)rows;
  window.ws_col = (unsigned short)columns;
  pthread_mutex_unlock(&lock);
}

static int tty_ioctl(unsigned long request, void *argument) {
  int result = 0;
  switch (request) {
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
      if (request == TCSETSF) {
        pthread_mutex_lock(&lock);
        used = 0;
        pthread_mutex_unlock(&lock);
      }
      return set_terminal(argument);
    case TCSBRK:
    case TCXONC:
    case TCFLSH:
    case TIOCSCTTY:
    case TIOCSPGRP:
      return 0;
    case TIOCGPGRP:
    case TIOCGSID:
      *(int *)argument = 42; /* the process and group number that the C library reports */
      return 0;
  }
  pthread_mutex_lock(&lock);
  switch (request) {
    case TCGETS:
      memcpy(argument, &terminal, sizeof terminal);
      break;
    case TIOCGWINSZ:
      *(struct winsize *)argument = window;
      break;
    case TIOCSWINSZ:
      window = *(struct winsize *)argument;
      break;
    default:
      result = -ENOTTY;
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int stream_ioctl(weft_file *file, unsigned long request, void *argument) {
  if (request == FIONREAD && file->handle == 0) {
    pthread_mutex_lock(&lock);
    *(int *)argument = (int)used;
    pthread_mutex_unlock(&lock);
    return 0;
  }
  return streams[file->handle].kind == WEFT_STDIO_TTY ? tty_ioctl(request, argument) : -ENOTTY;
}

/* ---- descriptions ------------------------------------------------------------------------- */

static int stream_stat(weft_file *file, struct stat *st) {
  static const uint32_t types[] = {S_IFIFO, S_IFCHR, S_IFIFO, S_IFREG};
  int kind = streams[file->handle].kind;
  if (kind == WEFT_STDIO_TTY) {
    /* As /dev/tty tells it: ttyname() compares. */
    int error = weft_sys_stat(AT_FDCWD, "/dev/tty", st, 0);
    if (error == 0) {
      st->st_uid = WEFT_UID;
      st->st_mode = S_IFCHR | 0620;
      return 0;
    }
  }
  st->st_mode = types[kind] | (kind == WEFT_STDIO_FILE ? 0644 : 0600);
  st->st_nlink = 1;
  st->st_ino = (ino_t)file->handle + 1;
  st->st_uid = WEFT_UID;
  st->st_gid = WEFT_GID;
  st->st_blksize = kind == WEFT_STDIO_FILE ? 65536 : 4096;
  st->st_atim = st->st_mtim = st->st_ctim = weft_realtime();
  return 0;
}

static uint32_t stream_poll(weft_file *file, weft_pollslot *slot) {
  uint32_t events = weft_file_writable(file) ? POLLOUT : 0;
  if (file->handle == 0) {
    pthread_mutex_lock(&lock);
    if (used == 0 && !eof_once && !eof_for_good) {
      ask_for_input();
    }
    if (used > 0 || eof_once || eof_for_good) {
      events |= POLLIN;
    }
    if (used == 0 && eof_for_good && streams[0].kind == WEFT_STDIO_PIPE) {
      events |= POLLHUP;
    }
    weft_pollslot_add(slot, &queue, POLLIN);
    pthread_mutex_unlock(&lock);
  }
  return events;
}

static int64_t file_size(weft_file *file) {
  (void)file;
  return -EINVAL; /* the host does not tell */
}

static const weft_file_ops stream_ops = {
    .read = stream_read,
    .write = stream_write,
    .stat = stream_stat,
    .ioctl = stream_ioctl,
    .poll = stream_poll,
};

static const weft_file_ops input_file_ops = {
    .read = file_read,
    .size = file_size,
    .stat = stream_stat,
};

int weft_stdio_configure(int fd, int kind) {
  if (fd < 0 || fd > 2 || kind < WEFT_STDIO_NONE || kind > WEFT_STDIO_FILE) {
    return -EINVAL;
  }
  weft_file *old = weft_fd_get(fd);
  if (old) {
    weft_sys_close(fd);
    weft_file_unref(old);
  }
  pthread_mutex_lock(&lock);
  streams[fd].kind = kind;
  pthread_mutex_unlock(&lock);
  if (kind == WEFT_STDIO_NONE) {
    return 0;
  }
  int access = kind == WEFT_STDIO_TTY ? O_RDWR : fd == 0 ? O_RDONLY : O_WRONLY;
  bool input_file = fd == 0 && kind == WEFT_STDIO_FILE;
  weft_file *file = weft_file_new(input_file ? &input_file_ops : &stream_ops, access, NULL);
  if (!file) {
    return -ENOMEM;
  }
  file->handle = fd;
  /* Before guest code runs the numbers below 3 are nobody else's. */
  int got = weft_fd_install(file, fd, false);
  return got == fd ? 0 : got < 0 ? got : -EBUSY;
}

/* /dev/tty: the terminal among the standard streams, when there is one. */
weft_file *weft_stdio_stream(int fd) {
  pthread_mutex_lock(&lock);
  bool tty = streams[fd].kind == WEFT_STDIO_TTY;
  pthread_mutex_unlock(&lock);
  weft_file *file = tty ? weft_file_new(&stream_ops, O_RDWR, NULL) : NULL;
  if (file) {
    file->handle = fd;
  }
  return file;
}

int weft_sys_isatty(int fd) {
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    return -EBADF;
  }
  int result = file->ops == &stream_ops && streams[file->handle].kind == WEFT_STDIO_TTY;
  weft_file_unref(file);
  return result;
}

void weft_stdio_init(void) {
  terminal.c_iflag = ICRNL | IXON | IUTF8;
  terminal.c_oflag = OPOST | ONLCR;
  terminal.c_cflag = CS8 | CREAD | HUPCL | B38400;
  terminal.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | IEXTEN;
  terminal.c_cc[VINTR] = 3;
  terminal.c_cc[VQUIT] = 28;
  terminal.c_cc[VERASE] = 127;
  terminal.c_cc[VKILL] = 21;
  terminal.c_cc[VEOF] = 4;
  terminal.c_cc[VMIN] = 1;
  terminal.c_cc[VSUSP] = 26;
  terminal.c_cc[VSTART] = 17;
  terminal.c_cc[VSTOP] = 19;
  for (int fd = 0; fd < 3; fd++) {
    weft_stdio_configure(fd, WEFT_STDIO_PIPE);
  }
}
