/* Sockets: making them, naming them, connecting them, closing them. */
#include "socket.h"

#include <sys/ioctl.h>

pthread_mutex_t weft_net_lock = PTHREAD_MUTEX_INITIALIZER;

static weft_socket *new_socket(int domain, int type, int protocol) {
  weft_socket *socket = calloc(1, sizeof *socket);
  if (socket) {
    socket->domain = domain;
    socket->type = type;
    socket->protocol = protocol;
    socket->last = &socket->first;
    socket->receive_timeout = socket->send_timeout = -1;
    weft_waitq_init(&socket->queue, &weft_net_lock);
    weft_address_unnamed(&socket->local, domain);
  }
  return socket;
}

/* Under the net lock: the other side sees the end, or an error when it is abrupt. */
static void hang_up(weft_socket *socket, bool abrupt) {
  if (socket->in) {
    bool unread = weft_channel_available(socket->in) > 0;
    abrupt = abrupt || unread || socket->linger_reset;
    if (!socket->write_shut) {
      weft_channel_close_writer(socket->out, abrupt);
    }
    if (!socket->read_shut) {
      weft_channel_close_reader(socket->in, abrupt, socket->domain != AF_UNIX);
    }
  }
}

static void free_socket(weft_socket *socket) {
  if (socket->in) {
    weft_channel_unref(socket->in);
    weft_channel_unref(socket->out);
  }
  while (socket->options) {
    weft_option *next = socket->options->next;
    free(socket->options);
    socket->options = next;
  }
  if (socket->node) {
    weft_node_unref(socket->node);
  }
  free(socket);
}

static void socket_release(weft_file *file) {
  weft_socket *socket = file->data;
  weft_socket *pending;
  pthread_mutex_lock(&weft_net_lock);
  if (socket->node) {
    *weft_memfs_object(socket->node) = NULL; /* the name stays, and refuses */
  }
  weft_table_remove(socket);
  hang_up(socket, false);
  if (socket->partner) {
    socket->partner->partner = NULL;
    weft_waitq_wake(&socket->partner->queue, ~0u);
  }
  weft_datagrams_free(socket);
  pending = socket->pending;
  for (weft_socket *next = pending; next; next = next->next_pending) {
    hang_up(next, true);
  }
  pthread_mutex_unlock(&weft_net_lock);
  while (pending) {
    weft_socket *next = pending->next_pending;
    free_socket(pending);
    pending = next;
  }
  free_socket(socket);
}

/* ---- descriptions -------------------------------------------------------------------- */

static ssize_t socket_read(weft_file *file, const struct iovec *iov, int count, int64_t *offset) {
  (void)offset;
  return weft_socket_receive(file, iov, count, 0, NULL, NULL);
}

static ssize_t socket_write(weft_file *file, const struct iovec *iov, int count, int64_t *offset,
                            bool append) {
  (void)offset;
  (void)append;
  return weft_socket_send(file, iov, count, 0, NULL, 0);
}

static int socket_stat(weft_file *file, struct stat *st) {
  st->st_mode = S_IFSOCK | 0777;
  st->st_nlink = 1;
  st->st_uid = WEFT_UID;
  st->st_gid = WEFT_GID;
  st->st_blksize = 4096;
  st->st_ino = (ino_t)(uintptr_t)file->data;
  st->st_atim = st->st_mtim = st->st_ctim = weft_realtime();
  return 0;
}

static int socket_ioctl(weft_file *file, unsigned long request, void *argument) {
  if (request != FIONREAD) {
    return -ENOTTY;
  }
  *(int *)argument = weft_socket_available(file->data);
  return 0;
}

/* Both directions of a connection; the meaning of an end differs from a pipe's. */
static uint32_t poll_connection(weft_socket *socket, weft_pollslot *slot) {
  uint32_t in = weft_channel_poll_read(socket->in, slot);
  uint32_t out = weft_channel_poll_write(socket->out, slot);
  uint32_t events = (in & (POLLIN | POLLERR)) | (out & POLLOUT);
  if (in & POLLHUP) {
    events |= POLLIN | POLLRDHUP;
    if (out & POLLERR) {
      events |= POLLHUP;
    }
  }
  return events;
}

