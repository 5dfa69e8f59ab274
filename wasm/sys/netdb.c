/* Names of hosts, services and protocols. The network ends at this process, so there is
 * one host, known as localhost and by its own name; everything else is an address in
 * digits. These replace functions of the C library that ask the host realm. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/utsname.h>

static const struct service {
  const char *name;
  uint16_t port;
  const char *protocol; /* NULL: both */
} services[] = {
    {"echo", 7, NULL},       {"discard", 9, NULL},   {"daytime", 13, NULL}, {"ftp", 21, "tcp"},
    {"ssh", 22, "tcp"},      {"telnet", 23, "tcp"},  {"smtp", 25, "tcp"},   {"time", 37, NULL},
    {"domain", 53, NULL},    {"tftp", 69, "udp"},    {"http", 80, "tcp"},   {"pop3", 110, "tcp"},
    {"nntp", 119, "tcp"},    {"ntp", 123, "udp"},    {"imap2", 143, "tcp"}, {"snmp", 161, NULL},
    {"ldap", 389, NULL},     {"https", 443, NULL},   {"syslog", 514, "udp"}, {"imaps", 993, "tcp"},
    {"pop3s", 995, "tcp"},
};

static const struct service *service_by_name(const char *name, const char *protocol) {
  for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
    if (strcmp(services[i].name, name) == 0 &&
        (!protocol || !services[i].protocol || strcmp(services[i].protocol, protocol) == 0)) {
      return &services[i];
    }
  }
  return NULL;
}

static const struct service *service_by_port(uint16_t port, const char *protocol) {
  for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
    if (services[i].port == port &&
        (!protocol || !services[i].protocol || strcmp(services[i].protocol, protocol) == 0)) {
      return &services[i];
    }
  }
  return NULL;
}

static int is_own_name(const char *name) {
  struct utsname self;
  return strcasecmp(name, "localhost") == 0 || strcasecmp(name, "localhost.") == 0 ||
         strcasecmp(name, "localhost.localdomain") == 0 ||
         (uname(&self) == 0 && strcasecmp(name, self.nodename) == 0);
}

/* ---- getaddrinfo --------------------------------------------------------------------- */

typedef struct result {
  struct addrinfo info; /* first, so that the caller's pointer is ours */
  union {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
  } address;
  char name[256];
} result;

typedef struct host {
  struct in_addr v4[1];
  struct in6_addr v6[1];
  uint32_t scope;
  int has_v4, has_v6;
} host;

static int find_host(const char *node, int family, int flags, host *out) {
  memset(out, 0, sizeof *out);
  int want4 = family != AF_INET6, want6 = family != AF_INET;
  if (!node) {
    out->has_v4 = want4;
    out->has_v6 = want6;
    out->v4[0].s_addr = htonl(flags & AI_PASSIVE ? INADDR_ANY : INADDR_LOOPBACK);
    out->v6[0] = flags & AI_PASSIVE ? in6addr_any : in6addr_loopback;
    return 0;
  }
  struct in_addr v4;
  if (inet_aton(node, &v4)) {
    if (family == AF_INET6) {
      if (!(flags & AI_V4MAPPED)) {
        return EAI_ADDRFAMILY;
      }
      out->v6[0].s6_addr[10] = out->v6[0].s6_addr[11] = 0xff;
      memcpy(&out->v6[0].s6_addr[12], &v4, 4);
      out->has_v6 = 1;
      return 0;
    }
    out->v4[0] = v4;
    out->has_v4 = 1;
    return 0;
  }
  char text[64];
  const char *percent = strchr(node, '%');
  size_t length = percent ? (size_t)(percent - node) : strlen(node);
  if (length < sizeof text) {
    memcpy(text, node, length);
    text[length] = 0;
    if (inet_pton(AF_INET6, text, &out->v6[0]) == 1) {
      if (family == AF_INET) {
        return EAI_ADDRFAMILY;
      }
      if (percent) {
        char *end;
        out->scope = (uint32_t)strtoul(percent + 1, &end, 10);
        if (*end) {
          return EAI_NONAME;
        }
      }
      out->has_v6 = 1;
      return 0;
    }
  }
  if ((flags & AI_NUMERICHOST) || !is_own_name(node)) {
    return EAI_NONAME;
  }
  out->has_v4 = want4;
  out->has_v6 = want6;
  out->v4[0].s_addr = htonl(INADDR_LOOPBACK);
  out->v6[0] = in6addr_loopback;
  return 0;
}

