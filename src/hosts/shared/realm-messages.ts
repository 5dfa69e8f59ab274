import type { RealmPort } from "./platform.js";

/**
 * What the host realm asks of an idle worker before it starts a thread there: to import a module. The
 * worker answers on the port, first {@link SpawnReady}, then {@link SpawnEnd} when the thread has ended.
 * Messages of the glue's have a `cmd`, this has none.
 */
export interface SpawnRequest {
  readonly weftSpawn: {
    /** The number that `weft_thread_spawn()` will be called with. */
    readonly id: number;
    readonly url: string;
    readonly name: string;
    readonly values: readonly unknown[];
    readonly port: RealmPort;
    /** One word: the worker sets it to 1 after it has posted {@link SpawnEnd}, which is then sure to arrive. */
    readonly posted: Int32Array;
  };
}

/** The thread of a request will not be started. */
export interface SpawnCancel {
  readonly weftCancel: number;
}

/** What is the glue's is none of ours. */
export function isOurs(message: unknown): message is SpawnRequest | SpawnCancel {
  return typeof message === "object" && message !== null && ("weftSpawn" in message || "weftCancel" in message);
}

/** The module is there, or could not be imported. */
export type SpawnReady = { readonly ready: true } | { readonly ready: false; readonly error: unknown };

/** How the function ended. `exception` is a sent reference to a Python exception, `panic` the message of a PanicError. */
export type SpawnEnd =
  | { readonly result: unknown }
  | { readonly error: unknown }
  | { readonly panic: string; readonly cause: unknown; readonly stack: string | undefined }
  | { readonly exception: unknown };
