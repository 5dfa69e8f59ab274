import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { toPython } from "../convert.js";
import { Py } from "../py.js";
import type { Python } from "../python.js";
import { originOf } from "./origins.js";
import { Copied, Method, Reason } from "./operation.js";
import { holdPromise } from "./promises.js";

function refused(func: Function): never {
  throw new TypeError(`the function ${func.name} was to be converted as a value`);
}

/**
 * A new reference to what Python gets for a JavaScript value: immutable values are converted, a function
 * that stands for a Python callable is that, and everything else is a `weft.JsProxy`.
 */
export function toPythonReference(py: Python, value: unknown): Address {
  switch (typeof value) {
    case "undefined":
    case "boolean":
    case "number":
    case "bigint":
    case "string":
      return checked(py, toPython(py, value, refused));
    case "function":
      return py.from(originOf(value) ?? py.jsProxy(value)).leak();
    case "object":
      break;
    default:
      return py.jsProxy(value).leak();
  }
  if (value === null || value instanceof PyAny || value instanceof Py) {
    return checked(py, toPython(py, value, refused));
  }
  if (value instanceof Method) {
    return py.from(originOf(value.func) ?? py.jsProxy(value.func, value.self)).leak();
  }
  if (value instanceof Copied) {
    return copy(py, value.value, value.depth, new Map());
  }
  if (value instanceof Reason) {
    return py.exceptionFor(value.error).leak();
  }
  holdPromise(value);
  return py.jsProxy(value).leak();
}

function checked(py: Python, pointer: Address): Address {
  if (pointer === 0) {
    py.throwPending();
  }
  return pointer;
}

/** Containers as Python's own; what is in them twice is so in Python too. */
function copy(py: Python, value: unknown, depth: number, seen: Map<object, PyAny>): Address {
  if (depth === 0 || typeof value !== "object" || value === null || value instanceof PyAny || value instanceof Py) {
    return toPythonReference(py, value);
  }
  const known = seen.get(value);
  if (known) {
    py.realm.functions.Py_IncRef(known.pointer);
    return known.pointer;
  }
  const item = (inner: unknown): PyAny => new PyAny(py, copy(py, inner, depth - 1, seen));
  const made = <T extends PyAny>(container: T): T => {
    seen.set(value, container);
    return container;
  };
  if (Array.isArray(value)) {
    const list = made(py.list());
    for (const inner of value as unknown[]) {
      using object = item(inner);
      list.append(object);
    }
    return list.toOwned().intoBound(py).leak();
  }
  if (value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof ArrayBuffer) {
    const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return checked(py, toPython(py, bytes, refused));
  }
  if (value instanceof Set) {
    const set = made(py.set());
    for (const inner of value) {
      using object = item(inner);
      set.add(object);
    }
    return set.toOwned().intoBound(py).leak();
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (value instanceof Map || prototype === Object.prototype || prototype === null) {
    const dict = made(py.dict());
    for (const [key, inner] of value instanceof Map ? value : Object.entries(value)) {
      using name = item(key);
      using object = item(inner);
      dict.setItem(name, object);
    }
    return dict.toOwned().intoBound(py).leak();
  }
  return toPythonReference(py, value);
}
