/* The user and group databases: ourselves, and the owner of what nobody here owns.
 * Emscripten's C library leaves most functions open (weak); the link wraps the rest
 * (--wrap in cpython-build/recipe.json). */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>

#include "sys.h"

static const struct {
  const char *name;
  uint32_t id; /* user and group alike */
  const char *home;
} known[] = {{"root", 0, "/"}, {"weft", WEFT_UID, "/home/weft"}};
enum { KNOWN = sizeof known / sizeof *known };

static int by_name(const char *name) {
  for (int i = 0; i < KNOWN; i++) {
    if (strcmp(known[i].name, name) == 0) {
      return i;
    }
  }
  return -1;
}

static int by_id(uint32_t id) {
  for (int i = 0; i < KNOWN; i++) {
    if (known[i].id == id) {
      return i;
    }
  }
  return -1;
}

/* Copies into the caller's buffer, or tells that it is too small. */
static char *keep(char **buffer, size_t *size, const char *text) {
  size_t length = strlen(text) + 1;
  if (length > *size) {
    return NULL;
  }
  char *copy = memcpy(*buffer, text, length);
  *buffer += length;
  *size -= length;
  return copy;
}

static int user(int which, struct passwd *entry, char *buffer, size_t size, struct passwd **out) {
  *out = NULL;
  if (which < 0) {
    return 0;
  }
  entry->pw_uid = known[which].id;
  entry->pw_gid = known[which].id;
  entry->pw_name = keep(&buffer, &size, known[which].name);
  entry->pw_passwd = keep(&buffer, &size, "x");
  entry->pw_gecos = keep(&buffer, &size, "");
  entry->pw_dir = keep(&buffer, &size, known[which].home);
  entry->pw_shell = keep(&buffer, &size, "/bin/sh");
  if (!entry->pw_name || !entry->pw_passwd || !entry->pw_gecos || !entry->pw_dir ||
      !entry->pw_shell) {
    return ERANGE;
  }
  *out = entry;
  return 0;
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
               struct passwd **out) {
  return user(by_name(name), entry, buffer, size, out);
}

int getpwuid_r(uid_t id, struct passwd *entry, char *buffer, size_t size, struct passwd **out) {
  return user(by_id(id), entry, buffer, size, out);
}

static char *no_members[1];

static int group(int which, struct group *entry, char *buffer, size_t size, struct group **out) {
  *out = NULL;
  if (which < 0) {
    return 0;
  }
  entry->gr_gid = known[which].id;
  entry->gr_name = keep(&buffer, &size, known[which].name);
  entry->gr_passwd = keep(&buffer, &size, "x");
  entry->gr_mem = no_members;
  if (!entry->gr_name || !entry->gr_passwd) {
    return ERANGE;
  }
  *out = entry;
  return 0;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size,
               struct group **out) {
  return group(by_name(name), entry, buffer, size, out);
}

int getgrgid_r(gid_t id, struct group *entry, char *buffer, size_t size, struct group **out) {
  return group(by_id(id), entry, buffer, size, out);
}

/* Not reentrant by contract: the place in the list, and the entry, are the thread's. */
static _Thread_local struct {
  int next;
  struct group entry;
  char text[32];
} listing;

void setgrent(void) { listing.next = 0; }
void endgrent(void) { listing.next = 0; }

struct group *getgrent(void) {
  struct group *out = NULL;
  if (listing.next < KNOWN) {
    group(listing.next++, &listing.entry, listing.text, sizeof listing.text, &out);
  }
  return out;
}

static struct group *find_group(int which) {
  struct group *out = NULL;
  group(which, &listing.entry, listing.text, sizeof listing.text, &out);
  return out;
}

struct group *getgrnam(const char *name) { return find_group(by_name(name)); }
struct group *getgrgid(gid_t id) { return find_group(by_id(id)); }

#ifdef __EMSCRIPTEN__

/* As `listing`, for users. */
static _Thread_local struct {
  int next;
  struct passwd entry;
  char text[256];
} user_listing;

static struct passwd *find_user(int which) {
  struct passwd *out = NULL;
  int error = user(which, &user_listing.entry, user_listing.text, sizeof user_listing.text, &out);
  if (error != 0) {
    errno = error;
  }
  return out;
}

void setpwent(void) { user_listing.next = 0; }
void endpwent(void) { user_listing.next = 0; }

struct passwd *__wrap_getpwent(void);
struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwuid(uid_t id);

struct passwd *__wrap_getpwent(void) {
  return user_listing.next < KNOWN ? find_user(user_listing.next++) : NULL;
}
struct passwd *__wrap_getpwnam(const char *name) { return find_user(by_name(name)); }
struct passwd *__wrap_getpwuid(uid_t id) { return find_user(by_id(id)); }

#endif
