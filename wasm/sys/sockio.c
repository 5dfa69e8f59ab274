/* Sending and receiving. */
#include "socket.h"

static weft_file *get(int fd, int *error) {
  weft_file *file = weft_fd_get(fd);
  if (!file) {
    *error = -EBADF;
  } else if (file->ops != &weft_socket_ops) {
    weft_file_unref(file);
    file = NULL;
    *error = -ENOTSOCK;
  }
  return file;
}

static int take_error(weft_socket *socket) {
  int error = socket->error;
  socket->error = 0;
  return -error;
}

/* Senders of datagrams that found a Unix socket's queue full. One queue for all: the
 * target may be gone by the time that a sender wakes. Under the net lock. */
static weft_waitq senders = {&weft_net_lock, NULL};

/* ---- datagrams -------------------------------------------------------------------------- */

void weft_datagrams_free(weft_socket *socket) {
  while (socket->first) {
    weft_datagram *next = socket->first->next;
    free(socket->first);
    socket->first = next;
  }
  socket->last = &socket->first;
  socket->queued = 0;
  weft_waitq_wake(&senders, POLLOUT);
}

/* Under the net lock: where a datagram goes. `node` is the destination's when that is
 * a path. NULL with no error: nowhere, and nobody minds. */
static int find_target(weft_socket *socket, const weft_address *to, weft_node *node,
                       weft_socket **out) {
  *out = NULL;
  if (!to && socket->domain == AF_UNIX && (socket->partner || socket->peer.length <= 2)) {
    *out = socket->partner;
    return socket->partner ? 0 : -ECONNREFUSED;
  }
  const weft_address *address = to ? to : &socket->peer;
  *out = node ? *weft_memfs_object(node) : weft_table_find(address, SOCK_DGRAM);
  if (*out && (*out)->type != SOCK_DGRAM) {
    return -EPROTOTYPE;
  }
  if (!*out && socket->domain == AF_UNIX) {
    return -ECONNREFUSED;
  }
  if (!*out && !to) {
    socket->error = ECONNREFUSED; /* a connected socket hears of it next time */
  }
  return 0;
}

/* Under the net lock: a socket that is connected hears only its peer. */
static bool takes_from(const weft_socket *target, const weft_socket *socket) {
  return !target->connected || target->partner == socket ||
         weft_address_equal(&target->peer, &socket->local) || target->domain == AF_UNIX;
}

static ssize_t send_datagram(weft_file *file, const struct iovec *iov, int count, int flags,
                             const weft_address *to) {
  weft_socket *socket = file->data;
  ssize_t length = weft_iov_length(iov, count);
  if (length > WEFT_DATAGRAM_MAX) {
    return -EMSGSIZE;
  }
  weft_datagram *message = malloc(sizeof *message + (size_t)length);
  if (!message) {
    return -ENOBUFS;
  }
  message->next = NULL;
  message->length = (size_t)length;
  weft_iov_cursor cursor = {iov, count, 0};
  weft_iov_get(&cursor, message->bytes, (size_t)length);

  weft_node *node = NULL;
  int error = 0;
  pthread_mutex_lock(&weft_net_lock);
  weft_address peer = to ? *to : socket->peer;
  bool connected = socket->connected;
  pthread_mutex_unlock(&weft_net_lock);
  if (!to && !connected) {
    error = socket->domain == AF_UNIX ? -ENOTCONN : -EDESTADDRREQ;
  } else if (weft_address_is_path(&peer)) {
    error = weft_unix_node(&peer, &node);
    if (error == 0 && (!S_ISSOCK(node->type) || !weft_is_memfs(node))) {
      error = -ECONNREFUSED;
    }
  }
  if (error == 0) {
    bool wait = !weft_file_nonblocking(file) && !(flags & MSG_DONTWAIT);
    pthread_mutex_lock(&weft_net_lock);
    int64_t deadline = weft_deadline(socket->send_timeout);
    error = take_error(socket);
    if (error == 0 && socket->write_shut) {
      error = -EPIPE;
    }
    if (error == 0 && !socket->bound && socket->domain != AF_UNIX) {
      error = weft_table_bind_any(socket);
    }
    weft_socket *target = NULL;
    while (error == 0) {
      error = find_target(socket, to, node, &target);
      if (error || !target) {
        break;
      }
      if (!takes_from(target, socket) || target->read_shut) {
        target = NULL;
        break;
      }
      if (target->queued + message->length <= WEFT_DATAGRAM_QUEUE || !target->first) {
        break;
      }
      if (socket->domain != AF_UNIX) {
        target = NULL; /* the network drops what does not fit */
        break;
      }
      error = wait ? weft_waitq_wait(&senders, POLLOUT, WEFT_WAIT_WRITE, (uintptr_t)target, deadline)
                   : -EAGAIN;
    }
    if (error == 0 && target) {
      message->from = socket->local;
      if (socket->domain != AF_UNIX) {
        weft_address_concrete(&message->from);
      }
      *target->last = message;
      target->last = &message->next;
      target->queued += message->length;
      weft_waitq_wake(&target->queue, POLLIN);
      message = NULL;
    }
    pthread_mutex_unlock(&weft_net_lock);
  }
  free(message);
  if (node) {
    weft_node_unref(node);
  }
  return error == -ETIMEDOUT ? -EAGAIN : error ? error : length;
}

