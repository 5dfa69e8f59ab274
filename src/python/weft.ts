import type { Address } from "../abi/functions.js";
import { offsetOf } from "../abi/layout.js";
import { observeThreads, type Observed, type ObservedThread } from "../runtime/observer/threads.js";
import { PyAny, type Extractor } from "./any.js";
import { coroutineRunner } from "./coroutines.js";
import { Globals } from "./globals.js";
import { offerAsyncFunctions } from "./classes/async.js";
import { definitionsIn, registerModules } from "./classes/registry.js";
import { AttachError, type LifecycleState } from "./lifecycle.js";
import { installPackages, type InstalledPackage, type PackageHost, type PackageSource } from "./packages.js";
import { Py } from "./py.js";
import { Python } from "./python.js";
import type { Realm } from "./realm.js";

/**
 * The interpreter as the threads of one realm see it.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("2 ** 100").toJs())); // 1267650600228229401496703205376n
 * ```
 */
export class Weft {
  /** @internal */
  readonly realm: Realm;

  /** @internal Get it from `loadWeft()`, or as a spawned function's first parameter. */
  constructor(realm: Realm) {
    this.realm = realm;
  }

  /** Whether the interpreter runs, is on its way or has ended. */
  get lifecycle(): LifecycleState {
    return this.realm.lifecycle;
  }

  /** Whether this thread is attached. */
  get attached(): boolean {
    return this.realm.attached;
  }

  /**
   * Attaches this thread, calls, and detaches again. Nested calls are cheap: they only count. Blocks
   * while the interpreter stops all threads (garbage collection).
   * @throws AttachError when the interpreter is not running; and what `call` throws.
   */
  attach<T>(call: (py: Python) => T): T {
    return this.realm.attach(() => call(new Python(this.realm)));
  }

  /**
   * As {@link attach}, but waits without standing still until attaching is possible at once: for threads that may not
   * wait, as a page's. `call` then runs attached, and must be synchronous.
   * @throws AttachError when the interpreter is not running, or ends meanwhile; and what `call` throws.
   */
  attachAsync<T>(call: (py: Python) => T): Promise<T> {
    return this.realm.attachAsync(() => call(new Python(this.realm)));
  }

  /**
   * As {@link attach}, but `undefined` where attaching is not possible: Python is not running, or the garbage
   * collector is visiting an object on this thread.
   */
  tryAttach<T>(call: (py: Python) => T): T | undefined {
    if (this.realm.attachCount < 0) {
      return undefined;
    }
    let entered = false;
    try {
      return this.attach((py) => {
        entered = true;
        return call(py);
      });
    } catch (error) {
      if (!entered && error instanceof AttachError) {
        return undefined;
      }
      throw error;
    }
  }
}

/** How code of {@link HostWeft.run} is run. */
export interface RunOptions {
  /** Where names are looked up and stored: `__main__`'s by default. It is only borrowed. */
  readonly globals?: Py;
  /** Interrupts the code with a KeyboardInterrupt. */
  readonly signal?: AbortSignal;
}

/** How the value of {@link HostWeft.eval} is converted. */
export interface EvalOptions<T> extends RunOptions {
  /** A schema: `t.list(t.int)`. */
  readonly as: Extractor<T>;
}

/** How a thread ended. */
export interface ThreadHandle<T = unknown> {
  /** Settles when the thread has ended: with what the function returned, or with what it threw. */
  join(): Promise<T>;
}

/** What the host realm's {@link HostWeft} needs of its platform. */
export interface WeftPlatform {
  /** Starts a thread in a realm that has imported the module. */
  spawn(url: string, name: string, values: readonly unknown[]): ThreadHandle;
  /** The absolute URL of what the program names. */
  resolve(source: string): URL;
  /** Reads a file of the host or of the network. */
  read(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array>;
  /** A port by which a worker joins. */
  joinPort(): unknown;
  /** Settles when the program has ended. */
  readonly ended: Promise<number>;
  /** The process shall not end before the promise is settled. */
  keepAlive<T>(promise: Promise<T>): Promise<T>;
  /** Ends all threads at once, whatever they do; those who wait for one get the error. */
  terminate(error: Error): Promise<void>;
}

/** A call on Python's main thread. */
interface Prepared {
  readonly callable: PyAny;
  readonly positional: readonly unknown[];
  readonly keywords?: Readonly<Record<string, unknown>>;
}

interface Waiting {
  /** @param value none of statements; only borrowed. */
  resolve(value?: PyAny): void;
  reject(error: unknown): void;
  done(): void;
}

/** The interpreter as the realm that loaded it sees it: `loadWeft()` gives one. */
export class HostWeft extends Weft {
  readonly #platform: WeftPlatform;
  readonly #jobs = new Map<Address, Waiting>();
  /** The globals of `__main__`. */
  readonly globals: Globals;
  #runner: Py<PyAny> | undefined;
  #finalizing = false;
  #over = false;
  #observed: Observed | undefined;

