#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <sys/un.h>

#include "check.h"

static ssize_t send_bytes(int fd, const void *data, size_t length, int flags,
                          const void *to, socklen_t to_length) {
  struct iovec iov = {(void *)data, length};
  struct msghdr message = {.msg_name = (void *)to, .msg_namelen = to_length};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  return weft_sys_sendmsg(fd, &message, flags);
}

static ssize_t receive(int fd, void *data, size_t length, int flags, struct sockaddr_in *from) {
  struct iovec iov = {data, length};
  struct msghdr message = {.msg_name = from, .msg_namelen = from ? sizeof *from : 0};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  return weft_sys_recvmsg(fd, &message, flags);
}

static struct sockaddr_in address_of(const char *host, int port) {
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, host, &in.sin_addr);
  return in;
}

static int bound(int type, const char *host, struct sockaddr_in *out) {
  int fd = weft_sys_socket(AF_INET, type, 0);
  struct sockaddr_in in = address_of(host, 0);
  socklen_t length = sizeof in;
  EQUAL(weft_sys_bind(fd, (void *)&in, sizeof in), 0);
  EQUAL(weft_sys_getsockname(fd, (void *)out, &length), 0);
  CHECK(length == sizeof in && out->sin_port != 0);
  return fd;
}

static void tcp(void) {
  struct sockaddr_in at, peer, own;
  socklen_t length = sizeof peer;
  char buffer[64];
  int server = bound(SOCK_STREAM, "127.0.0.1", &at);
  int client = weft_sys_socket(AF_INET, SOCK_STREAM, 0);
  EQUAL(weft_sys_connect(client, (void *)&at, sizeof at), -ECONNREFUSED);
  EQUAL(weft_sys_listen(server, 1), 0);
  EQUAL(weft_sys_fcntl(server, F_SETFL, O_NONBLOCK), 0);
  EQUAL(weft_sys_accept(server, NULL, NULL, 0), -EAGAIN);
  EQUAL(weft_sys_connect(client, (void *)&at, sizeof at), 0);
  EQUAL(weft_sys_connect(client, (void *)&at, sizeof at), -EISCONN);
  struct pollfd set = {server, POLLIN, 0};
  EQUAL(weft_sys_poll(&set, 1, 0), 1);
  int conn = weft_sys_accept(server, (void *)&peer, &length, SOCK_CLOEXEC);
  CHECK(conn >= 0);
  length = sizeof own;
  EQUAL(weft_sys_getsockname(client, (void *)&own, &length), 0);
  CHECK(peer.sin_port == own.sin_port && own.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
  EQUAL(send_bytes(client, "hello", 5, 0, NULL, 0), 5);
  EQUAL(receive(conn, buffer, 2, MSG_PEEK, NULL), 2);
  EQUAL(receive(conn, buffer, 10, 0, NULL), 5);
  EQUAL(receive(conn, buffer, 10, MSG_DONTWAIT, NULL), -EAGAIN);
  struct timeval quick = {0, 2000};
  EQUAL(weft_sys_setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &quick, sizeof quick), 0);
  EQUAL(receive(conn, buffer, 10, 0, NULL), -EAGAIN);
  EQUAL(weft_sys_shutdown(client, SHUT_WR), 0);
  EQUAL(receive(conn, buffer, 10, 0, NULL), 0);
  EQUAL(send_bytes(client, "x", 1, 0, NULL, 0), -EPIPE);
  EQUAL(send_bytes(conn, "bye", 3, 0, NULL, 0), 3);
  EQUAL(receive(client, buffer, 3, MSG_WAITALL, NULL), 3);
  set = (struct pollfd){conn, POLLIN | POLLOUT, 0};
  EQUAL(weft_sys_poll(&set, 1, 0), 1);
  EQUAL(set.revents, POLLIN | POLLOUT);
  weft_sys_close(client);
  EQUAL(weft_sys_poll(&set, 1, 0), 1);
  CHECK(set.revents & POLLHUP);
  EQUAL(send_bytes(conn, "x", 1, 0, NULL, 0), 1); /* sent, and answered with a reset */
  EQUAL(send_bytes(conn, "x", 1, 0, NULL, 0), -EPIPE);
  weft_sys_close(conn);
  weft_sys_close(server);
}

static void resets(void) {
  struct sockaddr_in at;
  char buffer[8];
  int server = bound(SOCK_STREAM, "0.0.0.0", &at);
  EQUAL(weft_sys_listen(server, 5), 0);
  int client = weft_sys_socket(AF_INET, SOCK_STREAM, 0);
  EQUAL(weft_sys_connect(client, (void *)&at, sizeof at), 0);
  int conn = weft_sys_accept(server, NULL, NULL, 0);
  EQUAL(send_bytes(client, "unread", 6, 0, NULL, 0), 6);
  weft_sys_close(conn); /* with bytes that nobody read */
  EQUAL(receive(client, buffer, 8, 0, NULL), -ECONNRESET);
  EQUAL(receive(client, buffer, 8, 0, NULL), 0);
  weft_sys_close(client);
  client = weft_sys_socket(AF_INET, SOCK_STREAM, 0);
  EQUAL(weft_sys_connect(client, (void *)&at, sizeof at), 0);
  weft_sys_close(server); /* never accepted */
  EQUAL(receive(client, buffer, 8, 0, NULL), -ECONNRESET);
  weft_sys_close(client);
}

