/* A one-way stream of bytes with a bounded buffer: a pipe, or one direction of a
 * connected stream socket.
 *
 * `lock` guards all fields and is never held while a thread waits. The counters say
 * how many descriptions hold each end; they start at what the creator opens. */
#ifndef WEFT_CHANNEL_H
#define WEFT_CHANNEL_H

#include "sys.h"

#define WEFT_CHANNEL_SIZE 65536u
#define WEFT_PIPE_BUF 4096u

typedef struct weft_channel {
  _Atomic uint32_t refs;
  pthread_mutex_t lock;
  weft_waitq queue; /* readers wait for POLLIN, writers for POLLOUT */
  uint8_t *bytes;   /* WEFT_CHANNEL_SIZE, from the first write on */
  uint32_t head, used;
  uint32_t readers, writers;
  uint32_t reader_opens, writer_opens; /* ever: what a FIFO's openers wait for */
  /* The next write that finds no reader is swallowed, once: over a network the sender
   * learns only from the answer to it that the other side is gone. */
  bool swallow;
  bool reset; /* the next read that finds nothing reports ECONNRESET, once */
} weft_channel;

weft_channel *weft_channel_new(uint32_t readers, uint32_t writers);
weft_channel *weft_channel_ref(weft_channel *channel);
void weft_channel_unref(weft_channel *channel);

enum {
  WEFT_CHANNEL_NOWAIT = 1,
  WEFT_CHANNEL_PEEK = 2,
  WEFT_CHANNEL_ALL = 4,    /* read: wait until the buffer is full */
  WEFT_CHANNEL_ATOMIC = 8, /* write: up to WEFT_PIPE_BUF bytes arrive in one piece */
};
/* Bytes moved; 0 at the end of file; -EAGAIN, -EINTR (nothing moved yet), and
 * -EAGAIN again when `deadline` has passed. */
ssize_t weft_channel_read(weft_channel *channel, const struct iovec *iov, int count, int flags,
                          int64_t deadline);
/* -EPIPE without readers. */
ssize_t weft_channel_write(weft_channel *channel, const struct iovec *iov, int count, int flags,
                           int64_t deadline);
void weft_channel_close_reader(weft_channel *channel, bool reset_writer_end, bool swallow);
void weft_channel_close_writer(weft_channel *channel, bool reset);
uint32_t weft_channel_poll_read(weft_channel *channel, weft_pollslot *slot);
uint32_t weft_channel_poll_write(weft_channel *channel, weft_pollslot *slot);
uint32_t weft_channel_available(weft_channel *channel);

#endif
