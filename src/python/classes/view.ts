import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { DetachedError } from "../lifecycle.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { STATE, type ClassDefinition } from "./definition.js";
import type { FieldBytes, KINDS } from "./fields.js";
import type { PlacedField } from "./layout.js";

/**
 * An object of a class for the length of one call: what handlers get as `self`. Fields are accessors on the
 * prototypes that {@link makeViews} makes, and read and write the object's memory. With the call's end
 * the view ends, so an object cannot be used without a borrow.
 */
export class ObjectView {
  readonly #py: Python;
  /** The token's, without asking the token each time: the view ends before it. */
  readonly #realm: Realm;
  #address: Address;
  /** Runs the base's constructor: constructors of derived classes have one of their own. */
  declare initBase: (...values: unknown[]) => void;

  constructor(py: Python, address: Address) {
    this.#py = py;
    this.#realm = py.realm;
    this.#address = address;
  }

  get py(): Python {
    return this.#py;
  }

  /** @throws DetachedError after the call. */
  get object(): PyAny {
    const address = addressOf(this);
    this.#realm.functions.Py_IncRef(address);
    return new PyAny(this.#py, address);
  }

  static address(view: ObjectView): Address {
    if (view.#address === 0) {
      throw new DetachedError("this object was lent to a call that has ended: keep `self.object.unbind()` instead");
    }
    if (view.#realm.attachCount <= 0) {
      view.#realm.requireAttached();
    }
    return view.#address;
  }

  static realm(view: ObjectView): Realm {
    return view.#realm;
  }

  static end(view: ObjectView): void {
    view.#address = 0;
  }
}

ObjectView.prototype.initBase = () => {
  throw new TypeError("initBase() is for constructors of classes that are derived from one with a constructor");
};

const addressOf = ObjectView.address;
const realmOf = ObjectView.realm;

/** After the call nothing of the object can be reached through the view. */
export const endView = ObjectView.end;

/** Views of one class: in a shared borrow and in an exclusive one. */
export interface Views {
  readonly shared: new (py: Python, address: Address) => ObjectView;
  readonly exclusive: new (py: Python, address: Address) => ObjectView;
}

/** Numbers of a class, the same in all realms. */
export interface ClassPlace {
  readonly module: number;
  readonly index: number;
}

/** The classes of views of a class whose fields are at these places, which inherit from those of its base. */
export function makeViews(definition: ClassDefinition, base: Views | undefined, fields: readonly PlacedField[], place: ClassPlace): Views {
  const frozen = definition.options.frozen === true;
  const make = (writable: boolean): Views["shared"] => {
    const parent = (writable ? base?.exclusive : base?.shared) ?? ObjectView;
    const made = { [definition.name]: class extends parent {} }[definition.name]!;
    Object.defineProperties(made.prototype, Object.fromEntries(definition.helpers));
    for (const one of fields) {
      Object.defineProperty(made.prototype, one.name, { ...ACCESS[one.field.kind](one, writable, frozen), enumerable: true });
    }
    if (definition.options.unsendable === true) {
      Object.defineProperty(made.prototype, "state", state(fields.find((one) => one.name === STATE)!, writable, frozen, definition.tracing && place));
    }
    return made;
  };
  return { shared: make(false), exclusive: make(true) };
}

type Accessor = ThisType<ObjectView> & { get(): unknown; set(value: never): void };

function refuse(name: string): never {
  throw new TypeError(`${name} cannot be set in a shared borrow: use methodMut`);
}

function whole(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} holds whole numbers from ${least} to ${most}, not ${value}`);
  }
  return value;
}

/** The object's reference at a place, as a bound one; `undefined` where there is none. */
function readObject(view: ObjectView, offset: number): PyAny | undefined {
  const realm = realmOf(view);
  const pointer = realm.memory.word(addressOf(view) + offset);
  if (pointer === 0) {
    return undefined;
  }
  realm.functions.Py_IncRef(pointer);
  return new PyAny(view.py, pointer);
}

/**
 * Puts a reference there, and releases the old one. In a frozen object, which others read without a borrow, only
 * once: they count on it that a reference that is there stays.
 */
function writeObject(view: ObjectView, name: string, offset: number, value: PyAny, frozen: boolean): void {
  const { realm } = view.py;
  const at = addressOf(view) + offset;
  const old = realm.memory.word(at);
  if (frozen && old !== 0) {
    throw new TypeError(`${name} was set before: the object is frozen`);
  }
  const { pointer } = value;
  realm.functions.Py_IncRef(pointer);
  realm.memory.setWord(at, pointer);
  if (old !== 0) {
    // With the scope: a destructor that ran now would find the object borrowed.
    void new PyAny(view.py, old);
  }
}

const ACCESS: { readonly [K in keyof typeof KINDS]: (field: PlacedField, writable: boolean, frozen: boolean) => Accessor } = {
  i32: ({ name, offset }, writable) => ({
    get() {
      return realmOf(this).memory.word(addressOf(this) + offset);
    },
    set(value: number) {
      writable || refuse(name);
      realmOf(this).memory.setWord(addressOf(this) + offset, whole(name, value, -2147483648, 2147483647));
    },
  }),
  bool: ({ name, offset }, writable) => ({
    get() {
      return realmOf(this).memory.word(addressOf(this) + offset) !== 0;
    },
    set(value: boolean) {
      writable || refuse(name);
      realmOf(this).memory.setWord(addressOf(this) + offset, value ? 1 : 0);
    },
  }),
  i64: ({ name, offset }, writable) => ({
    get() {
      const at = addressOf(this) + offset;
      const { memory } = realmOf(this);
      return (BigInt(memory.word(at + 4)) << 32n) | BigInt(memory.word(at) >>> 0);
    },
    set(value: bigint | number) {
      writable || refuse(name);
      const big = BigInt(value);
      if (big !== BigInt.asIntN(64, big)) {
        throw new RangeError(`${name} holds whole numbers of 64 bits, not ${big}`);
      }
      const at = addressOf(this) + offset;
      const { memory } = realmOf(this);
      memory.setWord(at, Number(BigInt.asIntN(32, big)));
      memory.setWord(at + 4, Number(big >> 32n));
    },
  }),
  f64: ({ name, offset }, writable) => ({
    get() {
      return realmOf(this).memory.double(addressOf(this) + offset);
    },
    set(value: number) {
      writable || refuse(name);
      if (typeof value !== "number") {
        throw new TypeError(`${name} holds a number, not a ${typeof value}`);
      }
      realmOf(this).memory.setDouble(addressOf(this) + offset, value);
    },
  }),
  object: ({ name, offset }, writable, frozen) => ({
    get() {
      return readObject(this, offset);
    },
    set(value: unknown) {
      writable || refuse(name);
      writeObject(this, name, offset, this.py.from(value), frozen);
    },
  }),
  str: ({ name, offset }, writable, frozen) => ({
    get() {
      const pointer = realmOf(this).memory.word(addressOf(this) + offset);
      return pointer === 0 ? undefined : this.py.text(pointer);
    },
    set(value: string) {
      writable || refuse(name);
      if (typeof value !== "string") {
        throw new TypeError(`${name} holds a string, not a ${typeof value}`);
      }
      writeObject(this, name, offset, this.py.from(value), frozen);
    },
  }),
  bytes: (field, writable) => ({
    get() {
      return bytesOf(this, field, writable);
    },
    set() {
      throw new TypeError(`${field.name} cannot be replaced: write() into it`);
    },
  }),
};

function bytesOf(view: ObjectView, { name, offset, field: { size } }: PlacedField, writable: boolean): FieldBytes {
  const all = (): Uint8Array => realmOf(view).memory.bytes(addressOf(view) + offset, size);
  return {
    length: size,
    read: (start = 0, end = size) => all().slice(start, end),
    array: (type) => {
      const { buffer, byteOffset } = all();
      return new type(buffer as ArrayBuffer, byteOffset, Math.floor(size / type.BYTES_PER_ELEMENT)) as never;
    },
    write: (bytes, start = 0) => {
      writable || refuse(name);
      all().set(bytes, start);
    },
  };
}

function state({ offset }: PlacedField, writable: boolean, frozen: boolean, traced: ClassPlace | undefined): Accessor {
  return {
    get() {
      const realm = realmOf(this);
      let pointer = realm.memory.word(addressOf(this) + offset);
      if (traced && pointer !== 0) {
        pointer = realm.functions.weft_state_proxy(pointer);
      }
      // Borrowing has made sure that this is the realm that made the object.
      return pointer === 0 ? undefined : realm.value(realm.functions.weft_js_proxy_id(pointer));
    },
    set(value: unknown) {
      writable || refuse("state");
      const { py } = this;
      const proxy = py.hostObject(value, "state");
      const kept = traced ? py.any(realmOf(this).functions.weft_state_new(traced.module, traced.index, addressOf(this), proxy.pointer)) : proxy;
      writeObject(this, "state", offset, kept, frozen);
    },
  };
}
