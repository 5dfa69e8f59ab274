import { PyAny, type Extractor } from "../any.js";
import type { Python } from "../python.js";
import { inside } from "./schema-error.js";

/** The JavaScript type of a schema: `Infer<typeof point>`. */
export type Infer<S> = S extends Schema<infer T> ? T : never;

/**
 * How one kind of values goes from Python to JavaScript and back. Nothing is converted silently: an object of another
 * kind is an error that says where it is.
 *
 * Schemas are values without state, of no thread; make them once, with `t`.
 * @typeParam T what JavaScript has for it.
 * @example
 * ```js
 * const year = t.int.between(1, 9999).map((n) => new Date(Date.UTC(n, 0)), (date) => date.getUTCFullYear(), "year");
 * weft.attach((py) => {
 *   console.log(py.int(2020).extract(year).toISOString()); // 2020-01-01T00:00:00.000Z
 *   console.log(year.into(py, new Date(0)).repr()); // 1970
 * });
 * ```
 */
export abstract class Schema<T> implements Extractor<T> {
  /** What errors call it, in Python's words: `list[int]`. */
  abstract readonly name: string;

  /**
   * The JavaScript value of an object, which stays the caller's.
   * @throws SchemaError, with an empty path, where it does not fit; PyErr what code of the object's raises.
   */
  abstract read(object: PyAny): T;

  /**
   * A new reference of the current scope to an object for the value: not one that the value is, so that the caller may
   * release it.
   * @throws SchemaError, with an empty path, where the value does not fit.
   */
  abstract write(py: Python, value: T): PyAny;

  /**
   * The JavaScript value of an object.
   * @param name what errors call the object: a parameter's name, say.
   * @throws SchemaError where it does not fit; PyErr what code of the object's raises.
   */
  extract(object: PyAny, name = "value"): T {
    try {
      return this.read(object);
    } catch (error) {
      throw inside(name, error);
    }
  }

  /**
   * A new object for a JavaScript value, owned by the current scope.
   * @throws SchemaError where the value does not fit, whatever TypeScript thought of it.
   */
  into(py: Python, value: T, name = "value"): PyAny {
    try {
      return this.write(py, value);
    } catch (error) {
      throw inside(name, error);
    }
  }

  /**
   * Another JavaScript type for the same objects: `t.str.map((text) => new URL(text), String, "URL")`.
   * @param from makes it. What it throws as a ConversionError is reported with its place.
   * @param to makes what this schema takes.
   */
  map<U>(from: (value: T) => U, to: (value: U) => T, name = this.name): Schema<U> {
    return new MappedSchema(this, from, to, name);
  }
}

class MappedSchema<T, U> extends Schema<U> {
  readonly #inner: Schema<T>;
  readonly #from: (value: T) => U;
  readonly #to: (value: U) => T;

  constructor(
    inner: Schema<T>,
    from: (value: T) => U,
    to: (value: U) => T,
    readonly name: string,
  ) {
    super();
    this.#inner = inner;
    this.#from = from;
    this.#to = to;
  }

  read(object: PyAny): U {
    return this.#from(this.#inner.read(object));
  }

  write(py: Python, value: U): PyAny {
    return this.#inner.write(py, this.#to(value));
  }
}

/** A new reference, also where the value is one. */
export function fresh(py: Python, value: unknown): PyAny {
  if (!(value instanceof PyAny)) {
    return py.from(value);
  }
  const { pointer } = value;
  py.realm.functions.Py_IncRef(pointer);
  return new PyAny(py, pointer);
}