  /** @internal */
  constructor(realm: Realm, platform: WeftPlatform) {
    super(realm);
    this.#platform = platform;
    realm.keepAlive = (promise) => platform.keepAlive(promise);
    this.globals = new Globals((prepare, take) => this.call(prepare, undefined, take));
  }

  /**
   * Runs statements on Python's main thread, after those that were given before.
   * @throws PyErr what they raise; AbortSignal's reason when it ended them.
   */
  async run(code: string, options: RunOptions = {}): Promise<void> {
    await this.#submit("exec", code, options, nothing);
  }

  /**
   * The value of an expression, computed on Python's main thread and converted by `options.as` or {@link PyAny.toJs}.
   * @throws PyErr what it raises; ConversionError where the value does not fit the schema; AbortSignal's reason.
   */
  eval(code: string, options?: RunOptions): Promise<unknown>;
  eval<T>(code: string, options: EvalOptions<T>): Promise<T>;
  async eval<T>(code: string, options: RunOptions & Partial<EvalOptions<T>> = {}): Promise<unknown> {
    return this.#submit("eval", code, options, converted(options));
  }

  /**
   * As {@link run}, for code in which `await` may stand outside of functions. Python's main thread runs an event loop
   * until the code has ended; what is given to it meanwhile waits. Tasks that are left are cancelled.
   */
  async runAsync(code: string, options: RunOptions = {}): Promise<void> {
    await this.#submitAsync("exec", code, options, nothing);
  }

  /**
   * As {@link eval}, for expressions with `await`, and for those that give something to be awaited: a coroutine, a future.
   * @example
   * ```js
   * await weft.run("import asyncio\nasync def answer():\n await asyncio.sleep(0.01)\n return 42");
   * console.log(await weft.evalAsync("answer()")); // 42
   * ```
   */
  evalAsync(code: string, options?: RunOptions): Promise<unknown>;
  evalAsync<T>(code: string, options: EvalOptions<T>): Promise<T>;
  async evalAsync<T>(code: string, options: RunOptions & Partial<EvalOptions<T>> = {}): Promise<unknown> {
    return this.#submitAsync("eval", code, options, converted(options));
  }

  /**
   * Imports a module on Python's main thread: for `a.b` that is `b`. The reference is the caller's.
   * @throws PyErr ModuleNotFoundError and what the module raises; AbortSignal's reason.
   */
  import(name: string, options: Pick<RunOptions, "signal"> = {}): Promise<Py<PyAny>> {
    return this.call((py) => ({ callable: py.import("importlib").getAttr("import_module"), positional: [name] }), options.signal, owned);
  }