static void udp(void) {
  struct sockaddr_in a_at, b_at, from;
  char buffer[16];
  int a = bound(SOCK_DGRAM, "127.0.0.1", &a_at), b = bound(SOCK_DGRAM, "0.0.0.0", &b_at);
  b_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EQUAL(send_bytes(a, "one", 3, 0, NULL, 0), -EDESTADDRREQ);
  EQUAL(send_bytes(a, "one", 3, 0, &b_at, sizeof b_at), 3);
  EQUAL(send_bytes(a, "twoo", 4, 0, &b_at, sizeof b_at), 4);
  EQUAL(receive(b, buffer, 16, 0, &from), 3);
  EQUAL(from.sin_port, a_at.sin_port);
  EQUAL(receive(b, buffer, 1, 0, &from), 1); /* the rest is cut off */
  EQUAL(receive(b, buffer, 16, MSG_DONTWAIT, NULL), -EAGAIN);
  static char big[70000];
  EQUAL(send_bytes(a, big, sizeof big, 0, &b_at, sizeof b_at), -EMSGSIZE);
  EQUAL(send_bytes(a, "", 0, 0, &b_at, sizeof b_at), 0);
  EQUAL(receive(b, buffer, 16, 0, NULL), 0);
  struct sockaddr_in nowhere = address_of("127.0.0.1", 1), outside = address_of("8.8.8.8", 53);
  EQUAL(send_bytes(a, "x", 1, 0, &nowhere, sizeof nowhere), 1);
  EQUAL(send_bytes(a, "x", 1, 0, &outside, sizeof outside), -ENETUNREACH);
  EQUAL(weft_sys_connect(a, (void *)&nowhere, sizeof nowhere), 0);
  EQUAL(send_bytes(a, "x", 1, 0, NULL, 0), 1);
  EQUAL(send_bytes(a, "x", 1, 0, NULL, 0), -ECONNREFUSED);
  weft_sys_close(a);
  weft_sys_close(b);
}

static void local(void) {
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
  socklen_t length = sizeof un;
  char buffer[8];
  int server = weft_sys_socket(AF_UNIX, SOCK_STREAM, 0);
  EQUAL(weft_sys_bind(server, (void *)&un, sizeof un), 0);
  struct stat st;
  EQUAL(weft_sys_stat(AT, "/tmp/socket", &st, 0), 0);
  CHECK(S_ISSOCK(st.st_mode));
  EQUAL(weft_sys_open(AT, "/tmp/socket", O_RDWR, 0), -ENXIO);
  int other = weft_sys_socket(AF_UNIX, SOCK_STREAM, 0);
  EQUAL(weft_sys_bind(other, (void *)&un, sizeof un), -EADDRINUSE);
  EQUAL(weft_sys_connect(other, (void *)&un, sizeof un), -ECONNREFUSED);
  EQUAL(weft_sys_listen(server, 1), 0);
  EQUAL(weft_sys_connect(other, (void *)&un, sizeof un), 0);
  int conn = weft_sys_accept(server, NULL, NULL, 0);
  EQUAL(weft_sys_getpeername(other, (void *)&un, &length), 0);
  CHECK(length == 2 + 12 && strcmp(un.sun_path, "/tmp/socket") == 0);
  EQUAL(weft_sys_write(conn, "hi", 2), 2);
  EQUAL(weft_sys_read(other, buffer, 8), 2);
  weft_sys_close(server);
  weft_sys_close(conn);
  EQUAL(weft_sys_read(other, buffer, 8), 0);
  weft_sys_close(other);
  other = weft_sys_socket(AF_UNIX, SOCK_STREAM, 0);
  EQUAL(weft_sys_connect(other, (void *)&un, sizeof un), -ECONNREFUSED);
  EQUAL(weft_sys_unlink(AT, "/tmp/socket", 0), 0);
  EQUAL(weft_sys_connect(other, (void *)&un, sizeof un), -ENOENT);
  weft_sys_close(other);
  int pair[2];
  EQUAL(weft_sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
  EQUAL(weft_sys_write(pair[0], "a", 1), 1);
  EQUAL(weft_sys_write(pair[0], "bc", 2), 2);
  EQUAL(weft_sys_read(pair[1], buffer, 8), 1);
  EQUAL(weft_sys_read(pair[1], buffer, 8), 2);
  weft_sys_close(pair[1]);
  EQUAL(weft_sys_write(pair[0], "a", 1), -ECONNREFUSED);
  weft_sys_close(pair[0]);
  int value;
  length = sizeof value;
  server = weft_sys_socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
  EQUAL(weft_sys_getsockopt(server, SOL_SOCKET, SO_TYPE, &value, &length), 0);
  EQUAL(value, SOCK_STREAM);
  value = 1;
  EQUAL(weft_sys_setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value), 0);
  EQUAL(weft_sys_getsockopt(server, SOL_SOCKET, 12345, &value, &length), -ENOPROTOOPT);
  EQUAL(weft_sys_getsockopt(0, SOL_SOCKET, SO_TYPE, &value, &length), -ENOTSOCK);
  weft_sys_close(server);
  EQUAL(weft_sys_socket(AF_APPLETALK, SOCK_STREAM, 0), -EAFNOSUPPORT);
}