static uint32_t socket_poll(weft_file *file, weft_pollslot *slot) {
  weft_socket *socket = file->data;
  uint32_t events = 0;
  pthread_mutex_lock(&weft_net_lock);
  weft_pollslot_add(slot, &socket->queue, ~0u);
  if (socket->error) {
    events |= POLLERR;
  }
  if (socket->type == SOCK_DGRAM) {
    events |= POLLOUT;
    if (socket->first || socket->read_shut) {
      events |= POLLIN;
    }
  } else if (socket->in) {
    events |= poll_connection(socket, slot);
  } else if (socket->listening) {
    events |= socket->pending ? POLLIN : 0;
  } else {
    events |= POLLOUT | POLLHUP;
  }
  pthread_mutex_unlock(&weft_net_lock);
  return events;
}

const weft_file_ops weft_socket_ops = {
    .read = socket_read,
    .write = socket_write,
    .stat = socket_stat,
    .ioctl = socket_ioctl,
    .poll = socket_poll,
    .release = socket_release,
};

/* Takes over the socket, also on failure. */
static int describe(weft_socket *socket, int flags, weft_file **out) {
  weft_file *file =
      weft_file_new(&weft_socket_ops, O_RDWR | (flags & SOCK_NONBLOCK ? O_NONBLOCK : 0), NULL);
  if (!file) {
    free_socket(socket);
    return -ENFILE;
  }
  file->data = socket;
  *out = file;
  return 0;
}

/* The description of a descriptor that must be a socket. */
static int get(int fd, weft_file **file, weft_socket **socket) {
  *file = weft_fd_get(fd);
  if (!*file) {
    return -EBADF;
  }
  if ((*file)->ops != &weft_socket_ops) {
    weft_file_unref(*file);
    return -ENOTSOCK;
  }
  *socket = (*file)->data;
  return 0;
}

static int check_kind(int domain, int *type, int *protocol, int *flags) {
  *flags = *type & (SOCK_NONBLOCK | SOCK_CLOEXEC);
  *type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (domain != AF_UNIX && domain != AF_INET && domain != AF_INET6) {
    return -EAFNOSUPPORT;
  }
  if (*type != SOCK_STREAM && *type != SOCK_DGRAM) {
    return *type == SOCK_RAW ? -EPERM : -EPROTONOSUPPORT;
  }
  if (domain == AF_UNIX) {
    return *protocol == 0 || *protocol == AF_UNIX ? 0 : -EPROTONOSUPPORT;
  }
  int natural = *type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
  if (*type == SOCK_DGRAM && *protocol == IPPROTO_UDPLITE) {
    natural = IPPROTO_UDPLITE; /* nothing is ever damaged here: the same as UDP */
  }
  if (*protocol != 0 && *protocol != natural) {
    return -EPROTONOSUPPORT;
  }
  *protocol = natural;
  return 0;
}

int weft_sys_socket(int domain, int type, int protocol) {
  int flags;
  int error = check_kind(domain, &type, &protocol, &flags);
  if (error) {
    return error;
  }
  weft_socket *socket = new_socket(domain, type, protocol);
  weft_file *file;
  error = socket ? describe(socket, flags, &file) : -ENOBUFS;
  return error ? error : weft_fd_install(file, 0, (flags & SOCK_CLOEXEC) != 0);
}

/* Join two sockets that nobody else can see yet, or whose lock is held. */
static int join(weft_socket *a, weft_socket *b) {
  weft_channel *there = weft_channel_new(1, 1), *back = weft_channel_new(1, 1);
  if (!there || !back) {
    free(there);
    free(back);
    return -ENOBUFS;
  }
  a->out = there;
  b->in = weft_channel_ref(there);
  b->out = back;
  a->in = weft_channel_ref(back);
  a->connected = b->connected = true;
  return 0;
}

