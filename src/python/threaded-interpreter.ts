import type { PortableCallOptions, PortableInterpreter, PortableOptions } from "../portable/interpreter.js";
import { PythonError } from "../portable/python-error.js";
import type { PyAny } from "./any.js";
import { PyErr } from "./errors.js";
import { Py } from "./py.js";
import type { Python } from "./python.js";
import type { HostWeft } from "./weft.js";

/** What runs in Python: on its main thread, but for `describe`. */
const SOURCE = `
import io, os, pathlib, shutil, sys, traceback, weft

def get(name):
    import __main__
    try:
        return vars(__main__)[name]
    except KeyError:
        raise NameError(f"name {name!r} is not defined") from None

def set(name, value):
    import __main__
    vars(__main__)[name] = value

def call(code, positional, named):
    import __main__
    return eval(code, vars(__main__))(*positional, **named)

def function(proxy):
    def host_function(*positional, **named):
        status, value, *rest = proxy(list(positional), named).to_py()
        if status:
            return value
        kind = getattr(__builtins__, value, None) if isinstance(value, str) else None
        if isinstance(kind, type) and issubclass(kind, BaseException):
            raise kind(rest[0])
        error = weft.HostError(f"{value}: {rest[0]}")
        error.name, error.message, error.stack = value, *rest
        raise error
    return host_function

def read(path):
    return pathlib.Path(path).read_bytes()

def write(path, data):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

def listdir(path):
    return sorted(os.listdir(path))

def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.remove(path)

def name_of(kind):
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"

def describe(error):
    chain = []
    while error is not None and len(chain) < 16:
        chain.append((name_of(type(error)), str(error), "".join(traceback.format_exception(error, chain=False))))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain

class Output(io.TextIOBase):
    encoding = "utf-8"
    def __init__(self, sink):
        self.sink = sink
    def writable(self):
        return True
    def write(self, text):
        self.sink(text)
        return len(text)

class Input(io.TextIOBase):
    encoding = "utf-8"
    def __init__(self, source):
        self.source = source
    def readable(self):
        return True
    def readline(self, size=-1):
        line = self.source()
        return "" if not line else line if line.endswith("\\n") else line + "\\n"
    def read(self, size=-1):
        return "".join(iter(self.readline, ""))

def streams(out, err, source):
    if out: sys.stdout = Output(out)
    if err: sys.stderr = Output(err)
    if source: sys.stdin = Input(source)

def argv(values):
    sys.argv[:] = values or [""]

# While streams still reach the host, which they do not during finalization.
def end():
    import atexit, threading
    threading._shutdown()
    atexit._run_exitfuncs()
`;

type Helper = "get" | "set" | "call" | "function" | "read" | "write" | "listdir" | "remove" | "describe" | "streams" | "argv" | "end";

/** The threaded profile as a {@link PortableInterpreter}. */
export class ThreadedInterpreter implements PortableInterpreter {
  readonly profile = "threaded";
  readonly reason: string;
  readonly #weft: HostWeft;
  readonly #helpers: Py<PyAny>;
  #queue: Promise<unknown> = Promise.resolve();
  #running: AbortController | undefined;
  #end: Promise<number> | undefined;