static ssize_t receive_datagram(weft_file *file, const struct iovec *iov, int count, int flags,
                                weft_address *from, int *out_flags) {
  weft_socket *socket = file->data;
  bool wait = !weft_file_nonblocking(file) && !(flags & MSG_DONTWAIT);
  weft_datagram *message = NULL;
  weft_iov_cursor cursor = {iov, count, 0};
  ssize_t room = weft_iov_length(iov, count);
  ssize_t result = 0;
  pthread_mutex_lock(&weft_net_lock);
  int64_t deadline = weft_deadline(socket->receive_timeout);
  int error = 0;
  while (error == 0 && !socket->first) {
    error = take_error(socket);
    if (error == 0 && socket->read_shut) {
      pthread_mutex_unlock(&weft_net_lock);
      return 0;
    }
    if (error == 0) {
      error = wait ? weft_waitq_wait(&socket->queue, POLLIN, WEFT_WAIT_READ, (uintptr_t)socket,
                                     deadline)
                   : -EAGAIN;
    }
  }
  if (error == 0) {
    message = socket->first;
    size_t part = message->length < (size_t)room ? message->length : (size_t)room;
    weft_iov_put(&cursor, message->bytes, part);
    result = (ssize_t)(flags & MSG_TRUNC ? message->length : part);
    if (from) {
      *from = message->from;
    }
    if (out_flags && part < message->length) {
      *out_flags |= MSG_TRUNC;
    }
    if (flags & MSG_PEEK) {
      message = NULL;
    } else {
      socket->first = message->next;
      if (!socket->first) {
        socket->last = &socket->first;
      }
      socket->queued -= message->length;
      weft_waitq_wake(&senders, POLLOUT);
    }
  }
  pthread_mutex_unlock(&weft_net_lock);
  free(message);
  return error == -ETIMEDOUT ? -EAGAIN : error ? error : result;
}

/* ---- streams -------------------------------------------------------------------------------- */

static int stream_flags(weft_file *file, int flags) {
  return (weft_file_nonblocking(file) || (flags & MSG_DONTWAIT) ? WEFT_CHANNEL_NOWAIT : 0) |
         (flags & MSG_PEEK ? WEFT_CHANNEL_PEEK : 0) | (flags & MSG_WAITALL ? WEFT_CHANNEL_ALL : 0);
}

static ssize_t send_stream(weft_file *file, const struct iovec *iov, int count, int flags) {
  weft_socket *socket = file->data;
  pthread_mutex_lock(&weft_net_lock);
  weft_channel *out = socket->out;
  int error = take_error(socket);
  int64_t deadline = weft_deadline(socket->send_timeout);
  if (error == 0 && !out) {
    error = socket->domain == AF_UNIX ? -ENOTCONN : -EPIPE;
  }
  if (error == 0 && socket->write_shut) {
    error = -EPIPE;
  }
  pthread_mutex_unlock(&weft_net_lock);
  return error ? error
               : weft_channel_write(out, iov, count, stream_flags(file, flags) & WEFT_CHANNEL_NOWAIT,
                                    deadline);
}

