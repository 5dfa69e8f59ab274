/* Socket options. Those that mean something here are fields of the socket; the others,
 * as far as programs set them, are kept and told again. */
#include <netinet/tcp.h>

#include "socket.h"

static int64_t get_time(const void *value, socklen_t length) {
  const struct timeval *time = value;
  if (length < sizeof *time || time->tv_usec < 0 || time->tv_usec >= 1000000) {
    return INT64_MIN;
  }
  if (time->tv_sec < 0) {
    return 0;
  }
  if (time->tv_sec == 0 && time->tv_usec == 0) {
    return -1; /* zero means no limit */
  }
  return time->tv_sec > INT64_MAX / 2000000000
             ? -1
             : (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

static weft_option **find(weft_socket *socket, int level, int name) {
  weft_option **at = &socket->options;
  while (*at && ((*at)->level != level || (*at)->name != name)) {
    at = &(*at)->next;
  }
  return at;
}

static int keep(weft_socket *socket, int level, int name, const void *value, socklen_t length) {
  weft_option *option = *find(socket, level, name);
  if (length > sizeof option->value) {
    return -EINVAL;
  }
  if (!option) {
    option = calloc(1, sizeof *option);
    if (!option) {
      return -ENOBUFS;
    }
    option->level = level;
    option->name = name;
    option->next = socket->options;
    socket->options = option;
  }
  memcpy(option->value, value, length);
  option->length = length;
  return 0;
}

/* Levels whose options are kept; `known` says which names exist on SOL_SOCKET. */
static bool keeps(const weft_socket *socket, int level, int name) {
  switch (level) {
    case IPPROTO_TCP:
      return socket->domain != AF_UNIX && socket->type == SOCK_STREAM;
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_IP:
      return socket->domain != AF_UNIX;
    case IPPROTO_IPV6:
      return socket->domain == AF_INET6;
    case SOL_SOCKET:
      switch (name) {
        case SO_BROADCAST:
        case SO_DONTROUTE:
        case SO_KEEPALIVE:
        case SO_LINGER:
        case SO_OOBINLINE:
        case SO_PASSCRED:
        case SO_PRIORITY:
        case SO_RCVBUF:
        case SO_RCVLOWAT:
        case SO_SNDBUF:
          return true;
      }
  }
  return false;
}

static int set(weft_socket *socket, int level, int name, const void *value, socklen_t length) {
  int number = 0;
  if (length >= sizeof number) {
    memcpy(&number, value, sizeof number);
  }
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_REUSEADDR:
      case SO_REUSEPORT:
        if (length < sizeof number) {
          return -EINVAL;
        }
        *(name == SO_REUSEADDR ? &socket->reuse_address : &socket->reuse_port) = number != 0;
        return 0;
      case SO_RCVTIMEO:
      case SO_SNDTIMEO: {
        int64_t time = get_time(value, length);
        if (time == INT64_MIN) {
          return -EDOM;
        }
        *(name == SO_RCVTIMEO ? &socket->receive_timeout : &socket->send_timeout) = time;
        return 0;
      }
      case SO_LINGER: {
        struct linger linger;
        if (length < sizeof linger) {
          return -EINVAL;
        }
        memcpy(&linger, value, sizeof linger);
        socket->linger_reset = linger.l_onoff && linger.l_linger == 0;
        break;
      }
      case SO_RCVBUF:
      case SO_SNDBUF:
        if (length < sizeof number) {
          return -EINVAL;
        }
        number = number < 1152 ? 2304 : number > 106496 ? 212992 : number * 2; /* as Linux tells it */
        return keep(socket, level, name, &number, sizeof number);
    }
  }
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && socket->domain == AF_INET6) {
    if (socket->bound) {
      return -EINVAL;
    }
    socket->only_v6 = number != 0;
    return 0;
  }
  return keeps(socket, level, name) ? keep(socket, level, name, value, length) : -ENOPROTOOPT;
}

