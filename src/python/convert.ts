import type { Address } from "../abi/functions.js";
import { CONSTANTS, STRUCTS } from "../abi/layout.js";
import { bound, PyAny } from "./any.js";
import type { Attached } from "./attached.js";
import { ConversionError } from "./conversion-error.js";
import { compactValue, newInt } from "./ints.js";
import { Py } from "./py.js";
import type { Realm } from "./realm.js";
import { copyIn, copyOut } from "./shared-copy.js";

export { ConversionError };

/** Python integers up to this become numbers without a loss. */
const SMALL = 2 ** 31;
/** Bytes from which an object is worth a look at what memory is free. */
const LARGE = 65_536;

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
  const address = realm.allocate(Math.max(data.length, 1));
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
      return functions.Py_GetConstant(value ? CONSTANTS.Py_CONSTANT_TRUE : CONSTANTS.Py_CONSTANT_FALSE);
    case "number":
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
        return value >= -SMALL && value < SMALL ? newInt(realm, value) : functions.PyLong_FromLongLong(BigInt(value));
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
    if (value.length >= LARGE) {
      // Otherwise the memory of those before, if only they are gone, is not used again.
      functions.weft_quiescent();
    }
    const made = functions.PyBytes_FromStringAndSize(0, value.length);
    if (made !== 0) {
      // Nobody else knows the object yet.
      copyIn(realm.memory.bytes(functions.PyBytes_AsString(made), value.length), value);
    }
    return made;
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
  if (ArrayBuffer.isView(value)) {
    throw new ConversionError(
      `a ${value.constructor.name} has no counterpart in Python: pass py.memoryview(value) where it lies in a buffer of Python's, t.typedArray(${value.constructor.name}).into(py, value) to copy the items, or a Uint8Array to copy the bytes`,
    );
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
  const { length } = values;
  const made = functions.PyList_New(length);
  if (made === 0) {
    return 0;
  }
  // A list with empty places: no code may see it before it is full.
  let filledTo = 0;
  try {
    for (; filledTo < length; filledTo++) {
      const item = toPython(py, values[filledTo], func);
      if (item === 0) {
        return 0;
      }
      functions.PyList_SetItem(made, filledTo, item);
    }
  } finally {
    if (filledTo < length) {
      functions.Py_DecRef(made);
    }
  }
  return made;
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
  /** None, a value of this realm's that an object stands for, or an owned reference. */
  other(pointer: Address): unknown;
}

/** Reads an object of one builtin type. */
export type Reader = (reading: Reading, pointer: Address) => unknown;

const [OB_TYPE] = STRUCTS.PyObject.fields.ob_type;

/**
 * The JavaScript value of a Python object: None is `undefined`, bool a boolean, int a number where that is
 * exact and else a bigint, float a number, str a string, bytes a copy in a Uint8Array, list and tuple an
 * array, set and frozenset a Set, dict a plain object (a Map unless all keys are str). Containers are
 * converted with all they contain; an object that contains itself does so in JavaScript too. A value of
 * this realm's that went through Python is itself again. Anything else becomes an owned {@link Py}.
 *
 * The caller's reference keeps the object, and with it its type, alive.
 */
export function toJs(reading: Reading, pointer: Address): unknown {
  const reader = reading.readers.get(reading.py.realm.memory.word(pointer + OB_TYPE));
  return reader ? reader(reading, pointer) : reading.other(pointer);
}