  #submit<T>(how: "exec" | "eval", code: string, options: RunOptions, take: (result: PyAny) => T): Promise<T | undefined> {
    // What is no text, though the types ask for it, is Python's to refuse.
    if (options.globals || typeof code !== "string" || !code.isWellFormed()) {
      return this.call((py) => ({ callable: py.builtin(how), positional: [code, space(py, options)] }), options.signal, take);
    }
    // This thread need not be one of Python's for that: a page's takes tens of milliseconds to become one.
    return this.#queue(() => {
      this.realm.requireRunning();
      return this.realm.withOwnText(code, (address, length) => this.realm.functions.weft_job_submit_code(address, length, how === "eval" ? 1 : 0));
    }, options.signal, take);
  }

  #submitAsync<T>(how: "exec" | "eval", code: string, options: RunOptions, take: (result: PyAny) => T): Promise<T> {
    return this.call((py) => {
      this.#runner ??= coroutineRunner(py).toOwned();
      return { callable: this.#runner.bind(py), positional: [code, space(py, options), how] };
    }, options.signal, take);
  }

  /**
   * Makes a call on Python's main thread, after those that were given before.
   * @param prepare runs at once and here: it gives the callable and its arguments.
   * @param take makes of the result what is wanted, as soon as there is one, on this thread and attached: unlike a later
   *   attach it cannot come too late. Without it the result is an owned reference.
   */
  call(prepare: (py: Python) => Prepared, signal?: AbortSignal): Promise<Py>;
  call<T>(prepare: (py: Python) => Prepared, signal: AbortSignal | undefined, take: (result: PyAny) => T): Promise<T>;
  call(prepare: (py: Python) => Prepared, signal?: AbortSignal, take: (result: PyAny) => unknown = owned): Promise<unknown> {
    const submit = (): Address =>
      this.attach((py) => {
        const { callable, positional, keywords } = prepare(py);
        const named = keywords === undefined ? 0 : py.from(keywords).pointer;
        return this.realm.functions.weft_job_submit(callable.pointer, py.tuple(positional).pointer, named);
      });
    return this.#queue(submit, signal, take);
  }

  /**
   * @param submit gives a job to Python's main thread: its address, or 0 where there is no memory for it.
   * @param take is called with the result where there is one: statements' have none.
   */
  #queue<T>(submit: () => Address, signal: AbortSignal | undefined, take: (result: PyAny) => T): Promise<T | undefined> {
    const result = new Promise<T | undefined>((resolve, reject) => {
      signal?.throwIfAborted();
      const job = submit();
      if (job === 0) {
        throw new RangeError("out of guest memory: could not queue a call");
      }
      const abort = (): void => {
        this.realm.functions.weft_job_cancel(job);
      };
      signal?.addEventListener("abort", abort);
      this.#jobs.set(job, {
        resolve: (value) => {
          resolve(value && take(value));
        },
        reject: (error) => {
          reject(signal?.aborted === true ? signal.reason : error);
        },
        done: () => signal?.removeEventListener("abort", abort),
      });
    });
    return this.#platform.keepAlive(result);
  }

  /**
   * What every Python thread does at this moment, and where: see {@link observeThreads}. Runs nothing in Python and waits for
   * nothing, so it tells also about a program that hangs.
   */
  threads(): ObservedThread[] {
    const { memory, functions } = this.realm;
    this.#observed ??= { memory: memory.memory, records: functions.weft_threads(), states: functions.weft_thread_states() };
    return observeThreads(this.#observed);
  }

  /** @internal A job has ended. */
  onJob(job: Address): void {
    const waiting = this.#jobs.get(job);
    if (!waiting) {
      if (this.#over) {
        // It was under way when everything ended.
        return;
      }
      throw new TypeError(`the guest reported the end of an unknown job ${job}`);
    }
    this.#jobs.delete(job);
    waiting.done();
    const { memory, functions } = this.realm;
    const result = memory.word(job + offsetOf("weft_job", "result"));
    const error = memory.word(job + offsetOf("weft_job", "error"));
    if (result === 0 && error === 0) {
      functions.weft_job_free(job);
      waiting.resolve();
      this.#endWhenIdle();
      return;
    }
    try {
      this.attach((py) => {
        const pointer = result !== 0 ? result : error;
        functions.Py_IncRef(pointer);
        const object = new PyAny(py, pointer);
        if (result !== 0) {
          waiting.resolve(object);
        } else {
          waiting.reject(py.errorFrom(object));
        }
      });
    } catch (error) {
      waiting.reject(error);
    } finally {
      functions.weft_job_free(job);
    }
    this.#endWhenIdle();
  }

  /** @internal No job will end any more, and no thread runs. */
  onEnd(error: Error): void {
    this.#over = true;
    this.realm.markFinalized();
    this.realm.abandon();
    for (const waiting of this.#jobs.values()) {
      waiting.done();
      waiting.reject(error);
    }
    this.#jobs.clear();
  }

  /**
   * Starts a thread that imports the module and calls its export with a {@link Weft} and the values, which
   * are copied as messages are; owned references among them are moved. The function's result comes
   * back the same way. References are used up also where the thread cannot be started. Does not
   * block; failures of every kind reject `join()`, which settles when the thread has given its place back.
   * @param url absolute URL of an ES module.
   */
  spawn<T = unknown>(url: string | URL, name: string, ...values: readonly unknown[]): ThreadHandle<T> {
    return this.#platform.spawn(String(url), name, values) as ThreadHandle<T>;
  }

  /**
   * Makes the Python modules importable that an ES module defines with `pyModule()`, on all threads, also those that are
   * running. The ES module is loaded once in every realm that uses it, so what it keeps in variables is that
   * realm's own; what all threads share is in objects' fields.
   * @param url absolute URL of an ES module without top-level await.
   * @returns the names of the Python modules.
   * @throws what importing throws; TypeError when it defines no module.
   */
  async addModule(url: string | URL): Promise<string[]> {
    const exports = (await import(String(url))) as Readonly<Record<string, unknown>>;
    this.attach((py) => {
      // Before any thread can import it.
      for (const definition of definitionsIn(exports)) {
        offerAsyncFunctions(py, this, definition);
      }
    });
    const names = registerModules(this.realm, String(url), exports);
    this.attach((py) => {
      const finders = py.import("sys").getAttr("meta_path");
      const finder = py.any(this.realm.functions.weft_module_finder());
      // Only this realm adds it.
      if (!finders.contains(finder)) {
        finders.callMethod("append", finder);
      }
    });
    return names;
  }

  /**
   * Installs packages of pure Python from wheels, or from the wheels that a lock file (`pylock.toml`) names with their hashes. This realm
   * reads them: Python needs no access to the network, or to files. All are checked before the first is installed.
   * @returns what was installed; `weft.packages.missing()` in Python says what that needs and does not find.
   * @throws PyErr PackageError for a wheel that is damaged, is not what was meant, or is not for this Python; Error for a file that cannot be
   * read; AbortSignal's reason. Nothing was installed then.
   * @example
   * ```js
   * try {
   *   await weft.install("wheels/numpy-2.1.0-cp313-cp313t-manylinux_2_28_x86_64.whl");
   * } catch (error) {
   *   console.log(error.message.includes("native code for the ABI cp313t")); // true
   * }
   * ```
   */
  install(sources: PackageSource | readonly PackageSource[], { signal }: Pick<RunOptions, "signal"> = {}): Promise<InstalledPackage[]> {
    const host = {
      import: (name: string) => this.import(name, signal ? { signal } : {}),
      call: this.call.bind(this) as PackageHost["call"],
      resolve: (source: string) => this.#platform.resolve(source),
      read: (url: URL) => this.#platform.read(url, signal),
    };
    const list = Array.isArray(sources) ? (sources as readonly PackageSource[]) : [sources as PackageSource];
    return this.#platform.keepAlive(installPackages(host, list, signal));
  }

  /**
   * A port for one worker of your own: transfer it there, where `joinWeft(port)` makes the worker a Python-capable
   * thread. It counts as one of the threads (`limits.threads`) until it leaves. It is a `MessagePort`, in pages and under Node.
   *
   * {@link finalize} waits for such a thread only while it is attached, and {@link terminate} does not end the worker:
   * its attaches fail from then on. A worker that ends without leaving breaks the program, as it may hold locks; Firefox
   * does not tell of that.
   * @throws TypeError where the platform has none.
   */
  joinPort<Port = unknown>(): Port {
    return this.#platform.joinPort() as Port;
  }

  /**
   * Ends Python as the end of a program does, after the calls that were given to it before: waits for its non-daemon threads and for attached host
   * threads, runs atexit functions and finalizes. Later attaches fail. Threads that are detached when
   * Python has ended are ended, whatever they do. A second call waits for the same end.
   * @returns its exit status.
   * @throws Error where Python is terminated meanwhile, or was.
   */
  async finalize(): Promise<number> {
    this.#requireDetached("finalize");
    this.#finalizing = true;
    this.#endWhenIdle();
    return this.#platform.keepAlive(this.#platform.ended);
  }

  /** Not before this realm has what the calls gave: it attaches for that, which is refused from then on. */
  #endWhenIdle(): void {
    if (this.#finalizing && !this.#over && this.#jobs.size === 0) {
      this.realm.functions.weft_serve_end(0);
    }
  }

  /**
   * Ends everything at once, whatever the threads do. Nothing of Python's is run. Whoever waits for a
   * call or a thread gets an error. A second time does nothing.
   */
  async terminate(): Promise<void> {
    this.#requireDetached("terminate");
    const error = new Error("Python was terminated");
    this.onEnd(error);
    await this.#platform.terminate(error);
  }

  /** Inside of an attach the thread could not be detached any more at its end. */
  #requireDetached(what: string): void {
    if (this.realm.attached) {
      throw new TypeError(`${what}() inside of weft.attach(): leave it first`);
    }
  }
}

function space(py: Python, { globals }: RunOptions): PyAny {
  return globals ? (globals as Py<PyAny>).bind(py) : py.globals();
}

const owned = (result: PyAny): Py<PyAny> => result.unbind();
const nothing = (): void => undefined;
const converted =
  <T>({ as }: Partial<EvalOptions<T>>) =>
  (result: PyAny): unknown =>
    as ? as.extract(result) : result.toJs();