/* Clients that connect, exchange a random amount and hang up; servers that accept in
 * several threads. Every client gets back what it sent. */
enum { CLIENTS = 4, SERVERS = 3, CONNECTIONS = 100 };
static int listener;
static struct sockaddr_in listener_at;

static void *serve(void *argument) {
  (void)argument;
  static _Thread_local char buffer[4096];
  int conn;
  while ((conn = weft_sys_accept(listener, NULL, NULL, 0)) >= 0) {
    ssize_t got;
    while ((got = weft_sys_read(conn, buffer, sizeof buffer)) > 0) {
      for (ssize_t at = 0; at < got;) {
        ssize_t part = weft_sys_write(conn, buffer + at, (size_t)(got - at));
        CHECK(part > 0);
        at += part > 0 ? part : got;
      }
    }
    EQUAL(got, 0);
    weft_sys_close(conn);
  }
  EQUAL(conn, -EINVAL); /* shut down */
  return NULL;
}

static void *call(void *argument) {
  uint32_t seed = (uint32_t)(intptr_t)argument + 1000;
  static _Thread_local char sent[3000], back[3000];
  for (int i = 0; i < CONNECTIONS; i++) {
    int fd = weft_sys_socket(AF_INET, SOCK_STREAM, 0);
    EQUAL(weft_sys_connect(fd, (void *)&listener_at, sizeof listener_at), 0);
    for (int round = 0; round < 3; round++) {
      size_t length = check_random(&seed) % sizeof sent + 1;
      for (size_t k = 0; k < length; k++) {
        sent[k] = (char)check_random(&seed);
      }
      EQUAL(send_bytes(fd, sent, length, 0, NULL, 0), length);
      EQUAL(receive(fd, back, length, MSG_WAITALL, NULL), length);
      CHECK(memcmp(sent, back, length) == 0);
    }
    if (i % 2) {
      EQUAL(weft_sys_shutdown(fd, SHUT_WR), 0);
      EQUAL(receive(fd, back, 1, 0, NULL), 0);
    }
    weft_sys_close(fd);
  }
  return NULL;
}

static void storm(void) {
  pthread_t clients[CLIENTS], servers[SERVERS];
  listener = bound(SOCK_STREAM, "127.0.0.1", &listener_at);
  EQUAL(weft_sys_listen(listener, 100), 0);
  check_spawn(servers, SERVERS, serve);
  check_spawn(clients, CLIENTS, call);
  check_join(clients, CLIENTS);
  EQUAL(weft_sys_shutdown(listener, SHUT_RDWR), 0);
  check_join(servers, SERVERS);
  weft_sys_close(listener);
  int fd = weft_sys_dup(0);
  EQUAL(fd, 3); /* nothing leaked */
  weft_sys_close(fd);
}

/* Two threads, one of which may close its socket at any time while the other sends,
 * receives and polls. */
static int pair[2];

static void *hang_up(void *argument) {
  char buffer[512];
  int rounds = (int)(intptr_t)argument;
  for (int i = 0; i < rounds; i++) {
    weft_sys_read(pair[1], buffer, sizeof buffer);
  }
  weft_sys_close(pair[1]);
  return NULL;
}

static void hang_ups(void) {
  static char data[30000];
  for (int i = 0; i < 300; i++) {
    EQUAL(weft_sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, hang_up, (void *)(intptr_t)(i % 5));
    ssize_t done;
    do {
      done = weft_sys_write(pair[0], data, sizeof data);
      struct pollfd set = {pair[0], POLLIN | POLLOUT, 0};
      CHECK(weft_sys_poll(&set, 1, -1) == 1);
    } while (done > 0);
    CHECK(done == -EPIPE || done == -ECONNRESET);
    pthread_join(thread, NULL);
    weft_sys_close(pair[0]);
  }
}

CHECK_MAIN("sockets", {"tcp", tcp}, {"resets", resets}, {"udp", udp}, {"local", local},
           {"storm", storm}, {"hang_ups", hang_ups})
