import { CONSTANTS } from "../../abi/layout.js";
import { askPromise } from "./promises.js";
import { remoteOf } from "./remote.js";

const {
  WEFT_JS_CALL: CALL,
  WEFT_JS_NEW: NEW,
  WEFT_JS_GET: GET,
  WEFT_JS_SET: SET,
  WEFT_JS_DELETE: DELETE,
  WEFT_JS_GET_ITEM: GET_ITEM,
  WEFT_JS_SET_ITEM: SET_ITEM,
  WEFT_JS_DELETE_ITEM: DELETE_ITEM,
  WEFT_JS_CONTAINS: CONTAINS,
  WEFT_JS_LENGTH: LENGTH,
  WEFT_JS_ITERATE: ITERATE,
  WEFT_JS_NEXT: NEXT,
  WEFT_JS_TEXT: TEXT,
  WEFT_JS_REPR: REPR,
  WEFT_JS_TRUTH: TRUTH,
  WEFT_JS_DIR: DIR,
  WEFT_JS_TYPEOF: TYPEOF,
  WEFT_JS_INSTANCE_OF: INSTANCE_OF,
  WEFT_JS_TO_PYTHON: TO_PYTHON,
  WEFT_JS_TO_JS: TO_JS,
  WEFT_JS_WAIT: WAIT,
  WEFT_JS_THEN: THEN,
} = CONSTANTS;

/** What an operation gives where there is no value: no such attribute, or the end of an iteration. */
export const NOTHING = Symbol("nothing");

/** A function together with the object that it was got from. */
export class Method {
  constructor(
    readonly func: (...values: never[]) => unknown,
    readonly self: unknown,
  ) {}
}

/** A value that Python is to get as containers of its own, down to a depth; below 0 to the bottom. */
export class Copied {
  constructor(
    readonly value: unknown,
    readonly depth: number,
  ) {}
}

/** The result is what the promise gives. */
export class Later {
  constructor(readonly promise: PromiseLike<unknown>) {}
}

/** Why a promise was rejected: Python gets an exception. */
export class Reason {
  constructor(readonly error: unknown) {}
}

/** An error that Python knows by a type of its own. */
export class OperationError extends Error {
  override readonly name = "OperationError";
  constructor(
    readonly typeName: "AttributeError" | "IndexError" | "KeyError" | "TypeError",
    /** What the exception is made with. */
    readonly argument: unknown,
  ) {
    super(String(argument));
  }
}

/** Names that Python's grammar reserves: with an underscore after them they mean the attribute without. */
const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield").split(" "),
);

/** Any object, as JavaScript without types has it. */
interface Fields {
  [name: PropertyKey]: unknown;
}

function property(name: unknown): string {
  const text = name as string;
  return text.endsWith("_") && KEYWORDS.has(text.slice(0, -1)) ? text.slice(0, -1) : text;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Has numbered elements: arrays, typed arrays, lists of the DOM's. */
function isSequence(value: unknown): value is ArrayLike<unknown> & Fields {
  return (
    Array.isArray(value) ||
    (typeof value === "object" && value !== null && typeof (value as Fields)["length"] === "number" && Symbol.iterator in value)
  );
}

interface MapLike {
  get(key: unknown): unknown;
  has(key: unknown): boolean;
  set?(key: unknown, value: unknown): unknown;
  delete?(key: unknown): unknown;
  keys?(): unknown;
}

function isMap(value: unknown): value is MapLike {
  return isObject(value) && typeof (value as Fields)["get"] === "function" && typeof (value as Fields)["has"] === "function";
}

function isKey(key: unknown): key is PropertyKey {
  return typeof key === "string" || typeof key === "number" || typeof key === "symbol";
}

/** The name of a value's class, for errors and for people. */
function className(value: unknown): string {
  if (!isObject(value)) {
    return value === null ? "null" : typeof value;
  }
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "" ? name : "Object";
}

/** `String(value)`, also of what refuses to have one. */
function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function repr(value: unknown): string {
  const full = text(value);
  const [line] = full.split("\n", 1);
  const shown = line!.length > 80 || line !== full ? `${line!.slice(0, 80)}...` : full;
  return typeof value === "function" ? `<js function ${value.name === "" ? "without a name" : value.name}>` : `<js ${className(value)}: ${shown}>`;
}

/** Where an index of Python's is: negative ones count from the end. */
function place(target: ArrayLike<unknown>, index: number): number {
  const at = index < 0 ? index + target.length : index;
  if (!Number.isInteger(at) || at < 0 || at >= target.length) {
    throw new OperationError("IndexError", `index ${index} is out of range: the length is ${target.length}`);
  }
  return at;
}

function got(target: unknown, value: unknown): unknown {
  return typeof value === "function" ? new Method(value as Method["func"], target) : value;
}

function keyError(key: unknown): OperationError {
  return new OperationError("KeyError", isObject(key) ? text(key) : key);
}

function keyOf(target: unknown, key: unknown): PropertyKey {
  if (!isKey(key)) {
    throw new OperationError("TypeError", `the items of a JavaScript ${className(target)} have strings, numbers or symbols as keys, not ${text(key)}`);
  }
  return key;
}

function getItem(target: unknown, key: unknown): unknown {
  if (isSequence(target) && typeof key === "number") {
    return got(target, target[place(target, key)]);
  }
  if (isMap(target)) {
    if (!target.has(key)) {
      throw keyError(key);
    }
    return target.get(key);
  }
  const name = keyOf(target, key);
  if (!(name in Object(target))) {
    throw keyError(key);
  }
  return got(target, (target as Fields)[name]);
}

function setItem(target: unknown, key: unknown, value: unknown): void {
  if (isSequence(target) && typeof key === "number") {
    (target as Fields)[place(target, key)] = value;
  } else if (isMap(target) && target.set) {
    target.set(key, value);
  } else {
    (target as Fields)[keyOf(target, key)] = value;
  }
}

function deleteItem(target: unknown, key: unknown): void {
  if (Array.isArray(target) && typeof key === "number") {
    target.splice(place(target, key), 1);
    return;
  }
  if (isMap(target) && target.delete) {
    if (!target.has(key)) {
      throw keyError(key);
    }
    target.delete(key);
    return;
  }
  const name = keyOf(target, key);
  if (!(name in Object(target))) {
    throw keyError(key);
  }
  delete (target as Fields)[name];
}

function contains(target: unknown, value: unknown): boolean {
  if (isObject(target) && typeof (target as Fields)["has"] === "function") {
    return Boolean((target as MapLike).has(value));
  }
  if (isSequence(target)) {
    return Array.prototype.includes.call(target, value);
  }
  return isKey(value) && value in Object(target);
}

function lengthOf(target: unknown): number | undefined {
  if (typeof target === "object" && target !== null) {
    const { size, length } = target as { size?: unknown; length?: unknown };
    return typeof size === "number" ? size : typeof length === "number" ? length : undefined;
  }
  return undefined;
}

function length(target: unknown): number {
  const count = lengthOf(target);
  if (count === undefined) {
    throw new OperationError("TypeError", `a JavaScript ${className(target)} has no length`);
  }
  return count;
}

/** Maps give their keys, as dicts do. */
function iterator(target: unknown): unknown {
  if (isMap(target) && typeof target.keys === "function") {
    return target.keys();
  }
  if (isObject(target)) {
    const make = (target as Fields)[Symbol.iterator];
    if (typeof make === "function") {
      return Reflect.apply(make as Method["func"], target, []);
    }
    if (typeof (target as Fields)["next"] === "function") {
      return target;
    }
  }
  throw new OperationError("TypeError", `a JavaScript ${className(target)} is not iterable`);
}

function next(target: unknown): unknown {
  const step = (target as { next?: unknown }).next;
  if (typeof step !== "function") {
    throw new OperationError("TypeError", `a JavaScript ${className(target)} is no iterator`);
  }
  const { done, value } = Reflect.apply(step as Method["func"], target, []) as IteratorResult<unknown>;
  return done === true ? NOTHING : value;
}

function names(target: unknown): string[] {
  const found = new Set<string>();
  for (let object: unknown = Object(target); object !== null; object = Object.getPrototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) {
      if (!/^\d/.test(name)) {
        found.add(name);
      }
    }
  }
  return [...found];
}

