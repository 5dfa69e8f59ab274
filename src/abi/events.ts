/**
 * Events that the guest sends to the host realm.
 *
 * Source: `enum weft_event` in wasm/include/weft_main.h; a test compares the two.
 */
export const GuestEvent = {
  /** `a`: exit status. */
  exit: 1,
  /** A thread waits for standard input. */
  stdin: 2,
  /** `a`: address of the NUL-terminated prompt, freed by the host with `_free`. */
  readline: 3,
  /** `a`: address of a NUL-terminated message, freed by the host with `_free`. */
  crash: 4,
  /** `a`: milliseconds until SIGALRM, 0 cancels; `b`: milliseconds between later ones, 0 for none. */
  timer: 5,
  /** `a`: 1 when the terminal is to be raw, 0 when cooked. */
  tty: 6,
  /** A serving main thread is there: host threads may attach. */
  ready: 7,
  /** `a`: address of the job that has ended; the host frees it. */
  job: 8,
  /** `a`: address of what a thread wrote: descriptor and length, 32 bits each, and the bytes; freed by the host with `_free`. */
  output: 10,
  /** `a`: address of a request of another realm's thread, to be answered. */
  request: 9,
  /** Python has let go of values of the host realm's. */
  released: 11,
} as const;

/** What a standard stream is: `enum weft_stdio_kind` in wasm/include/weft_sys.h. */
export const StdioKind = { none: 0, tty: 1, pipe: 2, file: 3 } as const;

/** One of {@link StdioKind}'s values. */
export type StdioKind = (typeof StdioKind)[keyof typeof StdioKind];
