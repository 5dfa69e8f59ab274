import type { PortableCallOptions, PortableInterpreter, PortableOptions } from "../portable/interpreter.js";
import { PythonError } from "../portable/python-error.js";
import { decode, decodeError, encode, encodeError } from "./values.js";
import type { Waiting } from "./waiting.js";
import { wasiImports } from "./wasi.js";
import type * as Component from "./generated/interfaces/weft-python-interpreter.js";
import type { Wait } from "./generated/interfaces/weft-python-host.js";
import type { Error as Failure, Value } from "./generated/interfaces/weft-python-types.js";

/** Made for JavaScript Promise Integration, all of them give promises. */
type Exports = {
  readonly [Name in keyof typeof Component]: (...values: Parameters<(typeof Component)[Name]>) => ReturnType<(typeof Component)[Name]> | Promise<ReturnType<(typeof Component)[Name]>>;
};

/** Milliseconds that a program may keep a thread that must not block, before the thread's other work has its turn. */
const TURN = 16;

/** Milliseconds; a timer for longer would end at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What jco made of the component, and how its wasm is found. */
export interface SoloFiles {
  readonly instantiate: (
    getCoreModule: (name: string) => Promise<WebAssembly.Module>,
    imports: Record<string, unknown>,
    instantiateCore?: (module: WebAssembly.Module, imports: Record<string, unknown>) => Promise<WebAssembly.Instance>,
  ) => Promise<{ readonly interpreter: Exports }>;
  readonly module: (name: string) => Promise<WebAssembly.Module>;
}

/** What runs in an interpreter, seen from its host. */
interface Program {
  interrupted: boolean;
  /** Ends its sleep early. */
  wake: (() => void) | undefined;
  /** When the thread's other work had its last turn. */
  turn: number;
}

/** What the component imports of us. */
interface Host {
  call(number: number, positional: Value, named: Value): Value;
  release(number: number): void;
  interrupted(): boolean | Promise<boolean>;
  sleep(nanoseconds: bigint): Wait | Promise<Wait>;
}

/** What the platform does by default with the standard streams. */
export interface SoloPlatform {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Functions of the host's that Python refers to. */
class Functions {
  readonly #calls = new Map<number, (...values: never[]) => unknown>();
  #last = 0;

  readonly register = (call: (...values: never[]) => unknown): number => {
    this.#calls.set(++this.#last, call);
    return this.#last;
  };

  release(number: number): void {
    this.#calls.delete(number);
  }

  call(number: number, positional: Value, named: Value): Value {
    const call = this.#calls.get(number);
    if (!call) {
      throw [{ typeName: "RuntimeError", message: `the host has no function ${number} any more`, traceback: "" }];
    }
    let result: unknown;
    try {
      const keywords = decode(named) as Record<string, unknown>;
      const values = decode(positional) as never[];
      result = call(...values, ...(Object.keys(keywords).length === 0 ? [] : [keywords as never]));
      if (typeof (result as { then?: unknown } | null | undefined)?.then === "function") {
        throw new TypeError("the function gave a promise, and Python cannot wait for it in the solo profile; the threaded profile can");
      }
      return encode(result, this.register);
    } catch (error) {
      // jco makes an error record of what is thrown.
      throw encodeError(error);
    }
  }
}

/** The component as a {@link PortableInterpreter}. */
export class SoloInterpreter implements PortableInterpreter {
  readonly profile = "solo";
  readonly reason: string;
  readonly #exports: Exports;
  readonly #functions: Functions;
  readonly #program: Program;
  #queue: Promise<unknown> = Promise.resolve();
  #end: Promise<number> | undefined;
  /** Why no call can be made any more. */
  #broken: unknown;

  /** @internal */
  constructor(exports: Exports, functions: Functions, program: Program, reason: string) {
    this.#exports = exports;
    this.#functions = functions;
    this.#program = program;
    this.reason = reason;
  }

  async run(code: string, options?: PortableCallOptions): Promise<void> {
    await this.#enter(() => this.#exports.run(code), options);
  }

  eval(code: string, options?: PortableCallOptions): Promise<unknown> {
    return this.#enter(async () => decode(await this.#exports.eval(code)), options);
  }

  call(callable: string, positional: readonly unknown[] = [], named: Readonly<Record<string, unknown>> = {}, options?: PortableCallOptions): Promise<unknown> {
    const { register } = this.#functions;
    return this.#enter(async () => decode(await this.#exports.call(callable, encode([...positional], register), encode({ ...named }, register))), options);
  }

  get(name: string): Promise<unknown> {
    return this.#enter(async () => decode(await this.#exports.get(name)));
  }

  async set(name: string, value: unknown): Promise<void> {
    await this.#enter(() => this.#exports.set(name, encode(value, this.#functions.register)));
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#enter(() => this.#exports.readFile(path));
  }

  async writeFile(path: string, data: Uint8Array | string): Promise<void> {
    await this.#enter(() => this.#exports.writeFile(path, typeof data === "string" ? new TextEncoder().encode(data) : data));
  }

  listFolder(path: string): Promise<string[]> {
    return this.#enter(async () => (await this.#exports.listFolder(path)).sort());
  }