  private constructor(weft: HostWeft, reason: string) {
    this.#weft = weft;
    this.reason = reason;
    this.#helpers = weft.attach((py) => {
      const space = py.dict();
      space.setItem("__builtins__", py.import("builtins"));
      py.run(SOURCE, space);
      return space.toOwned() as Py<PyAny>;
    });
  }

  /** @internal Use `loadWeft({ profile: ... })`. */
  static async start(weft: HostWeft, options: PortableOptions, reason: string): Promise<ThreadedInterpreter> {
    const made = new ThreadedInterpreter(weft, reason);
    await made.#help("streams", [options.stdout, options.stderr, options.stdin]);
    await made.#help("argv", [[...(options.argv ?? [])]]);
    return made;
  }

  async run(code: string, options?: PortableCallOptions): Promise<void> {
    await this.#enter((signal) => this.#weft.run(code, { signal }), options);
  }

  eval(code: string, options?: PortableCallOptions): Promise<unknown> {
    return this.#enter(async (signal) => this.#copied(await this.#weft.eval(code, { signal })), options);
  }

  call(callable: string, positional: readonly unknown[] = [], named: Readonly<Record<string, unknown>> = {}, options?: PortableCallOptions): Promise<unknown> {
    return this.#help("call", [callable, [...positional], { ...named }], options);
  }

  get(name: string): Promise<unknown> {
    return this.#help("get", [name]);
  }

  async set(name: string, value: unknown): Promise<void> {
    await this.#help("set", [name, value]);
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#help("read", [path]) as Promise<Uint8Array>;
  }

  async writeFile(path: string, data: Uint8Array | string): Promise<void> {
    await this.#help("write", [path, typeof data === "string" ? new TextEncoder().encode(data) : data]);
  }

  listFolder(path: string): Promise<string[]> {
    return this.#help("listdir", [path]) as Promise<string[]>;
  }

  async remove(path: string): Promise<void> {
    await this.#help("remove", [path]);
  }

  interrupt(): void {
    this.#running?.abort(new PythonError("KeyboardInterrupt"));
  }

  dispose(): Promise<number> {
    return (this.#end ??= this.#help("end", []).then(() => this.#weft.finalize()));
  }

  /** Calls one of the functions above on Python's main thread. */
  #help(name: Helper, values: readonly unknown[], options?: PortableCallOptions): Promise<unknown> {
    return this.#enter(
      (signal) =>
        this.#weft.call(
          (py) => ({ callable: this.#helper(py, name), positional: values.map((value) => this.#carried(py, value)) }),
          signal,
          (result) => this.#copied(result.toJs()),
        ),
      options,
    );
  }

  #helper(py: Python, name: Helper): PyAny {
    return this.#helpers.bind(py).getItem(name);
  }

  /** The value with Python callables in the place of functions, which every thread can call. */
  #carried(py: Python, value: unknown): unknown {
    if (typeof value === "function") {
      return this.#helper(py, "function").call(py.jsProxy(guarded(value as (...values: never[]) => unknown)));
    }
    if (Array.isArray(value)) {
      return Array.from(value, (item: unknown) => this.#carried(py, item));
    }
    if (value instanceof Map) {
      return new Map([...value].map(([key, item]) => [this.#carried(py, key), this.#carried(py, item)]));
    }
    const prototype: unknown = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
    if (prototype === Object.prototype || prototype === null) {
      return new Map(Object.entries(value as object).map(([key, item]) => [key, this.#carried(py, item)]));
    }
    return value;
  }

  /**
   * A value without references to Python's objects.
   * @throws PythonError TypeError for what has no counterpart, RecursionError for what contains itself.
   */
  #copied<T>(value: T, inside = new Set<unknown>()): T {
    if (value instanceof Py) {
      const name = this.#weft.attach((py) => (value as Py<PyAny>).intoBound(py).getAttr("__class__").getAttr("__name__").toJs());
      throw new PythonError("TypeError", `a value of type ${String(name)} has no counterpart in the host: convert it in Python first`);
    }
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      if (inside.has(value)) {
        throw new PythonError("RecursionError", "maximum recursion depth exceeded while converting a value for the host");
      }
      inside.add(value);
      const items = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
      items.forEach((item) => this.#copied(item, inside));
      inside.delete(value);
    }
    return value;
  }

  #enter<T>(call: (signal: AbortSignal) => Promise<T>, { signal }: PortableCallOptions = {}): Promise<T> {
    const result = this.#queue.then(async () => {
      signal?.throwIfAborted();
      const controller = new AbortController();
      const abort = (): void => {
        controller.abort(signal!.reason);
      };
      signal?.addEventListener("abort", abort);
      this.#running = controller;
      try {
        return await call(controller.signal);
      } catch (error) {
        throw error instanceof PyErr ? this.#described(error) : error;
      } finally {
        this.#running = undefined;
        signal?.removeEventListener("abort", abort);
      }
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #described(error: PyErr): PythonError {
    const chain = this.#weft.attach((py) => this.#helper(py, "describe").call(error.value(py)).toJs()) as [string, string, string][];
    return chain.reduceRight<PythonError | undefined>((cause, [name, text, traceback]) => new PythonError(name, text, traceback, cause), undefined)!;
  }
}

/** The function as Python's `function` calls it: with what it gave or threw as data. */
function guarded(call: (...values: never[]) => unknown): (positional: never[], named: Record<string, unknown>) => unknown[] {
  return (positional, named) => {
    try {
      return [true, call(...positional, ...(Object.keys(named).length === 0 ? [] : [named as never]))];
    } catch (error) {
      return error instanceof PythonError
        ? [false, error.typeName, error.text, error.traceback]
        : error instanceof Error
          ? [false, error.name, error.message, error.stack ?? ""]
          : [false, typeof error, String(error), ""];
    }
  };
}