static int tell(void *out, socklen_t *length, const void *value, size_t size) {
  if (*length > size) {
    *length = (socklen_t)size;
  }
  memcpy(out, value, *length);
  return 0;
}

static int tell_int(void *out, socklen_t *length, int value) {
  return tell(out, length, &value, sizeof value);
}

static int tell_time(void *out, socklen_t *length, int64_t ns) {
  struct timeval time = {0};
  if (ns > 0) {
    time.tv_sec = (time_t)(ns / 1000000000);
    time.tv_usec = (suseconds_t)(ns % 1000000000 / 1000);
  }
  return tell(out, length, &time, sizeof time);
}

static int get(weft_socket *socket, int level, int name, void *out, socklen_t *length) {
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_TYPE:
        return tell_int(out, length, socket->type);
      case SO_DOMAIN:
        return tell_int(out, length, socket->domain);
      case SO_PROTOCOL:
        return tell_int(out, length, socket->protocol);
      case SO_ACCEPTCONN:
        return tell_int(out, length, socket->listening);
      case SO_REUSEADDR:
        return tell_int(out, length, socket->reuse_address);
      case SO_REUSEPORT:
        return tell_int(out, length, socket->reuse_port);
      case SO_ERROR: {
        int error = socket->error;
        socket->error = 0;
        return tell_int(out, length, error);
      }
      case SO_RCVTIMEO:
        return tell_time(out, length, socket->receive_timeout);
      case SO_SNDTIMEO:
        return tell_time(out, length, socket->send_timeout);
      case SO_PEERCRED: {
        if (socket->domain != AF_UNIX) {
          return -ENOPROTOOPT;
        }
        struct {
          int pid;
          uint32_t uid, gid;
        } who = {42, WEFT_UID, WEFT_GID};
        return tell(out, length, &who, sizeof who);
      }
    }
  }
  if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY && socket->domain == AF_INET6) {
    return tell_int(out, length, socket->only_v6);
  }
  if (!keeps(socket, level, name)) {
    return -ENOPROTOOPT;
  }
  weft_option *option = *find(socket, level, name);
  if (option) {
    return tell(out, length, option->value, option->length);
  }
  if (level == SOL_SOCKET && name == SO_LINGER) {
    struct linger none = {0, 0};
    return tell(out, length, &none, sizeof none);
  }
  if (level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_SNDBUF)) {
    return tell_int(out, length, 212992);
  }
  if (level == IPPROTO_TCP && name == TCP_MAXSEG) {
    return tell_int(out, length, 65483);
  }
  if (level == IPPROTO_IP && name == IP_TTL) {
    return tell_int(out, length, 64);
  }
  return tell_int(out, length, 0);
}

static weft_file *socket_file(int fd, int *error) {
  weft_file *file = weft_fd_get(fd);
  *error = file ? 0 : -EBADF;
  if (file && file->ops != &weft_socket_ops) {
    weft_file_unref(file);
    *error = -ENOTSOCK;
    return NULL;
  }
  return file;
}

int weft_sys_getsockopt(int fd, int level, int option, void *value, socklen_t *length) {
  int error;
  weft_file *file = socket_file(fd, &error);
  if (file) {
    pthread_mutex_lock(&weft_net_lock);
    error = (int)*length < 0 ? -EINVAL : get(file->data, level, option, value, length);
    pthread_mutex_unlock(&weft_net_lock);
    weft_file_unref(file);
  }
  return error;
}

int weft_sys_setsockopt(int fd, int level, int option, const void *value, socklen_t length) {
  int error;
  weft_file *file = socket_file(fd, &error);
  if (file) {
    pthread_mutex_lock(&weft_net_lock);
    error = (int)length < 0 ? -EINVAL : set(file->data, level, option, value, length);
    pthread_mutex_unlock(&weft_net_lock);
    weft_file_unref(file);
  }
  return error;
}
