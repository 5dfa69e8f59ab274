/* What wasm/sys uses of POSIX and Linux and wasi-libc leaves out: included before every file of it. Values that
 * wasi-libc's own programs can hand to the layer do not occur here, so any that collide with nothing will do. */
#ifndef WEFT_SOLO_POSIX_H
#define WEFT_SOLO_POSIX_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>
#include <unistd.h>

/* wasi-libc's own has no room for a name, as it makes entries of what fd_readdir() gives. */
struct weft_dirent {
  ino_t d_ino;
  off_t d_off;
  unsigned short d_reclen;
  unsigned char d_type;
  char d_name[256];
};
#define dirent weft_dirent

#define O_PATH 0x00100000
#define O_TMPFILE 0x00200000
#define O_ASYNC 0
#define O_DIRECT 0
#define O_NOATIME 0
#define AT_EMPTY_PATH 0x1000
#define AT_NO_AUTOMOUNT 0
#undef AT_EACCESS
#define AT_EACCESS 0x200

#define F_DUPFD 100
#define F_DUPFD_CLOEXEC 101
#define F_SETOWN 102
#define F_GETLK 103
#define F_SETLK 104
#define F_SETLKW 105
#define F_SETPIPE_SZ 106
#define F_GETPIPE_SZ 107
#ifndef F_RDLCK
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#endif

#ifndef R_OK
#define R_OK 4
#define W_OK 2
#define X_OK 1
#define F_OK 0
#endif

#define POLLPRI 0x0004

#endif