int weft_sys_socketpair(int domain, int type, int protocol, int fds[2]) {
  int flags;
  int error = check_kind(domain, &type, &protocol, &flags);
  if (error) {
    return error;
  }
  if (domain != AF_UNIX) {
    return -EOPNOTSUPP;
  }
  weft_socket *a = new_socket(domain, type, protocol), *b = new_socket(domain, type, protocol);
  if (!a || !b) {
    free(a);
    free(b);
    return -ENOBUFS;
  }
  weft_file *first, *second;
  weft_address_unnamed(&a->peer, domain);
  weft_address_unnamed(&b->peer, domain);
  if (type == SOCK_STREAM) {
    error = join(a, b);
  } else {
    a->partner = b;
    b->partner = a;
    a->connected = b->connected = true;
  }
  if (error) {
    free_socket(a);
    free_socket(b);
    return error;
  }
  error = describe(a, flags, &first);
  if (error) {
    free_socket(b);
    return error;
  }
  error = describe(b, flags, &second);
  if (error) {
    a->partner = NULL;
    weft_file_unref(first);
    return error;
  }
  return weft_fd_install_pair(first, second, (flags & SOCK_CLOEXEC) != 0, fds);
}

/* ---- bind, listen --------------------------------------------------------------------------- */

static int bind_path(weft_socket *socket, const weft_address *address) {
  char path[sizeof address->u.un.sun_path + 1];
  size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
  memcpy(path, address->u.un.sun_path, length);
  path[length] = 0;
  int error = weft_sys_mknod(AT_FDCWD, path, S_IFSOCK | 0777, 0);
  weft_node *node;
  if (error == 0) {
    error = weft_unix_node(address, &node);
  }
  if (error) {
    return error == -EEXIST ? -EADDRINUSE : error;
  }
  pthread_mutex_lock(&weft_net_lock);
  /* Somebody may have put another name in its place meanwhile. */
  if (socket->bound || !S_ISSOCK(node->type) || !weft_is_memfs(node) || *weft_memfs_object(node)) {
    error = socket->bound ? -EINVAL : -EADDRINUSE;
  } else {
    *weft_memfs_object(node) = socket;
    socket->node = node;
    socket->bound = true;
    socket->local = *address;
  }
  pthread_mutex_unlock(&weft_net_lock);
  if (error) {
    weft_node_unref(node);
  }
  return error;
}

static int bind_socket(weft_socket *socket, const struct sockaddr *name, socklen_t length) {
  weft_address address;
  int error = weft_address_get(&address, socket->domain, name, length);
  if (error) {
    return error;
  }
  if (socket->domain != AF_UNIX && !weft_address_is_local(&address)) {
    return -EADDRNOTAVAIL;
  }
  pthread_mutex_lock(&weft_net_lock);
  bool path = weft_address_is_path(&address);
  if (socket->bound || socket->connected) {
    error = -EINVAL;
  } else if (!path) {
    error = weft_table_bind(socket, &address);
  }
  pthread_mutex_unlock(&weft_net_lock);
  return error || !path ? error : bind_path(socket, &address);
}

int weft_sys_bind(int fd, const struct sockaddr *address, socklen_t length) {
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error == 0) {
    error = bind_socket(socket, address, length);
    weft_file_unref(file);
  }
  return error;
}

int weft_sys_listen(int fd, int backlog) {
  (void)backlog; /* connecting never waits for an accept; WEFT_BACKLOG_MAX bounds the queue */
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error) {
    return error;
  }
  pthread_mutex_lock(&weft_net_lock);
  if (socket->type != SOCK_STREAM) {
    error = -EOPNOTSUPP;
  } else if (socket->connected) {
    error = -EINVAL;
  } else if (!socket->bound) {
    error = socket->domain == AF_UNIX ? -EINVAL : weft_table_bind_any(socket);
  }
  if (error == 0) {
    socket->listening = true;
    weft_waitq_wake(&socket->queue, ~0u);
  }
  pthread_mutex_unlock(&weft_net_lock);
  weft_file_unref(file);
  return error;
}

/* ---- connect, accept ---------------------------------------------------------------------------- */

