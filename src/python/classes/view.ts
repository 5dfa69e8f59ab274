import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { DetachedError } from "../lifecycle.js";
import type { Python } from "../python.js";
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
  #address: Address;
  /** Runs the base's constructor; only in constructors. */
  initBase: ((...values: unknown[]) => void) | undefined;

  constructor(py: Python, address: Address) {
    this.#py = py;
    this.#address = address;
  }

  get py(): Python {
    return this.#py;
  }

  /** @throws DetachedError after the call. */
  get object(): PyAny {
    const address = addressOf(this);
    this.#py.realm.functions.Py_IncRef(address);
    return new PyAny(this.#py, address);
  }

  static address(view: ObjectView): Address {
    if (view.#address === 0) {
      throw new DetachedError("this object was lent to a call that has ended: keep `self.object.unbind()` instead");
    }
    if (view.#py.realm.attachCount <= 0) {
      view.#py.realm.requireAttached();
    }
    return view.#address;
  }

  static end(view: ObjectView): void {
    view.#address = 0;
  }
}

const addressOf = ObjectView.address;

/** After the call nothing of the object can be reached through the view. */
export const endView = ObjectView.end;

/** Views of one class: in a shared borrow and in an exclusive one. */
export interface Views {
  readonly shared: new (py: Python, address: Address) => ObjectView;
  readonly exclusive: new (py: Python, address: Address) => ObjectView;
}

/** The classes of views of a class whose fields are at these places, which inherit from those of its base. */
export function makeViews(definition: ClassDefinition, base: Views | undefined, fields: readonly PlacedField[]): Views {
  const make = (writable: boolean): Views["shared"] => {
    const parent = (writable ? base?.exclusive : base?.shared) ?? ObjectView;
    const made = { [definition.name]: class extends parent {} }[definition.name]!;
    for (const one of fields) {
      Object.defineProperty(made.prototype, one.name, { ...ACCESS[one.field.kind](one, writable), enumerable: true });
    }
    if (definition.options.unsendable === true) {
      Object.defineProperty(made.prototype, "state", state(fields.find((one) => one.name === STATE)!, writable));
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
  const { realm } = view.py;
  const pointer = realm.memory.word(addressOf(view) + offset);
  if (pointer === 0) {
    return undefined;
  }
  realm.functions.Py_IncRef(pointer);
  return new PyAny(view.py, pointer);
}

/** Puts a reference there, and releases the old one. */
function writeObject(view: ObjectView, offset: number, value: PyAny): void {
  const { realm } = view.py;
  const at = addressOf(view) + offset;
  const old = realm.memory.word(at);
  const { pointer } = value;
  realm.functions.Py_IncRef(pointer);
  realm.memory.setWord(at, pointer);
  if (old !== 0) {
    // With the scope: a destructor that runs now could find the object borrowed.
    void new PyAny(view.py, old);
  }
}

const ACCESS: { readonly [K in keyof typeof KINDS]: (field: PlacedField, writable: boolean) => Accessor } = {
  i32: ({ name, offset }, writable) => ({
    get() {
      return this.py.realm.memory.word(addressOf(this) + offset);
    },
    set(value: number) {
      writable || refuse(name);
      this.py.realm.memory.setWord(addressOf(this) + offset, whole(name, value, -2147483648, 2147483647));
    },
  }),
  bool: ({ name, offset }, writable) => ({
    get() {
      return this.py.realm.memory.word(addressOf(this) + offset) !== 0;
    },
    set(value: boolean) {
      writable || refuse(name);
      this.py.realm.memory.setWord(addressOf(this) + offset, value ? 1 : 0);
    },
  }),
  i64: ({ name, offset }, writable) => ({
    get() {
      const at = addressOf(this) + offset;
      const { memory } = this.py.realm;
      return (BigInt(memory.word(at + 4)) << 32n) | BigInt(memory.word(at) >>> 0);
    },
    set(value: bigint | number) {
      writable || refuse(name);
      const big = BigInt(value);
      if (big !== BigInt.asIntN(64, big)) {
        throw new RangeError(`${name} holds whole numbers of 64 bits, not ${big}`);
      }
      const at = addressOf(this) + offset;
      const { memory } = this.py.realm;
      memory.setWord(at, Number(BigInt.asIntN(32, big)));
      memory.setWord(at + 4, Number(big >> 32n));
    },
  }),
  f64: ({ name, offset }, writable) => ({
    get() {
      return this.py.realm.memory.double(addressOf(this) + offset);
    },
    set(value: number) {
      writable || refuse(name);
      if (typeof value !== "number") {
        throw new TypeError(`${name} holds a number, not a ${typeof value}`);
      }
      this.py.realm.memory.setDouble(addressOf(this) + offset, value);
    },
  }),
  object: ({ name, offset }, writable) => ({
    get() {
      return readObject(this, offset);
    },
    set(value: unknown) {
      writable || refuse(name);
      writeObject(this, offset, this.py.from(value));
    },
  }),
  str: ({ name, offset }, writable) => ({
    get() {
      const pointer = this.py.realm.memory.word(addressOf(this) + offset);
      return pointer === 0 ? undefined : this.py.text(pointer);
    },
    set(value: string) {
      writable || refuse(name);
      if (typeof value !== "string") {
        throw new TypeError(`${name} holds a string, not a ${typeof value}`);
      }
      writeObject(this, offset, this.py.str(value));
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
  const all = (): Uint8Array => view.py.realm.memory.bytes(addressOf(view) + offset, size);
  return {
    length: size,
    read: (start = 0, end = size) => all().slice(start, end),
    write: (bytes, start = 0) => {
      writable || refuse(name);
      all().set(bytes, start);
    },
  };
}

function state({ offset }: PlacedField, writable: boolean): Accessor {
  return {
    get() {
      const { realm } = this.py;
      const pointer = realm.memory.word(addressOf(this) + offset);
      // Borrowing has made sure that this is the realm that made the object.
      return pointer === 0 ? undefined : realm.value(realm.functions.weft_host_object_id(pointer));
    },
    set(value: unknown) {
      writable || refuse("state");
      writeObject(this, offset, this.py.hostObject(value, "state"));
    },
  };
}
