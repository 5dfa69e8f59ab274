/* Addresses, and who is bound to them. */
#include <arpa/inet.h>

#include "socket.h"

enum { EPHEMERAL_FIRST = 32768, EPHEMERAL_LAST = 60999 };

static weft_socket *bound;  /* internet and abstract names; under the net lock */
static uint16_t next_port = EPHEMERAL_FIRST;

int weft_address_get(weft_address *out, int domain, const struct sockaddr *address,
                     socklen_t length) {
  if (!address || length < sizeof(sa_family_t) || length > sizeof out->u) {
    return -EINVAL;
  }
  memset(out, 0, sizeof *out);
  memcpy(&out->u, address, length);
  out->length = length;
  if (out->u.any.sa_family != domain) {
    return -EAFNOSUPPORT;
  }
  switch (domain) {
    case AF_INET:
      if (length < sizeof out->u.in) {
        return -EINVAL;
      }
      out->length = sizeof out->u.in;
      memset(out->u.in.sin_zero, 0, sizeof out->u.in.sin_zero);
      return 0;
    case AF_INET6:
      if (length < 24) {
        return -EINVAL;
      }
      out->length = sizeof out->u.in6;
      return 0;
    default:
      if (length > sizeof out->u.un) {
        return -EINVAL;
      }
      if (length == offsetof(struct sockaddr_un, sun_path) + 1 && !out->u.un.sun_path[0]) {
        return -ENOENT; /* an empty path with its end, not an abstract name */
      }
      if (length > offsetof(struct sockaddr_un, sun_path) && out->u.un.sun_path[0]) {
        /* A path: what follows its end is no part of it. */
        size_t path = strnlen(out->u.un.sun_path, length - offsetof(struct sockaddr_un, sun_path));
        out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path + 1);
      }
      return 0;
  }
}

void weft_address_put(const weft_address *address, struct sockaddr *out, socklen_t *length) {
  if (out && length) {
    memcpy(out, &address->u, *length < address->length ? *length : address->length);
    *length = address->length;
  }
}

void weft_address_unnamed(weft_address *out, int domain) {
  memset(out, 0, sizeof *out);
  out->u.any.sa_family = (sa_family_t)domain;
  out->length = domain == AF_INET    ? sizeof out->u.in
                : domain == AF_INET6 ? sizeof out->u.in6
                                     : sizeof(sa_family_t);
}

bool weft_address_is_path(const weft_address *address) {
  return address->u.any.sa_family == AF_UNIX &&
         address->length > offsetof(struct sockaddr_un, sun_path) && address->u.un.sun_path[0];
}

uint16_t weft_address_port(const weft_address *address) {
  return ntohs(address->u.any.sa_family == AF_INET ? address->u.in.sin_port
                                                   : address->u.in6.sin6_port);
}

static void set_port(weft_address *address, uint16_t port) {
  if (address->u.any.sa_family == AF_INET) {
    address->u.in.sin_port = htons(port);
  } else {
    address->u.in6.sin6_port = htons(port);
  }
}

/* The IPv4 address that is meant, also by a mapped IPv6 one. */
static bool as_v4(const weft_address *address, uint32_t *out) {
  if (address->u.any.sa_family == AF_INET) {
    *out = ntohl(address->u.in.sin_addr.s_addr);
    return true;
  }
  const uint8_t *bytes = address->u.in6.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address->u.in6.sin6_addr)) {
    *out = (uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 | (uint32_t)bytes[14] << 8 |
           bytes[15];
    return true;
  }
  return false;
}

static bool is_any(const weft_address *address) {
  uint32_t v4;
  return as_v4(address, &v4) ? v4 == 0 : IN6_IS_ADDR_UNSPECIFIED(&address->u.in6.sin6_addr);
}

bool weft_address_is_local(const weft_address *address) {
  uint32_t v4;
  if (as_v4(address, &v4)) {
    return v4 == 0 || v4 >> 24 == 127;
  }
  return is_any(address) || IN6_IS_ADDR_LOOPBACK(&address->u.in6.sin6_addr);
}

