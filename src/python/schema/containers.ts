import { bound, PyAny } from "../any.js";
import type { TypedArray, TypedArrayConstructor } from "../buffer/formats.js";
import { PyByteArray, PyBytes } from "../objects/bytes.js";
import { PyDict } from "../objects/dict.js";
import { PyList } from "../objects/list.js";
import { PyFrozenSet, PySet } from "../objects/set.js";
import { PyString } from "../objects/str.js";
import { PyTuple } from "../objects/tuple.js";
import type { Python } from "../python.js";
import { Schema } from "./schema.js";
import { inside, SchemaError, unexpected, unfit } from "./schema-error.js";

/*
 * Every container is first copied to a list of our own, in one step under its lock where it can change: others may
 * change it while its items are read.
 */

/** Calls with each item of such a list. */
function each(list: PyAny, call: (item: PyAny, index: number) => void): void {
  const { py } = list;
  const { functions } = py.realm;
  const length = functions.PyList_Size(list.pointer);
  for (let i = 0; i < length; i++) {
    const item = bound(py, functions.PyList_GetItemRef(list.pointer, i));
    try {
      call(item, i);
    } finally {
      item[Symbol.dispose]();
    }
  }
}

function readAll<T>(items: PyAny, schema: Schema<T>, step: (index: number) => string, add: (value: T) => void): void {
  try {
    each(items, (item, index) => {
      try {
        add(schema.read(item));
      } catch (error) {
        throw inside(step(index), error);
      }
    });
  } finally {
    items[Symbol.dispose]();
  }
}

/** Objects for all values; gives them to `make`, whose result does not need them here any more. */
function writeAll<T, R extends PyAny>(py: Python, values: Iterable<T>, schema: Schema<T>, step: (index: number) => string, make: (objects: PyAny[]) => R): R {
  const objects: PyAny[] = [];
  try {
    for (const value of values) {
      try {
        objects.push(schema.write(py, value));
      } catch (error) {
        throw inside(step(objects.length), error);
      }
    }
    return make(objects);
  } finally {
    objects.forEach((object) => {
      object[Symbol.dispose]();
    });
  }
}

const at = (index: number): string => `[${index}]`;
/** Sets have no places. */
const member = (index: number): string => `{member ${index}}`;

/** Sequences that hold other things than items. */
const TEXTS = [PyString, PyBytes, PyByteArray];

export class ListSchema<T> extends Schema<T[]> {
  readonly name: string;
  readonly #item: Schema<T>;

  constructor(item: Schema<T>) {
    super();
    this.#item = item;
    this.name = `list[${item.name}]`;
  }

  read(object: PyAny): T[] {
    const values: T[] = [];
    readAll(this.#items(object), this.#item, at, (value) => values.push(value));
    return values;
  }

  #items(object: PyAny): PyAny {
    const { py } = object;
    const { functions } = py.realm;
    if (object.instanceOf(PyList)) {
      return bound(py, functions.PyList_GetSlice(object.pointer, 0, 0x7fffffff));
    }
    if (!object.instanceOf(PyTuple)) {
      // As PyO3's Vec takes every sequence, but not one of characters or bytes.
      using abc = new PyAny(py, py.importModule("collections.abc"));
      using sequence = abc.getAttr("Sequence");
      if (TEXTS.some((cls) => object.instanceOf(cls)) || !object.isInstance(sequence)) {
        throw unexpected(this.name, object);
      }
    }
    return bound(py, functions.PySequence_List(object.pointer));
  }

  write(py: Python, value: T[]): PyAny {
    if (!Array.isArray(value)) {
      throw unfit(this.name, value);
    }
    return writeAll(py, value, this.#item, at, (objects) => py.list(objects));
  }
}

export class TupleSchema<T extends readonly unknown[]> extends Schema<T> {
  readonly name: string;
  readonly #items: readonly Schema<unknown>[];

  constructor(items: readonly Schema<unknown>[]) {
    super();
    this.#items = items;
    this.name = `tuple[${items.length > 0 ? items.map((item) => item.name).join(", ") : "()"}]`;
  }

