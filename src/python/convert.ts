import type { Address } from "../abi/functions.js";
import { bound, PyAny } from "./any.js";
import type { Attached } from "./attached.js";
import { ConversionError } from "./conversion-error.js";
import { Py } from "./py.js";
import type { Realm } from "./realm.js";

export { ConversionError };

/** Python integers up to this become numbers without a loss. */
const SMALL = 2 ** 31;

function text(realm: Realm, value: string): Address {
  if (!value.isWellFormed()) {
    // Lone surrogates: only UTF-16 can carry them over.
    const units = Uint16Array.from({ length: value.length }, (_, i) => value.charCodeAt(i));
    // The byte order (-1: little-endian, no mark) goes first.
    const data = new Uint8Array([0xff, 0xff, 0xff, 0xff, ...new Uint8Array(units.buffer)]);
    return withBytes(realm, data, (address) =>
      realm.withText("surrogatepass", (errors) => realm.functions.PyUnicode_DecodeUTF16(address + 4, data.length - 4, errors, address)),
    );
  }
  return realm.withText(value, (address, length) => realm.functions.PyUnicode_FromStringAndSize(address, length));
}

function withBytes<T>(realm: Realm, data: Uint8Array, call: (address: Address) => T): T {
  const address = realm.functions.malloc(Math.max(data.length, 1));
  if (address === 0) {
    throw new RangeError(`out of guest memory: could not allocate ${data.length} bytes`);
  }
  try {
    realm.memory.bytes(address, data.length).set(data);
    return call(address);
  } finally {
    realm.functions.free(address);
  }
}

function integer(realm: Realm, value: bigint): Address {
  if (BigInt.asIntN(64, value) === value) {
    return realm.functions.PyLong_FromLongLong(value);
  }
  const negative = value < 0n;
  let digits = (negative ? -value - 1n : value).toString(16);
  // One more bit, so that the sign fits.
  digits = digits.padStart(2 * (Math.floor(digits.length / 2) + 1), "0");
  const data = Uint8Array.from({ length: digits.length / 2 }, (_, i) => {
    const byte = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
    return negative ? 255 - byte : byte;
  });
  // Big-endian, signed.
  return withBytes(realm, data, (address) => realm.functions.PyLong_FromNativeBytes(address, data.length, 0));
}

/**
 * A new reference to the Python object for a JavaScript value; 0 with a pending error when Python failed.
 *
 * `undefined` and `null` become None, booleans bool, numbers int where they are safe integers (but -0)
 * and else float, bigints int, strings str, arrays list, Map and plain objects dict, Set set, Uint8Array
 * bytes. Bound and owned references stand for their objects.
 * @throws ConversionError for other values.
 */
export function toPython(py: Attached, value: unknown, func: (value: Function) => Address): Address {
  const { realm } = py;
  const { functions } = realm;
  switch (typeof value) {
    case "undefined":
      return py.none;
    case "boolean":
      return functions.Py_GetConstant(value ? 2 : 1);
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
        return value >= -SMALL && value < SMALL ? functions.PyLong_FromLong(value) : functions.PyLong_FromLongLong(BigInt(value));
      }
      return functions.PyFloat_FromDouble(value);
    case "bigint":
      return integer(realm, value);
    case "string":
      return text(realm, value);
    case "function":
      return func(value);
    case "object":
      break;
    default:
      throw new ConversionError(`a ${typeof value} has no counterpart in Python: ${String(value)}`);
  }
  if (value === null) {
    return py.none;
  }
  if (value instanceof PyAny) {
    functions.Py_IncRef(value.pointer);
    return value.pointer;
  }
  if (value instanceof Py) {
    return (value.cloneRef(py) as Py<PyAny>).intoBound(py).leak();
  }
  if (Array.isArray(value)) {
    return list(py, value, func);
  }
  if (value instanceof Uint8Array) {
    return withBytes(realm, value, (address) => functions.PyBytes_FromStringAndSize(address, value.length));
  }
  if (value instanceof Map) {
    return dict(py, value, func);
  }
  if (value instanceof Set) {
    const set = functions.PySet_New(0);
    return filled(py, set, value, (item) => functions.PySet_Add(set, item), func);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return dict(py, Object.entries(value), func);
  }
  throw new ConversionError(
    `an object of class ${value.constructor?.name ?? "?"} has no counterpart in Python: convert it, or pass py.hostObject(value) to hand it on as it is`,
  );
}

/** Puts every value into a container of which no other thread knows yet. */
function filled(py: Attached, container: Address, values: Iterable<unknown>, add: (item: Address) => number, func: (value: Function) => Address): Address {
  const { functions } = py.realm;
  if (container === 0) {
    return 0;
  }
  try {
    for (const value of values) {
      const item = toPython(py, value, func);
      const status = item === 0 ? -1 : add(item);
      if (item !== 0) {
        functions.Py_DecRef(item);
      }
      if (status !== 0) {
        functions.Py_DecRef(container);
        return 0;
      }
    }
  } catch (error) {
    functions.Py_DecRef(container);
    throw error;
  }
  return container;
}

function list(py: Attached, values: readonly unknown[], func: (value: Function) => Address): Address {
  const { functions } = py.realm;
  const made = functions.PyList_New(0);
  return filled(py, made, values, (item) => functions.PyList_Append(made, item), func);
}