static int find_port(const char *service, int type, int flags, uint16_t *out, int *only) {
  *out = 0;
  *only = 0;
  if (!service) {
    return 0;
  }
  char *end;
  unsigned long port = strtoul(service, &end, 10);
  if (*service && *end == 0) {
    *out = (uint16_t)port;
    return port > 65535 ? EAI_SERVICE : 0;
  }
  if (flags & AI_NUMERICSERV) {
    return EAI_NONAME;
  }
  const struct service *found =
      service_by_name(service, type == SOCK_STREAM ? "tcp" : type == SOCK_DGRAM ? "udp" : NULL);
  if (!found) {
    return EAI_SERVICE;
  }
  *out = found->port;
  if (found->protocol) {
    *only = strcmp(found->protocol, "tcp") == 0 ? SOCK_STREAM : SOCK_DGRAM;
  }
  return 0;
}

static int append(struct addrinfo ***tail, const host *from, int family, int type, int protocol,
                  uint16_t port) {
  result *item = calloc(1, sizeof *item);
  if (!item) {
    return EAI_MEMORY;
  }
  item->info.ai_family = family;
  item->info.ai_socktype = type;
  item->info.ai_protocol = protocol;
  item->info.ai_addr = (struct sockaddr *)&item->address;
  if (family == AF_INET) {
    item->info.ai_addrlen = sizeof item->address.in;
    item->address.in.sin_family = AF_INET;
    item->address.in.sin_port = htons(port);
    item->address.in.sin_addr = from->v4[0];
  } else {
    item->info.ai_addrlen = sizeof item->address.in6;
    item->address.in6.sin6_family = AF_INET6;
    item->address.in6.sin6_port = htons(port);
    item->address.in6.sin6_addr = from->v6[0];
    item->address.in6.sin6_scope_id = from->scope;
  }
  **tail = &item->info;
  *tail = &item->info.ai_next;
  return 0;
}

void freeaddrinfo(struct addrinfo *list) {
  while (list) {
    struct addrinfo *next = list->ai_next;
    free(list);
    list = next;
  }
}

int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out) {
  static const struct {
    int type, protocol;
  } kinds[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}, {SOCK_RAW, 0}};
  const struct addrinfo none = {0};
  const struct addrinfo *wanted = hints ? hints : &none;
  int family = wanted->ai_family, flags = wanted->ai_flags;
  if (!node && !service) {
    return EAI_NONAME;
  }
  if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6) {
    return EAI_FAMILY;
  }
  if ((flags & AI_CANONNAME) && !node) {
    return EAI_BADFLAGS;
  }
  host found;
  uint16_t port;
  int only;
  int error = find_host(node && *node ? node : NULL, family, flags, &found);
  if (error == 0) {
    error = find_port(service, wanted->ai_socktype, flags, &port, &only);
  }
  struct addrinfo *list = NULL, **tail = &list;
  const int families[] = {AF_INET6, AF_INET};
  for (int f = 0; error == 0 && f < 2; f++) {
    if (!(families[f] == AF_INET ? found.has_v4 : found.has_v6)) {
      continue;
    }
    for (size_t k = 0; error == 0 && k < sizeof kinds / sizeof *kinds; k++) {
      int type = kinds[k].type, protocol = kinds[k].protocol;
      if ((wanted->ai_socktype && wanted->ai_socktype != type) || (only && only != type) ||
          (wanted->ai_protocol && protocol && wanted->ai_protocol != protocol) ||
          (type == SOCK_RAW && (service || (wanted->ai_protocol && !wanted->ai_socktype)))) {
        continue;
      }
      error = append(&tail, &found, families[f], type, protocol ? protocol : wanted->ai_protocol,
                     port);
    }
  }
  if (error == 0 && !list) {
    error = wanted->ai_socktype ? EAI_SOCKTYPE : EAI_SERVICE;
  }
  if (error) {
    freeaddrinfo(list);
    return error;
  }
  if (flags & AI_CANONNAME) {
    result *first = (result *)list;
    snprintf(first->name, sizeof first->name, "%s", node);
    first->info.ai_canonname = first->name;
  }
  *out = list;
  return 0;
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t length, char *restrict node,
                socklen_t node_size, char *restrict service, socklen_t service_size, int flags) {
  char text[INET6_ADDRSTRLEN + 16];
  const void *bytes;
  uint16_t port;
  int loopback;
  uint32_t scope = 0;
  if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in *in = (const void *)address;
    bytes = &in->sin_addr;
    port = ntohs(in->sin_port);
    loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
  } else if (address->sa_family == AF_INET6 && length >= 24) {
    const struct sockaddr_in6 *in6 = (const void *)address;
    bytes = &in6->sin6_addr;
    port = ntohs(in6->sin6_port);
    loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    scope = in6->sin6_scope_id;
  } else {
    return EAI_FAMILY;
  }
  if (node && node_size) {
    const char *name = "localhost";
    if (!loopback || (flags & NI_NUMERICHOST)) {
      if (flags & NI_NAMEREQD) {
        return EAI_NONAME;
      }
      inet_ntop(address->sa_family, bytes, text, INET6_ADDRSTRLEN);
      if (scope) {
        snprintf(text + strlen(text), 16, "%%%u", (unsigned)scope);
      }
      name = text;
    }
    if (strlen(name) >= node_size) {
      return EAI_OVERFLOW;
    }
    strcpy(node, name);
  }
  if (service && service_size) {
    const struct service *found =
        flags & NI_NUMERICSERV ? NULL : service_by_port(port, flags & NI_DGRAM ? "udp" : "tcp");
    int needed = found ? snprintf(service, service_size, "%s", found->name)
                       : snprintf(service, service_size, "%u", (unsigned)port);
    if (needed >= (int)service_size) {
      return EAI_OVERFLOW;
    }
  }
  return 0;
}

