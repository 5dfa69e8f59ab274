import type { PyAny } from "../any.js";
import { ConversionError } from "../conversion-error.js";
import { PyBool } from "../objects/bool.js";
import { PyBytes } from "../objects/bytes.js";
import { PyFloat } from "../objects/float.js";
import { PyInt } from "../objects/int.js";
import { PyString } from "../objects/str.js";

/** Values whose text is short, runs no code of the program's, and helps. */
const SHOWN = [PyString, PyInt, PyBool, PyFloat, PyBytes];
/** Characters of it at most. */
const WIDTH = 60;

/**
 * A value that does not fit its schema. The message begins with where. A plain error: it holds no Python object and belongs to no
 * thread.
 * @example
 * ```js
 * weft.attach((py) => {
 *   try {
 *     t.list(t.str).extract(py.list(["a", 7]), "tags");
 *   } catch (error) {
 *     console.log(error.message); // tags[1]: expected str, got int 7
 *   }
 * });
 * ```
 */
export class SchemaError extends ConversionError {
  override readonly name = "SchemaError";
  /** The steps from the whole to the part that does not fit: `.tags`, `[3]`. */
  readonly path: readonly string[];
  /** What is wrong there. */
  readonly problem: string;

  /** @internal */
  constructor(problem: string, path: readonly string[] = [], options?: ErrorOptions) {
    super(`${path.join("")}${path.length > 0 ? ": " : ""}${problem}`, options);
    this.problem = problem;
    this.path = path;
  }
}

/** The error with one more step at the front of its path. What a schema's own code throws as a ConversionError gets a path too. */
export function inside(step: string, error: unknown): unknown {
  if (error instanceof SchemaError) {
    return new SchemaError(error.problem, [step, ...error.path], error.cause === undefined ? undefined : { cause: error.cause });
  }
  if (error instanceof ConversionError) {
    return new SchemaError(error.message, [step], { cause: error });
  }
  return error;
}

/** How errors show a Python object: its type, and the value where that is short and harmless. */
export function showObject(object: PyAny): string {
  if (object.isNone()) {
    return "None";
  }
  const { functions } = object.py.realm;
  using type = object.type();
  const name = functions.PyType_GetFullyQualifiedName(type.pointer);
  if (name === 0) {
    object.py.throwPending();
  }
  const text = object.py.text(name);
  functions.Py_DecRef(name);
  const short = text.replace(/^__main__\./, "");
  if (!SHOWN.some((cls) => object.exactInstanceOf(cls)) || (object.exactInstanceOf(PyInt) && functions.PyLong_AsNativeBytes(object.pointer, 0, 0, 0) > 32)) {
    return short;
  }
  if ((object.exactInstanceOf(PyString) || object.exactInstanceOf(PyBytes)) && object.length() > WIDTH) {
    return `${short} of length ${object.length()}`;
  }
  return `${short} ${object.repr()}`;
}

/** How errors show a JavaScript value. */
export function showValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > WIDTH ? `a string of length ${value.length}` : `the string ${JSON.stringify(value)}`;
    case "bigint":
      return `the bigint ${value >= 2n ** 256n || value <= -(2n ** 256n) ? "with more than 256 bits" : value}`;
    case "number":
    case "boolean":
      return `the ${typeof value} ${Object.is(value, -0) ? "-0" : value}`;
    case "undefined":
      return "undefined";
    case "object":
      return value === null ? "null" : `an object of class ${(Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name ?? "?"}`;
    default:
      return `a ${typeof value}`;
  }
}

/** An object of another kind than the schema wants. */
export function unexpected(expected: string, object: PyAny): SchemaError {
  return new SchemaError(`expected ${expected}, got ${showObject(object)}`);
}

/** A JavaScript value that the schema cannot make an object of. */
export function unfit(expected: string, value: unknown): SchemaError {
  return new SchemaError(`expected a value for ${expected}, got ${showValue(value)}`);
}
