import { PyAny } from "../any.js";
import { readInteger } from "../convert.js";
import { PyBool } from "../objects/bool.js";
import { PyByteArray, PyBytes } from "../objects/bytes.js";
import { PyFloat } from "../objects/float.js";
import { PyInt } from "../objects/int.js";
import { PyString } from "../objects/str.js";
import { Py } from "../py.js";
import type { PyClass } from "../py-class.js";
import type { Python } from "../python.js";
import { fresh, Schema } from "./schema.js";
import { SchemaError, showObject, unexpected, unfit } from "./schema-error.js";

/** An int, and no bool, which in Python is one too. */
function isInt(object: PyAny): boolean {
  return object.instanceOf(PyInt) && !object.instanceOf(PyBool);
}

/** Integers as numbers, so many as those hold. */
export class IntSchema extends Schema<number> {
  readonly name: string;
  readonly #from: number;
  readonly #to: number;

  constructor(from: number = Number.MIN_SAFE_INTEGER, to: number = Number.MAX_SAFE_INTEGER) {
    super();
    for (const end of [from, to]) {
      if (!Number.isSafeInteger(end)) {
        throw new RangeError(`${end} is no end of a range of safe integers: use t.bigint`);
      }
    }
    this.#from = from;
    this.#to = to;
    this.name = from === Number.MIN_SAFE_INTEGER && to === Number.MAX_SAFE_INTEGER ? "int" : `int from ${from} to ${to}`;
  }

  /** Only those from one to another, both included: `t.int.between(0, 255)`. */
  between(from: number, to: number): IntSchema {
    return new IntSchema(from, to);
  }

  read(object: PyAny): number {
    if (!isInt(object)) {
      throw unexpected(this.name, object);
    }
    const value = readInteger(object.py, object.pointer);
    if (typeof value !== "number") {
      throw new SchemaError(`expected ${this.name}, got ${showObject(object)}, which no number holds exactly: use t.bigint`);
    }
    if (value < this.#from || value > this.#to) {
      throw unexpected(this.name, object);
    }
    return value;
  }

  write(py: Python, value: number): PyAny {
    if (!Number.isSafeInteger(value) || value < this.#from || value > this.#to) {
      throw unfit(this.name, value);
    }
    return py.int(value);
  }
}

export class BigIntSchema extends Schema<bigint> {
  readonly name = "int";

  read(object: PyAny): bigint {
    if (!isInt(object)) {
      throw unexpected(this.name, object);
    }
    return BigInt(readInteger(object.py, object.pointer));
  }

  write(py: Python, value: bigint): PyAny {
    if (typeof value !== "bigint") {
      throw unfit(this.name, value);
    }
    return py.int(value);
  }
}

/** Floats, and ints, which Python takes for them everywhere. */
export class FloatSchema extends Schema<number> {
  readonly name = "float";

  read(object: PyAny): number {
    if (object.instanceOf(PyFloat)) {
      return object.py.realm.functions.PyFloat_AsDouble(object.pointer);
    }
    if (!isInt(object)) {
      throw unexpected(this.name, object);
    }
    const value = Number(readInteger(object.py, object.pointer));
    if (!Number.isFinite(value)) {
      throw new SchemaError("expected float, got an int that is too large for one");
    }
    return value;
  }

  write(py: Python, value: number): PyAny {
    if (typeof value !== "number") {
      throw unfit(this.name, value);
    }
    return py.float(value);
  }
}

export class StrSchema extends Schema<string> {
  readonly name = "str";

  read(object: PyAny): string {
    if (!object.instanceOf(PyString)) {
      throw unexpected(this.name, object);
    }
    return object.py.text(object.pointer);
  }

  write(py: Python, value: string): PyAny {
    if (typeof value !== "string") {
      throw unfit(this.name, value);
    }
    return py.str(value);
  }
}

/** A copy of a bytes or bytearray. */
export class BytesSchema extends Schema<Uint8Array> {
  readonly name = "bytes";

  read(object: PyAny): Uint8Array {
    const bytes = object.tryCast(PyBytes) ?? object.tryCast(PyByteArray);
    if (bytes === undefined) {
      throw unexpected(this.name, object);
    }
    const copy = bytes.value();
    bytes[Symbol.dispose]();
    return copy;
  }

  write(py: Python, value: Uint8Array): PyAny {
    if (!(value instanceof Uint8Array)) {
      throw unfit(this.name, value);
    }
    return py.bytes(value);
  }
}

export class BoolSchema extends Schema<boolean> {
  readonly name = "bool";

  read(object: PyAny): boolean {
    if (!object.instanceOf(PyBool)) {
      throw unexpected(this.name, object);
    }
    return object.truthy();
  }

  write(py: Python, value: boolean): PyAny {
    if (typeof value !== "boolean") {
      throw unfit(this.name, value);
    }
    return py.bool(value);
  }
}

export class NoneSchema extends Schema<undefined> {
  readonly name = "None";

  read(object: PyAny): undefined {
    if (!object.isNone()) {
      throw unexpected(this.name, object);
    }
    return undefined;
  }

  write(py: Python, value: undefined): PyAny {
    if (value !== undefined && value !== null) {
      throw unfit(this.name, value);
    }
    return py.None;
  }
}

/** Whatever there is, converted as `toJs()` and `py.from()` do. */
export class AnySchema extends Schema<unknown> {
  readonly name = "object";

  read(object: PyAny): unknown {
    return object.toJs();
  }

  write(py: Python, value: unknown): PyAny {
    return fresh(py, value);
  }
}

/** The object itself, as an owned reference. */
export class InstanceSchema<T extends PyAny> extends Schema<Py<T>> {
  readonly name: string;
  readonly #cls: PyClass<T> | undefined;

  /** @param cls none for objects of all types. */
  constructor(cls?: PyClass<T>) {
    super();
    this.#cls = cls;
    this.name = cls?.typeName ?? "object";
  }

  read(object: PyAny): Py<T> {
    if (this.#cls === undefined) {
      return object.toOwned() as unknown as Py<T>;
    }
    if (!object.instanceOf(this.#cls)) {
      throw unexpected(this.name, object);
    }
    return object.cast(this.#cls).unbind() as Py<T>;
  }

  write(py: Python, value: Py<T>): PyAny {
    // A bound reference does too.
    if (!((value as unknown) instanceof Py) && !((value as unknown) instanceof PyAny)) {
      throw unfit(this.name, value);
    }
    const object = fresh(py, value);
    if (this.#cls !== undefined && !object.instanceOf(this.#cls)) {
      throw unexpected(this.name, object);
    }
    return object;
  }
}