  async remove(path: string): Promise<void> {
    await this.#enter(() => this.#exports.remove(path));
  }

  interrupt(): void {
    this.#program.interrupted = true;
    this.#program.wake?.();
  }

  dispose(): Promise<number> {
    return (this.#end ??= this.#enter(() => this.#exports.dispose()).then((status) => {
      this.#broken = new TypeError("the interpreter was disposed; make another one");
      return status;
    }));
  }

  /** One call after the other: a component must not be entered while it is in another call. */
  #enter<T>(call: () => T | Promise<T>, { signal }: PortableCallOptions = {}): Promise<T> {
    const result = this.#queue.then(async () => {
      signal?.throwIfAborted();
      if (this.#broken !== undefined) {
        throw this.#broken;
      }
      // An interrupt is for what runs, not for what comes after it.
      this.#program.interrupted = false;
      this.#program.turn = performance.now();
      const abort = (): void => {
        this.interrupt();
      };
      signal?.addEventListener("abort", abort);
      try {
        return await call();
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : this.#failure(error);
      } finally {
        signal?.removeEventListener("abort", abort);
      }
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** An exception of Python's; anything else broke the instance, which has unfinished frames on its stack. */
  #failure(error: unknown): unknown {
    const payload = (error as { payload?: Failure }).payload;
    if (Array.isArray(payload)) {
      return decodeError(payload);
    }
    if (error instanceof TypeError && this.#broken === undefined && error.message.includes("Python")) {
      return error;
    }
    this.#broken = new Error("the interpreter ended in the middle of a call; make another one", { cause: error });
    return error;
  }
}

/** The host's part where this thread may block, or cannot wait at all. */
function standingHost(program: Program, sleep: ((milliseconds: number) => void) | undefined): Pick<Host, "interrupted" | "sleep"> {
  return {
    interrupted: () => takeInterrupt(program),
    sleep: (nanoseconds) => {
      if (takeInterrupt(program)) {
        return "interrupted";
      }
      if (!sleep) {
        return "impossible";
      }
      // By the clock that Python sees: browsers round it, and shift what they round by chance.
      const end = performance.now() + Number(nanoseconds) / 1e6;
      for (let left; (left = end - performance.now()) > 0; ) {
        sleep(left);
      }
      return "done";
    },
  };
}

/** The host's part where the engine sets the component aside, so that this thread goes on meanwhile. */
function suspendingHost(program: Program): Pick<Host, "interrupted" | "sleep"> {
  return {
    interrupted: async () => {
      if (performance.now() - program.turn > TURN) {
        await otherWork();
        program.turn = performance.now();
      }
      return takeInterrupt(program);
    },
    sleep: async (nanoseconds) => {
      const end = performance.now() + Number(nanoseconds) / 1e6;
      for (let left; !program.interrupted && (left = end - performance.now()) > 0; ) {
        const pause = Math.min(left, LONGEST_TIMER);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, pause);
          program.wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        program.wake = undefined;
        program.turn = performance.now();
      }
      return takeInterrupt(program) ? "interrupted" : "done";
    },
  };
}

function takeInterrupt(program: Program): boolean {
  const { interrupted } = program;
  program.interrupted = false;
  return interrupted;
}

/** A turn of the event loop; timers would be slowed down. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    (port1 as unknown as { onmessage: () => void }).onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/**
 * Makes an instance of the component and starts Python in it.
 * @param waiting `suspend` takes files that jco made for JavaScript Promise Integration.
 */
export async function startSolo(files: SoloFiles, waiting: Waiting, platform: SoloPlatform, options: PortableOptions, reason: string): Promise<SoloInterpreter> {
  const functions = new Functions();
  const program: Program = { interrupted: false, wake: undefined, turn: performance.now() };
  const { stdin } = options;
  const host: Host = {
    call: (number, positional, named) => functions.call(number, positional, named),
    release: (number) => {
      functions.release(number);
    },
    ...(waiting.kind === "suspend" ? suspendingHost(program) : standingHost(program, waiting.kind === "block" ? waiting.sleep : undefined)),
  };
  const { interpreter } = await files.instantiate(files.module, {
    ...wasiImports({
      stdout: textSink(options.stdout ?? platform.stdout),
      stderr: textSink(options.stderr ?? platform.stderr),
      stdin: () => {
        const line = stdin?.() ?? null;
        return line === null || line === "" ? undefined : new TextEncoder().encode(line.endsWith("\n") ? line : `${line}\n`);
      },
    }),
    "weft:python/host": host,
  });
  try {
    await interpreter.create({
      environment: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
      arguments: [...(options.argv ?? [])],
      workingDirectory: options.workingDirectory ?? "/tmp",
    });
  } catch (error) {
    const payload = (error as { payload?: Failure }).payload;
    throw Array.isArray(payload) ? decodeError(payload) : error;
  }
  return new SoloInterpreter(interpreter, functions, program, reason);
}

/** Characters may be cut between two writes. */
function textSink(sink: (text: string) => void): (data: Uint8Array) => void {
  const decoder = new TextDecoder();
  return (data) => {
    const text = decoder.decode(data, { stream: true });
    if (text !== "") {
      sink(text);
    }
  };
}