  read(object: PyAny): T {
    if (!object.instanceOf(PyTuple)) {
      throw unexpected(this.name, object);
    }
    const { py } = object;
    const list = bound(py, py.realm.functions.PySequence_List(object.pointer));
    try {
      const length = py.realm.functions.PyList_Size(list.pointer);
      if (length !== this.#items.length) {
        throw new SchemaError(`expected ${this.name}, got a tuple of ${length}`);
      }
      const values: unknown[] = [];
      each(list, (item, index) => {
        try {
          values.push(this.#items[index]!.read(item));
        } catch (error) {
          throw inside(at(index), error);
        }
      });
      return values as unknown as T;
    } finally {
      list[Symbol.dispose]();
    }
  }

  write(py: Python, value: T): PyAny {
    if (!Array.isArray(value) || value.length !== this.#items.length) {
      throw Array.isArray(value) ? new SchemaError(`expected a value for ${this.name}, got an array of ${value.length}`) : unfit(this.name, value);
    }
    const items = this.#items.map((schema, index) => ({ schema, value: value[index] as unknown }));
    return writeAll(py, items, EACH, at, (objects) => py.tuple(objects));
  }
}

/** Writes values that come with their schemas. */
const EACH = new (class extends Schema<{ schema: Schema<unknown>; value: unknown }> {
  readonly name = "object";

  read(): never {
    throw new TypeError("only writes");
  }

  write(py: Python, { schema, value }: { schema: Schema<unknown>; value: unknown }): PyAny {
    return schema.write(py, value);
  }
})();

export class SetSchema<T> extends Schema<Set<T>> {
  readonly name: string;
  readonly #item: Schema<T>;
  readonly #frozen: boolean;

  /** @param frozen what is made is a frozenset. Both kinds are read. */
  constructor(item: Schema<T>, frozen: boolean) {
    super();
    this.#item = item;
    this.#frozen = frozen;
    this.name = `${frozen ? "frozenset" : "set"}[${item.name}]`;
  }

  read(object: PyAny): Set<T> {
    if (!object.instanceOf(PySet) && !object.instanceOf(PyFrozenSet)) {
      throw unexpected(this.name, object);
    }
    const values = new Set<T>();
    const items = bound(object.py, object.py.realm.functions.PySequence_List(object.pointer));
    readAll(items, this.#item, member, (value) => values.add(value));
    return values;
  }

  write(py: Python, value: Set<T>): PyAny {
    if (!(value instanceof Set)) {
      throw unfit(this.name, value);
    }
    return writeAll(py, value, this.#item, member, (objects) => (this.#frozen ? py.frozenset(objects) : py.set(objects)));
  }
}

export class DictSchema<K, V> extends Schema<Map<K, V>> {
  readonly name: string;
  readonly #key: Schema<K>;
  readonly #value: Schema<V>;

  constructor(key: Schema<K>, value: Schema<V>) {
    super();
    this.#key = key;
    this.#value = value;
    this.name = `dict[${key.name}, ${value.name}]`;
  }

  read(object: PyAny): Map<K, V> {
    if (!object.instanceOf(PyDict)) {
      throw unexpected(this.name, object);
    }
    const { py } = object;
    const { functions } = py.realm;
    const values = new Map<K, V>();
    const items = bound(py, functions.PyDict_Items(object.pointer));
    try {
      each(items, (pair, index) => {
        // Borrowed from a tuple of our own.
        const half = (which: number): PyAny => {
          const pointer = functions.PyTuple_GetItem(pair.pointer, which);
          functions.Py_IncRef(pointer);
          return new PyAny(py, pointer);
        };
        using key = half(0);
        using value = half(1);
        let name: K;
        try {
          name = this.#key.read(key);
        } catch (error) {
          throw inside(`{key ${index}}`, error);
        }
        try {
          values.set(name, this.#value.read(value));
        } catch (error) {
          throw inside(entry(name, index), error);
        }
      });
    } finally {
      items[Symbol.dispose]();
    }
    return values;
  }

  write(py: Python, value: Map<K, V>): PyAny {
    if (!(value instanceof Map)) {
      throw unfit(this.name, value);
    }
    const made = py.dict();
    let index = 0;
    for (const [name, item] of value) {
      let key: PyAny;
      try {
        key = this.#key.write(py, name);
      } catch (error) {
        throw inside(`{key ${index}}`, error);
      }
      try {
        using object = this.#value.write(py, item);
        made.set(key, object);
      } catch (error) {
        throw inside(entry(name, index), error);
      }
      key[Symbol.dispose]();
      index++;
    }
    return made;
  }
}

/** The step to an entry: by its key where that is short. */
export function entry(key: unknown, index: number): string {
  const plain = typeof key === "number" || typeof key === "bigint" || (typeof key === "string" && key.length <= 40);
  return plain ? `[${typeof key === "string" ? JSON.stringify(key) : key}]` : `{value ${index}}`;
}

/** A copy of a buffer's items; new memory for both sides in the other direction. */
export class TypedArraySchema<C extends TypedArrayConstructor> extends Schema<C["prototype"]> {
  readonly name: string;
  readonly #type: C;

  constructor(type: C) {
    super();
    this.#type = type;
    this.name = `buffer of ${type.name}`;
  }

  read(object: PyAny): C["prototype"] {
    using buffer = object.buffer(this.#type);
    return buffer.copy();
  }

  write(py: Python, value: C["prototype"]): PyAny {
    if (!(value instanceof this.#type)) {
      throw unfit(this.name, value);
    }
    using buffer = py.allocateBuffer(this.#type, value.length);
    // Both are of the one class.
    (buffer.array as { set(from: TypedArray): void }).set(value);
    return buffer.object(py);
  }
}