/* ---- the older interfaces; their results belong to the calling thread -------------------- */

static _Thread_local struct {
  struct hostent entry;
  struct in_addr v4;
  struct in6_addr v6;
  char *addresses[2];
  char *aliases[1];
  char name[256];
} host_result;

static struct hostent *host_entry(const char *name, int family, const void *address) {
  snprintf(host_result.name, sizeof host_result.name, "%s", name);
  void *place = family == AF_INET ? (void *)&host_result.v4 : (void *)&host_result.v6;
  int length = family == AF_INET ? 4 : 16;
  memcpy(place, address, (size_t)length);
  host_result.addresses[0] = place;
  host_result.addresses[1] = NULL;
  host_result.aliases[0] = NULL;
  host_result.entry = (struct hostent){.h_name = host_result.name,
                                       .h_aliases = host_result.aliases,
                                       .h_addrtype = family,
                                       .h_length = length,
                                       .h_addr_list = host_result.addresses};
  return &host_result.entry;
}

struct hostent *gethostbyname2(const char *name, int family) {
  host found;
  if (find_host(name, family, 0, &found) != 0) {
    h_errno = HOST_NOT_FOUND;
    return NULL;
  }
  return host_entry(name, family, family == AF_INET ? (void *)found.v4 : (void *)found.v6);
}

struct hostent *gethostbyname(const char *name) { return gethostbyname2(name, AF_INET); }

struct hostent *gethostbyaddr(const void *address, socklen_t length, int family) {
  int loopback = family == AF_INET && length == 4    ? ((const uint8_t *)address)[0] == 127
                 : family == AF_INET6 && length == 16
                     ? IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)address)
                     : 0;
  if (!loopback) {
    h_errno = HOST_NOT_FOUND;
    return NULL;
  }
  return host_entry("localhost", family, address);
}

/* The reentrant forms: the thread's own result serves, and the buffer is not needed. */
static int hand_over(struct hostent *found, struct hostent *entry, struct hostent **out,
                     int *error) {
  if (!found) {
    *out = NULL;
    *error = HOST_NOT_FOUND;
    return ENOENT;
  }
  *entry = *found;
  *out = entry;
  return 0;
}

int gethostbyname_r(const char *name, struct hostent *entry, char *buffer, size_t size,
                    struct hostent **out, int *error) {
  (void)buffer;
  (void)size;
  return hand_over(gethostbyname(name), entry, out, error);
}

int gethostbyaddr_r(const void *address, socklen_t length, int family, struct hostent *entry,
                    char *buffer, size_t size, struct hostent **out, int *error) {
  (void)buffer;
  (void)size;
  return hand_over(gethostbyaddr(address, length, family), entry, out, error);
}

static _Thread_local struct servent service_result;

static struct servent *service_entry(const struct service *found, const char *protocol) {
  static char *no_aliases[1];
  if (!found) {
    return NULL;
  }
  const char *its = protocol ? protocol : found->protocol ? found->protocol : "tcp";
  service_result = (struct servent){.s_name = (char *)found->name,
                                    .s_aliases = no_aliases,
                                    .s_port = htons(found->port),
                                    .s_proto = (char *)its};
  return &service_result;
}

struct servent *getservbyname(const char *name, const char *protocol) {
  return service_entry(service_by_name(name, protocol), protocol);
}

struct servent *getservbyport(int port, const char *protocol) {
  return service_entry(service_by_port(ntohs((uint16_t)port), protocol), protocol);
}

static struct protoent *protocol_entry(const char *name, int number) {
  static char *no_aliases[1];
  static struct protoent protocols[] = {
      {"ip", no_aliases, IPPROTO_IP},       {"icmp", no_aliases, IPPROTO_ICMP},
      {"tcp", no_aliases, IPPROTO_TCP},     {"udp", no_aliases, IPPROTO_UDP},
      {"ipv6", no_aliases, IPPROTO_IPV6},   {"ipv6-icmp", no_aliases, IPPROTO_ICMPV6},
  };
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
    if (name ? strcmp(protocols[i].p_name, name) == 0 : protocols[i].p_proto == number) {
      return &protocols[i];
    }
  }
  return NULL;
}

struct protoent *getprotobyname(const char *name) { return protocol_entry(name, 0); }
struct protoent *getprotobynumber(int number) { return protocol_entry(NULL, number); }