/**
 * What Python does with a value of this realm: `operation` is one of C's `enum weft_js_operation`
 * (wasm/include/weft_js.h). Only JavaScript values come in and go out; no Python is needed.
 *
 * An attribute is a property; a function among them remembers the object that it was got from. Items are the elements of
 * what has numbered ones, the entries of what has `get` and `has`, or else properties. `in` and `len()` follow what
 * the value has: `has`, elements, properties; `size`, `length`.
 * @param self `this` of a call.
 * @throws OperationError where Python expects an exception of its own; whatever the value's code throws.
 */
export function perform(operation: number, target: unknown, self: unknown, values: readonly unknown[]): unknown {
  const remote = remoteOf(target);
  if (remote) {
    return new Later(remote.perform(operation, self, values));
  }
  switch (operation) {
    case CALL:
      return Reflect.apply(target as Method["func"], self, values as never[]);
    case GET: {
      const name = property(values[0]);
      const value = (target as Fields)[name];
      if (name === "then" || name === "catch" || name === "finally") {
        askPromise(target);
      }
      return value === undefined && !(name in Object(target)) ? NOTHING : got(target, value);
    }
    case SET:
      (target as Fields)[property(values[0])] = values[1];
      return undefined;
    case DELETE: {
      const name = property(values[0]);
      if (!(name in Object(target))) {
        throw new OperationError("AttributeError", `this JavaScript value has no attribute '${name}'`);
      }
      delete (target as Fields)[name];
      return undefined;
    }
    case NEW:
      return Reflect.construct(target as new (...parameters: unknown[]) => unknown, values);
    case GET_ITEM:
      return getItem(target, values[0]);
    case SET_ITEM:
      setItem(target, values[0], values[1]);
      return undefined;
    case DELETE_ITEM:
      deleteItem(target, values[0]);
      return undefined;
    case NEXT:
      return next(target);
    case ITERATE:
      return iterator(target);
    case LENGTH:
      return length(target);
    case CONTAINS:
      return contains(target, values[0]);
    case TRUTH:
      return lengthOf(target) !== 0 && Boolean(target);
    case TEXT:
      return text(target);
    case REPR:
      return repr(target);
    case DIR:
      return new Copied(names(target), -1);
    case TYPEOF:
      return typeof target;
    case INSTANCE_OF:
      return values[0] instanceof (target as () => void);
    case TO_PYTHON:
      return new Copied(target, values[0] as number);
    case TO_JS:
      return values[0];
    case WAIT:
      askPromise(target);
      return new Later(target as PromiseLike<unknown>);
    case THEN: {
      askPromise(target);
      const settle = values[0] as (fulfilled: boolean, value: unknown) => void;
      (target as PromiseLike<unknown>).then(
        (value) => {
          settle(true, value);
        },
        (error: unknown) => {
          settle(false, new Reason(error));
        },
      );
      return undefined;
    }
    default:
      throw new TypeError(`Python asked for an unknown operation ${operation}: runtime and host do not match`);
  }
}