/* Under the net lock. */
static int connect_stream(weft_socket *socket, weft_socket *listener, const weft_address *to) {
  if (listener->pending_count >= WEFT_BACKLOG_MAX) {
    return socket->domain == AF_UNIX ? -EAGAIN : -ECONNREFUSED;
  }
  weft_socket *server = new_socket(listener->domain, SOCK_STREAM, listener->protocol);
  if (!server) {
    return -ENOBUFS;
  }
  int error = 0;
  if (!socket->bound && socket->domain != AF_UNIX) {
    /* A port of its own, on the address that it reaches the other side from. */
    error = weft_table_bind_any(socket);
  }
  if (error == 0) {
    error = join(socket, server);
  }
  if (error) {
    free(server);
    return error;
  }
  if (socket->domain != AF_UNIX) {
    weft_address_concrete(&socket->local);
  }
  socket->peer = *to;
  server->local = *to;
  server->peer = socket->local;
  if (listener->domain == AF_INET6 && to->u.any.sa_family == AF_INET) {
    /* An IPv6 socket tells IPv4 addresses in their mapped form. */
    weft_address *both[] = {&server->local, &server->peer};
    for (int i = 0; i < 2; i++) {
      struct sockaddr_in v4 = both[i]->u.in;
      weft_address_unnamed(both[i], AF_INET6);
      both[i]->u.in6.sin6_port = v4.sin_port;
      both[i]->u.in6.sin6_addr.s6_addr[10] = both[i]->u.in6.sin6_addr.s6_addr[11] = 0xff;
      memcpy(&both[i]->u.in6.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
    }
  } else if (listener->domain == AF_INET && to->u.any.sa_family == AF_INET6) {
    weft_address *both[] = {&server->local, &server->peer};
    for (int i = 0; i < 2; i++) {
      struct sockaddr_in6 v6 = both[i]->u.in6;
      weft_address_unnamed(both[i], AF_INET);
      both[i]->u.in.sin_port = v6.sin6_port;
      memcpy(&both[i]->u.in.sin_addr, &v6.sin6_addr.s6_addr[12], 4);
    }
  }
  *(listener->last_pending ? &listener->last_pending->next_pending : &listener->pending) = server;
  listener->last_pending = server;
  listener->pending_count++;
  weft_waitq_wake(&listener->queue, POLLIN);
  weft_waitq_wake(&socket->queue, ~0u);
  return 0;
}

static int connect_socket(weft_socket *socket, const struct sockaddr *name, socklen_t length) {
  weft_address to;
  if (name && length >= sizeof(sa_family_t) && name->sa_family == AF_UNSPEC &&
      socket->type == SOCK_DGRAM) {
    pthread_mutex_lock(&weft_net_lock);
    socket->connected = false;
    pthread_mutex_unlock(&weft_net_lock);
    return 0;
  }
  int error = weft_address_get(&to, socket->domain, name, length);
  if (error) {
    return error;
  }
  weft_node *node = NULL;
  if (weft_address_is_path(&to)) {
    error = weft_unix_node(&to, &node);
    if (error == 0 && (!S_ISSOCK(node->type) || !weft_is_memfs(node))) {
      error = -ECONNREFUSED;
    }
    if (error == 0) {
      error = node->mount->ops->access(node, W_OK);
    }
  } else if (socket->domain != AF_UNIX) {
    if (!weft_address_is_local(&to)) {
      return -ENETUNREACH;
    }
    weft_address_concrete(&to);
  }
  if (error == 0) {
    pthread_mutex_lock(&weft_net_lock);
    weft_socket *target =
        node ? *weft_memfs_object(node) : weft_table_find(&to, socket->type);
    if (socket->listening) {
      error = -EINVAL;
    } else if (socket->type == SOCK_STREAM && socket->connected) {
      error = -EISCONN;
    } else if (target && target->type != socket->type) {
      error = -EPROTOTYPE;
    } else if (socket->type == SOCK_STREAM) {
      error = target && target->listening ? connect_stream(socket, target, &to) : -ECONNREFUSED;
    } else if (!target && socket->domain == AF_UNIX) {
      error = -ECONNREFUSED;
    } else {
      if (!socket->bound && socket->domain != AF_UNIX) {
        error = weft_table_bind_any(socket);
        weft_address_concrete(&socket->local);
      }
      if (error == 0) {
        socket->peer = to;
        socket->connected = true;
      }
    }
    pthread_mutex_unlock(&weft_net_lock);
  }
  if (node) {
    weft_node_unref(node);
  }
  return error;
}

int weft_sys_connect(int fd, const struct sockaddr *address, socklen_t length) {
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error == 0) {
    error = connect_socket(socket, address, length);
    weft_file_unref(file);
  }
  return error;
}

