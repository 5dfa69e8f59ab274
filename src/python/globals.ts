import type { Extractor, PyAny } from "./any.js";
import type { Py } from "./py.js";
import type { Python } from "./python.js";

/** See `Weft.attach`. */
type Attach = <T>(call: (py: Python) => T) => T;
/** What a call on Python's main thread needs; see `HostWeft.call`. */
type Call = (prepare: (py: Python) => { callable: PyAny; positional: readonly unknown[] }) => Promise<Py<PyAny>>;

/**
 * The globals of `__main__`, where `weft.run()` and `weft.eval()` run code, for the realm that loaded Weft: `weft.globals`.
 * Each operation is a step of its own on Python's main thread, after what was given to it before; none blocks the caller.
 * While attached, `py.globals()` is the dict itself.
 * @example
 * ```js
 * await weft.globals.set("limit", 10);
 * await weft.run("found = [n for n in range(limit) if n % 4 == 3]");
 * console.log(await weft.globals.get("found", t.list(t.int))); // [ 3, 7 ]
 * ```
 */
export class Globals {
  readonly #attach: Attach;
  readonly #call: Call;

  /** @internal */
  constructor(attach: Attach, call: Call) {
    this.#attach = attach;
    this.#call = call;
  }

  /**
   * The value of a name, converted with `toJs()` or by a schema; `undefined` where there is none.
   * @throws ConversionError where the value does not fit the schema.
   */
  get(name: string): Promise<unknown>;
  get<T>(name: string, as: Extractor<T>): Promise<T | undefined>;
  async get<T>(name: string, as?: Extractor<T>): Promise<unknown> {
    const found = await this.#find("get", name);
    if (found === undefined) {
      return undefined;
    }
    return this.#attach((py) => {
      const object = found.intoBound(py);
      return as ? as.extract(object, name) : object.toJs();
    });
  }

  /** Gives a name a value, which is converted at once: `py.from()` says to what. */
  async set(name: string, value: unknown): Promise<void> {
    (await this.#method("__setitem__", () => [name, value])).drop();
  }

  /** Whether there is such a name. Builtins are not among them. */
  async has(name: string): Promise<boolean> {
    const found = await this.#method("__contains__", () => [name]);
    return this.#attach((py) => found.intoBound(py).truthy());
  }

  /** Removes a name; whether there was one. */
  async delete(name: string): Promise<boolean> {
    const found = await this.#find("pop", name);
    found?.drop();
    return found !== undefined;
  }

  /** All names. */
  async keys(): Promise<string[]> {
    const list = await this.#call((py) => ({ callable: py.builtin("list"), positional: [py.globals()] }));
    return this.#attach((py) => list.intoBound(py).toJs() as string[]);
  }

  #method(name: string, values: (py: Python) => readonly unknown[]): Promise<Py<PyAny>> {
    return this.#call((py) => ({ callable: py.globals().getAttr(name), positional: values(py) }));
  }

  /** Calls a method that takes a name and a default. */
  async #find(method: string, name: string): Promise<Py<PyAny> | undefined> {
    // None is a value: the default has to be an object of its own.
    let missing: Py<PyAny> | undefined;
    try {
      const found = await this.#method(method, (py) => {
        const none = py.builtin("object").call();
        missing = none.toOwned();
        return [name, none];
      });
      if (missing?.is(found) === true) {
        found.drop();
        return undefined;
      }
      return found;
    } finally {
      missing?.drop();
    }
  }
}
