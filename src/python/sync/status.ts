/** `enum weft_sync_kind` in wasm/include/weft_sync.h. */
export const Kind = { mutex: 1, rwlock: 2, once: 3, condition: 4, barrier: 5 } as const;

/** `enum weft_sync_want` */
export const Want = { exclusive: 0, shared: 1, forced: 2 } as const;

/** `enum weft_sync_result` */
export const Result = { wait: -1, ok: 0, busy: 1, interrupted: 2, reentrant: 3, done: 4, poisoned: 5 } as const;

/** `enum weft_sync_once` */
export const OnceState = { empty: 0, running: 1, done: 2, poisoned: 3 } as const;