static int take_pending(weft_file *file, weft_socket *socket, weft_socket **out) {
  int error = 0;
  pthread_mutex_lock(&weft_net_lock);
  int64_t deadline = weft_deadline(socket->receive_timeout);
  if (socket->type != SOCK_STREAM) {
    error = -EOPNOTSUPP;
  }
  while (error == 0) {
    if (!socket->listening) {
      error = -EINVAL;
      break;
    }
    weft_socket *first = socket->pending;
    if (first) {
      socket->pending = first->next_pending;
      if (!socket->pending) {
        socket->last_pending = NULL;
      }
      first->next_pending = NULL;
      socket->pending_count--;
      *out = first;
      break;
    }
    error = weft_file_nonblocking(file)
                ? -EAGAIN
                : weft_waitq_wait(&socket->queue, POLLIN, WEFT_WAIT_READ, (uintptr_t)socket,
                                  deadline);
  }
  pthread_mutex_unlock(&weft_net_lock);
  return error == -ETIMEDOUT ? -EAGAIN : error;
}

int weft_sys_accept(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) {
    return -EINVAL;
  }
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error) {
    return error;
  }
  weft_socket *accepted;
  error = take_pending(file, socket, &accepted);
  weft_file_unref(file);
  if (error) {
    return error;
  }
  weft_address_put(&accepted->peer, address, length);
  weft_file *connection;
  error = describe(accepted, flags, &connection);
  return error ? error : weft_fd_install(connection, 0, (flags & SOCK_CLOEXEC) != 0);
}

/* ---- shutdown, names --------------------------------------------------------------------------------- */

int weft_sys_shutdown(int fd, int how) {
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error) {
    return error;
  }
  pthread_mutex_lock(&weft_net_lock);
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) {
    error = -EINVAL;
  } else if (socket->listening && how != SHUT_WR) {
    /* Ends blocked accepts, and refuses from now on. */
    socket->listening = false;
    weft_waitq_wake(&socket->queue, ~0u);
  } else if (!socket->connected) {
    error = -ENOTCONN;
  } else {
    if (how != SHUT_WR && !socket->read_shut) {
      socket->read_shut = true;
      if (socket->in) {
        weft_channel_close_reader(socket->in, false, socket->domain != AF_UNIX);
      }
    }
    if (how != SHUT_RD && !socket->write_shut) {
      socket->write_shut = true;
      if (socket->out) {
        weft_channel_close_writer(socket->out, false);
      }
    }
    weft_waitq_wake(&socket->queue, ~0u);
  }
  pthread_mutex_unlock(&weft_net_lock);
  weft_file_unref(file);
  return error;
}

int weft_sys_getsockname(int fd, struct sockaddr *address, socklen_t *length) {
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error == 0) {
    pthread_mutex_lock(&weft_net_lock);
    weft_address_put(&socket->local, address, length);
    pthread_mutex_unlock(&weft_net_lock);
    weft_file_unref(file);
  }
  return error;
}

int weft_sys_getpeername(int fd, struct sockaddr *address, socklen_t *length) {
  weft_file *file;
  weft_socket *socket;
  int error = get(fd, &file, &socket);
  if (error == 0) {
    pthread_mutex_lock(&weft_net_lock);
    if (socket->connected) {
      weft_address_put(&socket->peer, address, length);
    } else {
      error = -ENOTCONN;
    }
    pthread_mutex_unlock(&weft_net_lock);
    weft_file_unref(file);
  }
  return error;
}
