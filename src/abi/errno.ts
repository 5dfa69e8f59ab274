/**
 * Error numbers of the guest: WASI's, as Emscripten's C library has them, and that
 * library's own above 99. They differ from the host's; only names are portable.
 */
export const errno = {
  E2BIG: 1,
  EACCES: 2,
  EADDRINUSE: 3,
  EADDRNOTAVAIL: 4,
  EAFNOSUPPORT: 5,
  EAGAIN: 6,
  EALREADY: 7,
  EBADF: 8,
  EBADMSG: 9,
  EBUSY: 10,
  ECANCELED: 11,
  ECHILD: 12,
  ECONNABORTED: 13,
  ECONNREFUSED: 14,
  ECONNRESET: 15,
  EDEADLK: 16,
  EDESTADDRREQ: 17,
  EDOM: 18,
  EDQUOT: 19,
  EEXIST: 20,
  EFAULT: 21,
  EFBIG: 22,
  EHOSTUNREACH: 23,
  EIDRM: 24,
  EILSEQ: 25,
  EINPROGRESS: 26,
  EINTR: 27,
  EINVAL: 28,
  EIO: 29,
  EISCONN: 30,
  EISDIR: 31,
  ELOOP: 32,
  EMFILE: 33,
  EMLINK: 34,
  EMSGSIZE: 35,
  EMULTIHOP: 36,
  ENAMETOOLONG: 37,
  ENETDOWN: 38,
  ENETRESET: 39,
  ENETUNREACH: 40,
  ENFILE: 41,
  ENOBUFS: 42,
  ENODEV: 43,
  ENOENT: 44,
  ENOEXEC: 45,
  ENOLCK: 46,
  ENOLINK: 47,
  ENOMEM: 48,
  ENOMSG: 49,
  ENOPROTOOPT: 50,
  ENOSPC: 51,
  ENOSYS: 52,
  ENOTCONN: 53,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  ENOTRECOVERABLE: 56,
  ENOTSOCK: 57,
  ENOTTY: 59,
  ENXIO: 60,
  EOVERFLOW: 61,
  EOWNERDEAD: 62,
  EPERM: 63,
  EPIPE: 64,
  EPROTO: 65,
  EPROTONOSUPPORT: 66,
  EPROTOTYPE: 67,
  ERANGE: 68,
  EROFS: 69,
  ESPIPE: 70,
  ESRCH: 71,
  ESTALE: 72,
  ETIMEDOUT: 73,
  ETXTBSY: 74,
  EXDEV: 75,
  EOPNOTSUPP: 138,
  ENOTSUP: 138,
  EPFNOSUPPORT: 139,
  ESHUTDOWN: 140,
  EHOSTDOWN: 142,
} as const;

/** Name of an error that the guest knows, as in `"ENOENT"`. */
export type ErrnoName = keyof typeof errno;

/**
 * The guest's number for an exception of a host function, by its `code`. An error
 * without a known code becomes `EIO`, one about arguments `EINVAL`, one about what the program is not
 * permitted to do `EACCES`.
 */
export function errnoOf(error: unknown): number {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (typeof code === "string") {
    if (Object.hasOwn(errno, code)) {
      return errno[code as ErrnoName];
    }
    if (code.startsWith("ERR_INVALID_ARG") || code === "ERR_OUT_OF_RANGE") {
      return errno.EINVAL;
    }
  }
  if (code === "ERR_ACCESS_DENIED" || (error instanceof Error && error.name === "NotCapable")) {
    return errno.EACCES;
  }
  return errno.EIO;
}
