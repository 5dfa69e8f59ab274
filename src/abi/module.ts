import "./webassembly-names.js";
import type { Functions } from "./functions.js";

export type { Address } from "./functions.js";

/** The runtime's glue after instantiation, in the realm that owns it. */
export interface GuestGlue {
  readonly wasmMemory: WebAssembly.Memory;
  /** The functions of this realm's instance by their names; made by the first call (wasm/functions-library.js). */
  weftFunctions(): Functions;
  /** wasm/realm-library.js: takes a worker out of the pool, or makes one. */
  weftTakeWorker(): unknown;
  /** Puts a worker into the pool, where the next thread to start takes it. */
  weftUseWorker(worker: unknown): void;
  /** Gives a worker that is not of the pool the module and the memory. Workers with `weftJoined` stay out of the pool. */
  weftLoadWorker(worker: unknown): Promise<unknown>;
  /** Takes such a worker out of the pool, where `weftUseWorker` put it and no thread was started. */
  weftForgetWorker(worker: unknown): void;
}

/** The glue, and the functions that it has made once. */
export type GuestModule = GuestGlue & { readonly functions: Functions };

/** What the glue asks of the realm that owns the runtime (wasm/realm-library.js). */
export interface GuestCallbacks {
  /** Idle workers beyond this many are ended... */
  readonly idleWorkers: number;
  /** ...when they were idle from one look at them to the next. Calls `look` once, later, if the program has not ended by then. */
  afterIdleTime(look: () => void): void;
  createWorker(): unknown;
  endWorker(worker: unknown): void;
  /**
   * Whether a thread may be started in a worker that is not loaded yet. Not so in a realm whose event loop new workers
   * need, while guest code runs there that may wait for the thread.
   */
  mayMakeWorkers(): boolean;
  /** There was none that is loaded: the thread is not started. Never calls guest code that may wait. */
  onThreadRefused(): void;
  /** A thread has ended and left the worker, which is idle now. */
  onThreadGone(worker: unknown): void;
  onEvent(kind: number, a: number, b: number): void;
}

/** Default export of the generated glue (`weft.mjs`). */
export type GuestFactory = (options: {
  weft: GuestCallbacks;
  weftHost: unknown;
  weftPython: unknown;
  wasmMemory: WebAssembly.Memory;
  instantiateWasm(
    imports: Record<string, Record<string, unknown>>,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}) => Promise<GuestGlue>;
