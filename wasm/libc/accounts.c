/* The only user and group of the guest, for pwd, grp and os.path.expanduser().
 *
 * Emscripten's own functions fail with ENOENT even for the ids that getuid()
 * gives. The records are constant: callers get pointers to shared memory that
 * nobody writes.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static char account_name[] = "weft";
static char no_password[] = "x";
static char *no_members[] = {NULL};

/* The ids are asked for each time, because other code decides them. */
static struct passwd user_record(void) {
  static char gecos[] = "Weft", home[] = "/home/weft", shell[] = "/bin/sh";
  return (struct passwd){
    .pw_name = account_name, .pw_passwd = no_password, .pw_uid = getuid(), .pw_gid = getgid(),
    .pw_gecos = gecos, .pw_dir = home, .pw_shell = shell,
  };
}

static struct group group_record(void) {
  return (struct group){
    .gr_name = account_name, .gr_passwd = no_password, .gr_gid = getgid(), .gr_mem = no_members};
}

/* POSIX lets these return a buffer that the next call overwrites; per thread, it is safe. */
static _Thread_local struct passwd last_user;
static _Thread_local struct group last_group;
static _Thread_local int users_listed, groups_listed;

static struct passwd *give_user(int found) {
  if (!found) {
    return NULL;
  }
  last_user = user_record();
  return &last_user;
}

static struct group *give_group(int found) {
  if (!found) {
    return NULL;
  }
  last_group = group_record();
  return &last_group;
}

/* Emscripten defines three of them in an object that is linked anyway; `--wrap` (see the
 * link flags) sends all calls of those to these. */
struct passwd *__wrap_getpwnam(const char *name);
struct passwd *__wrap_getpwuid(uid_t uid);
struct passwd *__wrap_getpwent(void);

struct passwd *__wrap_getpwnam(const char *name) { return give_user(strcmp(name, account_name) == 0); }
struct passwd *__wrap_getpwuid(uid_t uid) { return give_user(uid == getuid()); }
struct group *getgrnam(const char *name) { return give_group(strcmp(name, account_name) == 0); }
struct group *getgrgid(gid_t gid) { return give_group(gid == getgid()); }

/* The strings are constant, so the caller's buffer is not needed. */
static int copy_user(struct passwd *found, struct passwd *to, struct passwd **result) {
  if (found) {
    *to = *found;
  }
  *result = found ? to : NULL;
  return 0;
}

static int copy_group(struct group *found, struct group *to, struct group **result) {
  if (found) {
    *to = *found;
  }
  *result = found ? to : NULL;
  return 0;
}

int getpwnam_r(const char *name, struct passwd *to, char *buffer, size_t size, struct passwd **result) {
  (void)buffer, (void)size;
  return copy_user(getpwnam(name), to, result);
}

int getpwuid_r(uid_t uid, struct passwd *to, char *buffer, size_t size, struct passwd **result) {
  (void)buffer, (void)size;
  return copy_user(getpwuid(uid), to, result);
}

int getgrnam_r(const char *name, struct group *to, char *buffer, size_t size, struct group **result) {
  (void)buffer, (void)size;
  return copy_group(getgrnam(name), to, result);
}

int getgrgid_r(gid_t gid, struct group *to, char *buffer, size_t size, struct group **result) {
  (void)buffer, (void)size;
  return copy_group(getgrgid(gid), to, result);
}

struct passwd *__wrap_getpwent(void) { return give_user(!users_listed++); }
void setpwent(void) { users_listed = 0; }
void endpwent(void) { users_listed = 0; }
struct group *getgrent(void) { return give_group(!groups_listed++); }
void setgrent(void) { groups_listed = 0; }
void endgrent(void) { groups_listed = 0; }
