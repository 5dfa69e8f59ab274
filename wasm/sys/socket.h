/* Sockets of a network that ends at this process: stream and datagram sockets of the
 * Unix, IPv4 and IPv6 families that reach each other and nobody else.
 *
 * One lock, the net lock, guards the states of all sockets, the tables of bound
 * addresses, the queues of connections to be accepted and of datagrams. The bytes of a
 * connection are in two channels with locks of their own (taken after the net lock).
 * A socket belongs to one description and dies with it; other sockets reach it only
 * through the tables and `partner`, under the net lock. `in` and `out` are set once,
 * when the socket is connected, and freed with the socket: whoever holds a reference
 * to the description and has seen them under the lock may use them without it. */
#ifndef WEFT_SOCKET_H
#define WEFT_SOCKET_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "channel.h"

typedef struct weft_address {
  socklen_t length; /* 0: none */
  union {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
  } u;
} weft_address;

typedef struct weft_datagram {
  struct weft_datagram *next;
  weft_address from;
  size_t length;
  uint8_t bytes[];
} weft_datagram;

typedef struct weft_option {
  struct weft_option *next;
  int level, name;
  socklen_t length;
  uint8_t value[64];
} weft_option;

enum { WEFT_BACKLOG_MAX = 4096, WEFT_DATAGRAM_MAX = 65507, WEFT_DATAGRAM_QUEUE = 212992 };

typedef struct weft_socket {
  int domain, type, protocol; /* never change */
  /* Under the net lock: */
  weft_waitq queue; /* POLLIN: connections, datagrams; POLLOUT: room for datagrams; any: state */
  bool bound, listening, connected;
  bool read_shut, write_shut;
  weft_address local, peer;
  weft_node *node;                /* a bound Unix path's; owned */
  struct weft_socket *next_bound; /* in the table of bound sockets */
  struct weft_socket *pending, *last_pending, *next_pending;
  uint32_t pending_count;
  weft_channel *in, *out;
  weft_datagram *first, **last;
  size_t queued;
  struct weft_socket *partner; /* the other one of a datagram socketpair */
  int error;                   /* SO_ERROR */
  bool reuse_address, reuse_port, only_v6, linger_reset;
  int64_t receive_timeout, send_timeout; /* ns; < 0: none */
  weft_option *options;
} weft_socket;

extern pthread_mutex_t weft_net_lock;
extern const weft_file_ops weft_socket_ops;

/* ---- sockaddr.c; under the net lock unless said otherwise ------------------------- */

/* Copies and checks a caller's address for a socket's family. Takes no lock. */
int weft_address_get(weft_address *out, int domain, const struct sockaddr *address,
                     socklen_t length);
/* Copies to a caller's buffer, cutting as the interface wants it. Takes no lock. */
void weft_address_put(const weft_address *address, struct sockaddr *out, socklen_t *length);
bool weft_address_equal(const weft_address *a, const weft_address *b);
/* What getsockname() tells of a socket without an address. */
void weft_address_unnamed(weft_address *out, int domain);
/* The same port on a loopback address, when the address is "any". */
void weft_address_concrete(weft_address *address);
/* Whether an internet address is on this network at all. */
bool weft_address_is_local(const weft_address *address);
uint16_t weft_address_port(const weft_address *address);
int weft_table_bind(weft_socket *socket, const weft_address *address); /* internet, abstract */
int weft_table_bind_any(weft_socket *socket);                          /* an ephemeral port */
void weft_table_remove(weft_socket *socket);
/* The socket that something sent to `address` reaches. */
weft_socket *weft_table_find(const weft_address *address, int type);
/* The node of a Unix path; must not be called under the net lock. */
int weft_unix_node(const weft_address *address, weft_node **out);
/* Whether an address is a path, as opposed to abstract or unnamed. */
bool weft_address_is_path(const weft_address *address);

/* ---- sockio.c ------------------------------------------------------------------------- */

/* Under the net lock. */
void weft_datagrams_free(weft_socket *socket);
ssize_t weft_socket_send(weft_file *file, const struct iovec *iov, int count, int flags,
                         const struct sockaddr *to, socklen_t to_length);
/* `from` may be NULL; *out_flags gets MSG_TRUNC. */
ssize_t weft_socket_receive(weft_file *file, const struct iovec *iov, int count, int flags,
                            weft_address *from, int *out_flags);
int weft_socket_available(weft_socket *socket);

#endif