/** The value of an int, of a subclass too: a number where that is exact. */
export function readInteger(py: Attached, pointer: Address): number | bigint {
  const compact = compactValue(py.realm, pointer);
  if (compact !== undefined) {
    return compact;
  }
  const { realm } = py;
  const { functions, memory, scratch } = realm;
  const value = functions.PyLong_AsLongAndOverflow(pointer, scratch);
  if (memory.word(scratch) === 0) {
    return value;
  }
  const length = py.size(functions.PyLong_AsNativeBytes(pointer, 0, 0, 0));
  const address = realm.allocate(length);
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

/** Converts an item of which we own a reference, and releases it. */
function readOwned(reading: Reading, pointer: Address): unknown {
  try {
    return toJs(reading, pointer);
  } finally {
    if (reading.seen.has(pointer)) {
      // Until the scope's end: another object at its address would be taken for it.
      new PyAny(reading.py, pointer);
    } else {
      reading.py.realm.functions.Py_DecRef(pointer);
    }
  }
}

/** Reads a container once; where it is met again, also inside of itself, it is what was made the first time. */
function once(read: (reading: Reading, pointer: Address, known: (made: object) => void) => unknown): Reader {
  return (reading, pointer) => reading.seen.get(pointer) ?? read(reading, pointer, (made) => reading.seen.set(pointer, made));
}

const readList = once((reading, pointer, known) => {
  const { functions } = reading.py.realm;
  const items: unknown[] = [];
  known(items);
  // Another thread may shorten it meanwhile.
  for (let i = 0; i < functions.PyList_Size(pointer); i++) {
    const item = functions.PyList_GetItemRef(pointer, i);
    if (item === 0) {
      functions.PyErr_Clear();
      break;
    }
    items.push(readOwned(reading, item));
  }
  return items;
});

const readTuple = once((reading, pointer, known) => {
  const { functions } = reading.py.realm;
  const items: unknown[] = [];
  known(items);
  const length = functions.PyTuple_Size(pointer);
  for (let i = 0; i < length; i++) {
    // Borrowed from a tuple, which does not change and is kept alive.
    items.push(toJs(reading, functions.PyTuple_GetItem(pointer, i)));
  }
  return items;
});

function readSet(reading: Reading, pointer: Address): Set<unknown> {
  const { py } = reading;
  const items = new Set();
  // A list of its own: iterating over a set fails when another thread changes it.
  // Until the scope's end: its address is noted as read.
  const list = bound(py, py.realm.functions.PySequence_List(pointer));
  for (const item of readList(reading, list.pointer) as unknown[]) {
    items.add(item);
  }
  return items;
}

const readDict = once((reading, pointer, known) => {
  const { py } = reading;
  const { functions } = py.realm;
  // A list of its own: the dict may change meanwhile.
  // Until the scope's end, with the keys and values whose addresses are noted as read.
  const items = bound(py, functions.PyDict_Items(pointer));
  const length = functions.PyList_Size(items.pointer);
  const keys: unknown[] = [];
  const values: Address[] = [];
  for (let i = 0; i < length; i++) {
    // The list and its tuples are ours alone.
    const pair = functions.PyList_GetItemRef(items.pointer, i);
    functions.Py_DecRef(pair);
    keys.push(toJs(reading, functions.PyTuple_GetItem(pair, 0)));
    values.push(functions.PyTuple_GetItem(pair, 1));
  }
  if (keys.every((key) => typeof key === "string")) {
    const record: Record<string, unknown> = {};
    known(record);
    keys.forEach((key, i) => {
      // Also where the key is __proto__.
      Object.defineProperty(record, key, { value: toJs(reading, values[i]!), writable: true, enumerable: true, configurable: true });
    });
    return record;
  }
  const map = new Map<unknown, unknown>();
  known(map);
  keys.forEach((key, i) => map.set(key, toJs(reading, values[i]!)));
  return map;
});

/** Readers by the names of builtin types. */
export const READERS: Readonly<Record<string, Reader>> = {
  bool: ({ py }, pointer) => py.truth(py.realm.functions.PyObject_IsTrue(pointer)),
  int: ({ py }, pointer) => readInteger(py, pointer),
  float: ({ py }, pointer) => py.realm.functions.PyFloat_AsDouble(pointer),
  str: ({ py }, pointer) => py.text(pointer),
  bytes: ({ py }, pointer) => {
    const { functions, memory } = py.realm;
    return copyOut(memory.bytes(functions.PyBytes_AsString(pointer), functions.PyBytes_Size(pointer)));
  },
  list: readList,
  tuple: readTuple,
  set: readSet,
  frozenset: readSet,
  dict: readDict,
};

/** Those that read what other objects are in. */
export const CONTAINERS: ReadonlySet<Reader> = new Set([readList, readTuple, readSet, readDict]);
