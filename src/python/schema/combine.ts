import type { PyAny } from "../any.js";
import { readInteger } from "../convert.js";
import { PyBool } from "../objects/bool.js";
import { PyFloat } from "../objects/float.js";
import { PyInt } from "../objects/int.js";
import { PyString } from "../objects/str.js";
import type { Python } from "../python.js";
import { Schema } from "./schema.js";
import { SchemaError, unexpected, unfit } from "./schema-error.js";

/** None is `undefined`. */
export class OptionalSchema<T> extends Schema<T | undefined> {
  readonly name: string;
  readonly #inner: Schema<T>;

  constructor(inner: Schema<T>) {
    super();
    this.#inner = inner;
    this.name = `${inner.name} | None`;
  }

  read(object: PyAny): T | undefined {
    if (object.isNone()) {
      return undefined;
    }
    try {
      return this.#inner.read(object);
    } catch (error) {
      throw this.#either(error);
    }
  }

  write(py: Python, value: T | undefined): PyAny {
    if (value === undefined || value === null) {
      return py.None;
    }
    try {
      return this.#inner.write(py, value);
    } catch (error) {
      throw this.#either(error);
    }
  }

  /** That None would do too is worth saying where the whole does not fit. */
  #either(error: unknown): unknown {
    return error instanceof SchemaError && error.path.length === 0
      ? new SchemaError(error.problem.replace(this.#inner.name, () => this.name))
      : error;
  }
}

/** The first of several that fits. */
export class UnionSchema<T> extends Schema<T> {
  readonly name: string;
  readonly #members: readonly Schema<T>[];

  constructor(members: readonly Schema<T>[]) {
    super();
    this.#members = members;
    this.name = members.map((member) => member.name).join(" | ");
  }

  read(object: PyAny): T {
    return this.#first((member) => member.read(object), () => unexpected(this.name, object));
  }

  write(py: Python, value: T): PyAny {
    return this.#first((member) => member.write(py, value), () => unfit(this.name, value));
  }

  #first<R>(attempt: (member: Schema<T>) => R, none: () => SchemaError): R {
    // Of the right kind, but for a part: where only one is, its error tells more.
    const near: SchemaError[] = [];
    for (const member of this.#members) {
      try {
        return attempt(member);
      } catch (error) {
        if (!(error instanceof SchemaError)) {
          throw error;
        }
        if (error.path.length > 0) {
          near.push(error);
        }
      }
    }
    throw near.length === 1 ? near[0]! : none();
  }
}

/** What {@link LiteralSchema} compares. */
export type Literal = string | number | bigint | boolean | undefined;

/** One of some values, of the same type: `True` is not `1`, and `1.0` is not `1`. */
export class LiteralSchema<T extends Literal> extends Schema<T> {
  readonly name: string;
  readonly #values: readonly T[];

  constructor(values: readonly T[]) {
    super();
    this.#values = values;
    this.name = `Literal[${values.map((value) => (typeof value === "string" ? JSON.stringify(value) : value === undefined ? "None" : String(value))).join(", ")}]`;
  }

  read(object: PyAny): T {
    const found = this.#values.find((value) => this.#is(object, value));
    if (found === undefined && !(object.isNone() && this.#values.includes(undefined as T))) {
      throw unexpected(this.name, object);
    }
    return found as T;
  }

  #is(object: PyAny, value: T): boolean {
    const integer = (wanted: number | bigint): boolean =>
      object.instanceOf(PyInt) && !object.instanceOf(PyBool) && BigInt(readInteger(object.py, object.pointer)) === BigInt(wanted);
    switch (typeof value) {
      case "string":
        return object.instanceOf(PyString) && object.py.text(object.pointer) === value;
      case "boolean":
        return object.instanceOf(PyBool) && object.truthy() === value;
      case "bigint":
        return integer(value);
      case "number":
        return Number.isSafeInteger(value)
          ? integer(value)
          : object.instanceOf(PyFloat) && Object.is(object.py.realm.functions.PyFloat_AsDouble(object.pointer), value);
      default:
        return object.isNone();
    }
  }

  write(py: Python, value: T): PyAny {
    if (!this.#values.some((one) => Object.is(one, value))) {
      throw unfit(this.name, value);
    }
    return py.from(value);
  }
}

/** Levels of {@link LazySchema}: the engine's stack must not end inside of Python. */
const DEPTH = 200;
let depth = 0;

/** A schema that is made later: for those that contain themselves. */
export class LazySchema<T> extends Schema<T> {
  readonly name: string;
  readonly #make: () => Schema<T>;
  #made: Schema<T> | undefined;

  constructor(make: () => Schema<T>, name: string) {
    super();
    this.#make = make;
    this.name = name;
  }

  read(object: PyAny): T {
    return this.#deeper((schema) => schema.read(object));
  }

  write(py: Python, value: T): PyAny {
    return this.#deeper((schema) => schema.write(py, value));
  }

  #deeper<R>(call: (schema: Schema<T>) => R): R {
    if (depth >= DEPTH) {
      throw new SchemaError(`nested deeper than ${DEPTH} levels, or without end`);
    }
    depth++;
    try {
      return call((this.#made ??= this.#make()));
    } finally {
      depth--;
    }
  }
}

/** A schema of the program's own. */
export interface CustomSchema<T> {
  /** What errors call it. */
  readonly name: string;
  /** The value of an object, which stays the caller's. Throws a ConversionError for one that is none. */
  read(object: PyAny): T;
  /** A value that `py.from()` takes: a bound reference, or one that another schema made. */
  write(py: Python, value: T): unknown;
}

export class OwnSchema<T> extends Schema<T> {
  readonly name: string;
  readonly #custom: CustomSchema<T>;
  readonly #make: (py: Python, value: unknown) => PyAny;

  constructor(custom: CustomSchema<T>, make: (py: Python, value: unknown) => PyAny) {
    super();
    this.#custom = custom;
    this.#make = make;
    this.name = custom.name;
  }

  read(object: PyAny): T {
    return this.#custom.read(object);
  }

  write(py: Python, value: T): PyAny {
    return this.#make(py, this.#custom.write(py, value));
  }
}