static ssize_t receive_stream(weft_file *file, const struct iovec *iov, int count, int flags) {
  weft_socket *socket = file->data;
  pthread_mutex_lock(&weft_net_lock);
  weft_channel *in = socket->in;
  int error = take_error(socket);
  int64_t deadline = weft_deadline(socket->receive_timeout);
  bool shut = socket->read_shut;
  pthread_mutex_unlock(&weft_net_lock);
  if (error || !in) {
    return error ? error : socket->domain == AF_UNIX ? -EINVAL : -ENOTCONN;
  }
  return shut ? 0 : weft_channel_read(in, iov, count, stream_flags(file, flags), deadline);
}

/* ---- both -------------------------------------------------------------------------------------- */

ssize_t weft_socket_send(weft_file *file, const struct iovec *iov, int count, int flags,
                         const struct sockaddr *to, socklen_t to_length) {
  weft_socket *socket = file->data;
  ssize_t length = weft_iov_length(iov, count);
  if (length < 0) {
    return length;
  }
  if (flags & MSG_OOB) {
    return -EOPNOTSUPP;
  }
  if (socket->type == SOCK_STREAM) {
    if (to && to_length > 0) {
      pthread_mutex_lock(&weft_net_lock);
      bool connected = socket->connected;
      pthread_mutex_unlock(&weft_net_lock);
      if (connected && socket->domain == AF_UNIX) {
        return -EISCONN;
      }
    }
    return send_stream(file, iov, count, flags);
  }
  weft_address address;
  if (to && to_length > 0) {
    int error = weft_address_get(&address, socket->domain, to, to_length);
    if (error) {
      return error;
    }
    if (socket->domain != AF_UNIX) {
      if (!weft_address_is_local(&address)) {
        return -ENETUNREACH;
      }
      weft_address_concrete(&address);
    }
  } else {
    to = NULL;
  }
  return send_datagram(file, iov, count, flags, to ? &address : NULL);
}

ssize_t weft_socket_receive(weft_file *file, const struct iovec *iov, int count, int flags,
                            weft_address *from, int *out_flags) {
  weft_socket *socket = file->data;
  ssize_t length = weft_iov_length(iov, count);
  if (length < 0) {
    return length;
  }
  if (flags & MSG_OOB) {
    return -EINVAL;
  }
  if (from) {
    from->length = 0; /* a stream does not tell */
  }
  return socket->type == SOCK_STREAM ? receive_stream(file, iov, count, flags)
                                     : receive_datagram(file, iov, count, flags, from, out_flags);
}

int weft_socket_available(weft_socket *socket) {
  pthread_mutex_lock(&weft_net_lock);
  weft_channel *in = socket->in;
  int available = in              ? (int)weft_channel_available(in)
                  : socket->first ? (int)socket->first->length
                                  : 0;
  pthread_mutex_unlock(&weft_net_lock);
  return available;
}

ssize_t weft_sys_sendmsg(int fd, const struct msghdr *message, int flags) {
  int error;
  weft_file *file = get(fd, &error);
  if (!file) {
    return error;
  }
  ssize_t result;
  if (message->msg_controllen > 0) {
    result = -EOPNOTSUPP; /* descriptors are shared by all threads: no need to pass them */
  } else {
    result = weft_socket_send(file, message->msg_iov, (int)message->msg_iovlen, flags,
                              message->msg_name, message->msg_name ? message->msg_namelen : 0);
  }
  weft_file_unref(file);
  return result;
}

ssize_t weft_sys_recvmsg(int fd, struct msghdr *message, int flags) {
  int error;
  weft_file *file = get(fd, &error);
  if (!file) {
    return error;
  }
  weft_address from;
  message->msg_flags = 0;
  ssize_t result = weft_socket_receive(file, message->msg_iov, (int)message->msg_iovlen, flags,
                                       &from, &message->msg_flags);
  weft_file_unref(file);
  if (result >= 0) {
    if (message->msg_name) {
      weft_address_put(&from, message->msg_name, &message->msg_namelen);
    }
    message->msg_controllen = 0;
  }
  return result;
}