function dict(py: Attached, entries: Iterable<readonly [unknown, unknown]>, func: (value: Function) => Address): Address {
  const { functions } = py.realm;
  const made = functions.PyDict_New();
  let key = 0;
  const halves = function* (): Iterable<unknown> {
    for (const [name, value] of entries) {
      yield name;
      yield value;
    }
  };
  try {
    return filled(
      py,
      made,
      halves(),
      (item) => {
        if (key === 0) {
          key = item;
          functions.Py_IncRef(key);
          return 0;
        }
        const status = functions.PyDict_SetItem(made, key, item);
        functions.Py_DecRef(key);
        key = 0;
        return status;
      },
      func,
    );
  } finally {
    if (key !== 0) {
      functions.Py_DecRef(key);
    }
  }
}

/** One conversion to JavaScript: what is needed to read an object, and what was read already. */
export interface Reading {
  readonly py: Attached;
  /** Readers by the addresses of their types. */
  readonly readers: ReadonlyMap<Address, Reader>;
  /** Containers that are being read or have been, by address. */
  readonly seen: Map<Address, unknown>;
  /** The value of this realm's that an object stands for. */
  host(object: PyAny): { readonly value: unknown } | undefined;
}

type Reader = (reading: Reading, object: PyAny) => unknown;

/**
 * The JavaScript value of a Python object: None is `undefined`, bool a boolean, int a number where that is
 * exact and else a bigint, float a number, str a string, bytes a copy in a Uint8Array, list and tuple an
 * array, set and frozenset a Set, dict a plain object (a Map unless all keys are str). Containers are
 * converted with all they contain; an object that contains itself does so in JavaScript too. A value of
 * this realm's that went through Python is itself again. Anything else becomes an owned {@link Py}.
 */
export function toJs(reading: Reading, object: PyAny): unknown {
  const known = reading.seen.get(object.pointer);
  if (known !== undefined) {
    return known;
  }
  using type = object.type();
  const reader = reading.readers.get(type.pointer);
  if (reader) {
    return reader(reading, object);
  }
  const own = reading.host(object);
  return own ? own.value : object.toOwned();
}

function readInteger({ py }: Reading, { pointer }: PyAny): number | bigint {
  const { functions, memory, scratch } = py.realm;
  const value = functions.PyLong_AsLongAndOverflow(pointer, scratch);
  if (memory.word(scratch) === 0) {
    return value;
  }
  const length = py.size(functions.PyLong_AsNativeBytes(pointer, 0, 0, 0));
  const address = functions.malloc(length);
  if (address === 0) {
    throw new RangeError(`out of guest memory: could not allocate ${length} bytes`);
  }
  try {
    py.size(functions.PyLong_AsNativeBytes(pointer, address, length, 0));
    let hex = "";
    for (const byte of memory.bytes(address, length)) {
      hex += byte.toString(16).padStart(2, "0");
    }
    const big = BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
    const number = Number(big);
    return Number.isSafeInteger(number) ? number : big;
  } finally {
    functions.free(address);
  }
}

function readItems(reading: Reading, object: PyAny, add: (value: unknown) => void): void {
  for (const item of object) {
    add(toJs(reading, item));
    item[Symbol.dispose]();
  }
}

function readArray(reading: Reading, object: PyAny): unknown[] {
  const items: unknown[] = [];
  reading.seen.set(object.pointer, items);
  readItems(reading, object, (item) => items.push(item));
  return items;
}

function readSet(reading: Reading, object: PyAny): Set<unknown> {
  const items = new Set();
  readItems(reading, object, (item) => items.add(item));
  return items;
}

function readDict(reading: Reading, object: PyAny): Record<string, unknown> | Map<unknown, unknown> {
  const { py } = reading;
  // A list of its own: the dict may change meanwhile.
  using items = bound(py, py.realm.functions.PyDict_Items(object.pointer));
  const pairs = [...items].map((pair) => ({ key: toJs(reading, pair.getItem(0)), value: pair.getItem(1) }));
  if (pairs.every(({ key }) => typeof key === "string")) {
    const record: Record<string, unknown> = {};
    reading.seen.set(object.pointer, record);
    for (const { key, value } of pairs) {
      // Also where the key is __proto__.
      Object.defineProperty(record, key as string, { value: toJs(reading, value), writable: true, enumerable: true, configurable: true });
    }
    return record;
  }
  const map = new Map<unknown, unknown>();
  reading.seen.set(object.pointer, map);
  for (const { key, value } of pairs) {
    map.set(key, toJs(reading, value));
  }
  return map;
}

/** Readers by the names of builtin types. */
export const READERS: Readonly<Record<string, Reader>> = {
  bool: ({ py }, object) => py.truth(py.realm.functions.PyObject_IsTrue(object.pointer)),
  int: readInteger,
  float: ({ py }, object) => py.realm.functions.PyFloat_AsDouble(object.pointer),
  str: ({ py }, object) => py.text(object.pointer),
  bytes: ({ py }, { pointer }) => {
    const { functions, memory } = py.realm;
    return memory.bytes(functions.PyBytes_AsString(pointer), functions.PyBytes_Size(pointer)).slice();
  },
  list: readArray,
  tuple: readArray,
  set: readSet,
  frozenset: readSet,
  dict: readDict,
};
