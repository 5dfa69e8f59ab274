/* wasi-libc has no statfs(); wasm/sys only needs the type. */
#ifndef WEFT_SOLO_STATFS_H
#define WEFT_SOLO_STATFS_H
#include <stdint.h>
struct statfs {
  unsigned long f_type, f_bsize;
  uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
  struct { int __val[2]; } f_fsid;
  unsigned long f_namelen, f_frsize, f_flags, f_spare[4];
};
#endif
