import type { Address, Functions } from "./functions.js";

export type { Address } from "./functions.js";

/** The runtime's glue after instantiation, in the realm that owns it. */
export interface GuestModule {
  readonly wasmMemory: WebAssembly.Memory;
  /** The exports of this realm's instance by their names. */
  weftExports(): Functions;
  /** wasm/realm-library.js: takes a worker out of the pool, or makes one. */
  weftTakeWorker(): unknown;
  /** Puts a worker into the pool, where the next thread to start takes it. */
  weftUseWorker(worker: unknown): void;
  _malloc(size: number): Address;
  _free(address: Address): void;
  _weft_threads_configure(
    maximum: number,
    recursionLimit: number,
    hostRecursionLimit: number,
  ): void;
  _weft_stdio_configure(fd: number, kind: number): number;
  _weft_tty_set_size(rows: number, columns: number): void;
  _weft_stdin_push(data: Address, length: number): number;
  _weft_stdin_space(): number;
  _weft_stdin_close(): void;
  _weft_host_mount(guest: Address, host: Address, readOnly: number): number;
  _weft_sys_mkdirs(path: Address): number;
  _weft_sys_write_file(path: Address, data: Address, length: number, mode: number): number;
  _weft_main_argument(argument: Address): number;
  _weft_main_setenv(name: Address, value: Address): number;
  _weft_main_chdir(path: Address): number;
  _weft_main_stdlib(zip: Address, size: number): number;
  _weft_main_start(stackSize: number): number;
  _weft_main_serve(): void;
  _weft_thread_spawn(id: number, stackSize: number): number;
  _weft_main_signal(signal: number): number;
  _weft_main_signal_pending(): number;
  _weft_readline_reply(line: Address, length: number): void;
  _weft_readline_cancel(): void;
}

/** What the glue asks of the realm that owns the runtime (wasm/realm-library.js). */
export interface GuestCallbacks {
  /** Idle workers beyond this many are ended... */
  readonly idleWorkers: number;
  /** ...this many milliseconds after there were more. */
  readonly idleTime: number;
  createWorker(): unknown;
  endWorker(worker: unknown): void;
  /** A thread has ended and left the worker, which is idle now. */
  onThreadGone(worker: unknown): void;
  onEvent(kind: number, a: number, b: number): void;
}

/** Default export of the generated glue (`weft.mjs`). */
export type GuestFactory = (options: {
  weft: GuestCallbacks;
  weftHost: unknown;
  weftPython: unknown;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}) => Promise<GuestModule>;