void weft_address_concrete(weft_address *address) {
  if (!is_any(address)) {
    return;
  }
  if (address->u.any.sa_family == AF_INET) {
    address->u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (IN6_IS_ADDR_V4MAPPED(&address->u.in6.sin6_addr)) {
    address->u.in6.sin6_addr.s6_addr[12] = 127;
    address->u.in6.sin6_addr.s6_addr[15] = 1;
  } else {
    address->u.in6.sin6_addr = in6addr_loopback;
  }
}

/* Whether both name the same host. */
static bool same_host(const weft_address *a, const weft_address *b) {
  uint32_t first, second;
  bool a4 = as_v4(a, &first), b4 = as_v4(b, &second);
  if (a4 || b4) {
    return a4 && b4 && first == second;
  }
  return memcmp(&a->u.in6.sin6_addr, &b->u.in6.sin6_addr, 16) == 0;
}

bool weft_address_equal(const weft_address *a, const weft_address *b) {
  bool unix_a = a->u.any.sa_family == AF_UNIX, unix_b = b->u.any.sa_family == AF_UNIX;
  if (unix_a || unix_b) {
    return unix_a && unix_b && a->length == b->length && memcmp(&a->u, &b->u, a->length) == 0;
  }
  return weft_address_port(a) == weft_address_port(b) && same_host(a, b);
}

/* Whether a socket bound to `owner` hears what is sent to `target`. 0: no; 2: its
 * address is the one; 1: it takes any. */
static int hears(const weft_socket *owner, const weft_address *target) {
  uint32_t v4;
  bool target4 = as_v4(target, &v4);
  if (owner->domain == AF_INET && !target4) {
    return 0;
  }
  if (owner->domain == AF_INET6 && target4 && owner->only_v6) {
    return 0;
  }
  if (is_any(&owner->local)) {
    return 1;
  }
  return same_host(&owner->local, target) ? 2 : 0;
}

weft_socket *weft_table_find(const weft_address *address, int type) {
  weft_socket *best = NULL;
  int score = 0;
  for (weft_socket *other = bound; other; other = other->next_bound) {
    if (other->type != type || (type == SOCK_STREAM && !other->listening)) {
      continue;
    }
    int match;
    if (address->u.any.sa_family == AF_UNIX || other->domain == AF_UNIX) {
      match = weft_address_equal(address, &other->local) ? 2 : 0;
    } else {
      match = weft_address_port(address) == weft_address_port(&other->local)
                  ? hears(other, address)
                  : 0;
    }
    if (match > score) {
      best = other;
      score = match;
    }
  }
  return best;
}

static bool conflicts(const weft_socket *socket, const weft_address *address) {
  for (const weft_socket *other = bound; other; other = other->next_bound) {
    if (other->type != socket->type || (other->domain == AF_UNIX) != (socket->domain == AF_UNIX)) {
      continue;
    }
    if (socket->domain == AF_UNIX) {
      if (weft_address_equal(address, &other->local)) {
        return true;
      }
      continue;
    }
    if (weft_address_port(address) != weft_address_port(&other->local)) {
      continue;
    }
    if (socket->reuse_port && other->reuse_port) {
      continue;
    }
    if (socket->reuse_address && other->reuse_address && !other->listening) {
      continue;
    }
    /* An IPv6 "any" address also means IPv4's, unless told not to. */
    bool v6_only = (socket->domain == AF_INET6 && socket->only_v6 && other->domain == AF_INET) ||
                   (other->domain == AF_INET6 && other->only_v6 && socket->domain == AF_INET);
    uint32_t v4;
    bool any_meets = (is_any(address) && (socket->domain == AF_INET6 || as_v4(&other->local, &v4) ||
                                          is_any(&other->local))) ||
                     (is_any(&other->local) && (other->domain == AF_INET6 || as_v4(address, &v4)));
    if (!v6_only && (any_meets || same_host(address, &other->local))) {
      return true;
    }
  }
  return false;
}

static void enter(weft_socket *socket, const weft_address *address) {
  socket->local = *address;
  socket->bound = true;
  socket->next_bound = bound;
  bound = socket;
}

int weft_table_bind(weft_socket *socket, const weft_address *wanted) {
  weft_address address = *wanted;
  if (socket->domain == AF_UNIX) {
    if (address.length == sizeof(sa_family_t)) {
      return -EINVAL; /* only Linux takes this for "any name" */
    }
  } else if (weft_address_port(&address) == 0) {
    for (int tries = 0;; tries++) {
      if (tries > EPHEMERAL_LAST - EPHEMERAL_FIRST) {
        return -EADDRINUSE;
      }
      set_port(&address, next_port);
      next_port = next_port == EPHEMERAL_LAST ? EPHEMERAL_FIRST : (uint16_t)(next_port + 1);
      if (!conflicts(socket, &address)) {
        break;
      }
    }
  }
  if (conflicts(socket, &address)) {
    return -EADDRINUSE;
  }
  enter(socket, &address);
  return 0;
}

int weft_table_bind_any(weft_socket *socket) {
  weft_address any;
  weft_address_unnamed(&any, socket->domain);
  return weft_table_bind(socket, &any);
}

void weft_table_remove(weft_socket *socket) {
  for (weft_socket **at = &bound; *at; at = &(*at)->next_bound) {
    if (*at == socket) {
      *at = socket->next_bound;
      return;
    }
  }
}

int weft_unix_node(const weft_address *address, weft_node **out) {
  char path[sizeof address->u.un.sun_path + 1];
  size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
  memcpy(path, address->u.un.sun_path, length);
  path[length] = 0;
  return weft_walk_node(AT_FDCWD, path, true, out);
}
