import type { Extractor, PyAny } from "./any.js";
import type { Py } from "./py.js";
import type { Python } from "./python.js";

/** A call on Python's main thread, and what is wanted of its result; see `HostWeft.call`. */
type Call = <T>(prepare: (py: Python) => { callable: PyAny; positional: readonly unknown[] }, take: (result: PyAny) => T) => Promise<T>;

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
  readonly #call: Call;

  /** @internal */
  constructor(call: Call) {
    this.#call = call;
  }

  /**
   * The value of a name, converted with `toJs()` or by a schema; `undefined` where there is none.
   * @throws ConversionError where the value does not fit the schema.
   */
  get(name: string): Promise<unknown>;
  get<T>(name: string, as: Extractor<T>): Promise<T | undefined>;
  get<T>(name: string, as?: Extractor<T>): Promise<unknown> {
    return this.#find("get", name, (value) => (as ? as.extract(value, name) : value.toJs()));
  }

  /** Gives a name a value, which is converted at once: `py.from()` says to what. */
  set(name: string, value: unknown): Promise<void> {
    return this.#method("__setitem__", () => [name, value], () => undefined);
  }

  /** Whether there is such a name. Builtins are not among them. */
  has(name: string): Promise<boolean> {
    return this.#method("__contains__", () => [name], (result) => result.truthy());
  }

  /** Removes a name; whether there was one. */
  async delete(name: string): Promise<boolean> {
    return (await this.#find("pop", name, () => true)) === true;
  }

  /** All names. */
  keys(): Promise<string[]> {
    return this.#call((py) => ({ callable: py.builtin("list"), positional: [py.globals()] }), (list) => list.toJs() as string[]);
  }

  #method<T>(name: string, values: (py: Python) => readonly unknown[], take: (result: PyAny) => T): Promise<T> {
    return this.#call((py) => ({ callable: py.globals().getAttr(name), positional: values(py) }), take);
  }

  /** Calls a method that takes a name and a default; `undefined` where there is no such name. */
  async #find<T>(method: string, name: string, take: (value: PyAny) => T): Promise<T | undefined> {
    // None is a value: the default has to be an object of its own.
    let missing: Py<PyAny> | undefined;
    try {
      return await this.#method(
        method,
        (py) => {
          const none = py.builtin("object").call();
          missing = none.toOwned();
          return [name, none];
        },
        (value) => (missing?.bind(value.py).is(value) === true ? undefined : take(value)),
      );
    } finally {
      missing?.drop();
    }
  }
}
