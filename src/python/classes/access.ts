import type { Address } from "../../abi/functions.js";
import { CONSTANTS, offsetOf } from "../../abi/layout.js";
import { PyAny } from "../any.js";
import { ConversionError } from "../conversion-error.js";
import type { Python } from "../python.js";
import { Schema } from "../schema/schema.js";
import { unexpected, unfit } from "../schema/schema-error.js";
import { beginBorrow, endBorrow } from "./borrow.js";
import { makeView } from "./call.js";
import { isLocked, type Borrow, type ClassDefinition } from "./definition.js";
import { borrowOffset, typeOf } from "./install.js";
import { borrowingOf, loadedClass } from "./registry.js";
import { endView, type ObjectView } from "./view.js";

/** What has an object while TypeScript borrows it; in memory that is never freed, once in a realm. */
const holders = new WeakMap<ClassDefinition, Address>();

function holder(py: Python, definition: ClassDefinition): Address {
  let address = holders.get(definition);
  if (address === undefined) {
    const text = `TypeScript's borrow of ${definition.name}`;
    const size = text.length * 3 + 1;
    address = py.realm.allocate(size);
    py.realm.memory.bytes(address, size)[py.realm.memory.write(text, address, size)] = 0;
    holders.set(definition, address);
  }
  return address;
}

/** Whether an object is one of the class's or of a class derived from it. Runs no Python code. */
export function isInstance(definition: ClassDefinition, object: PyAny): boolean {
  const py = object.py as Python;
  const { functions } = py.realm;
  using type = typeOf(py, loadedClass(py.realm, definition));
  using own = object.type();
  return functions.PyType_IsSubtype(own.pointer, type.pointer) !== 0;
}

/**
 * Calls with an object that is borrowed meanwhile.
 * @param patient whether an object that is borrowed already is an error; else `undefined` is returned.
 */
export function borrowed<R>(definition: ClassDefinition, object: PyAny, borrow: Borrow, patient: boolean, call: (view: ObjectView) => R): R | undefined {
  if (!isInstance(definition, object)) {
    throw new ConversionError(unexpected(definition.name, object).message);
  }
  const py = object.py as Python;
  const { realm } = py;
  if (borrow === "exclusive" && definition.options.frozen === true) {
    throw new TypeError(`${definition.name} is frozen: its objects cannot be borrowed exclusively`);
  }
  if (!patient && isLocked(definition)) {
    throw new TypeError(`${definition.name} is locked: borrowing its objects waits and does not fail`);
  }
  const cls = loadedClass(realm, definition);
  const offset = borrowOffset(py, definition);
  const how = borrowingOf(definition, borrow);
  const { pointer } = object;
  const name = holder(py, definition);
  if (!beginBorrow(realm, pointer, offset, how, name)) {
    const foreign = (how.flags & CONSTANTS.WEFT_UNSENDABLE) !== 0 && realm.memory.word(pointer + offset + offsetOf("weft_borrow_words", "owner")) !== realm.id;
    if (patient || foreign) {
      // On another thread than its own nothing of an unsendable object can be had, now or later.
      py.throwPending();
    }
    realm.functions.PyErr_Clear();
    return undefined;
  }
  const view = makeView(py, cls, borrow === "exclusive", pointer);
  try {
    return call(view);
  } finally {
    endView(view);
    endBorrow(realm, pointer, offset, how);
  }
}

/** Objects of a class, as bound references of the current scope. */
export class ObjectSchema extends Schema<PyAny> {
  readonly #definition: ClassDefinition;

  constructor(definition: ClassDefinition) {
    super();
    this.#definition = definition;
  }

  get name(): string {
    return this.#definition.name;
  }

  read(object: PyAny): PyAny {
    if (!isInstance(this.#definition, object)) {
      throw unexpected(this.name, object);
    }
    return object;
  }

  write(py: Python, value: PyAny): PyAny {
    if (!(value instanceof PyAny) || !isInstance(this.#definition, value)) {
      throw unfit(this.name, value);
    }
    py.realm.functions.Py_IncRef(value.pointer);
    return new PyAny(py, value.pointer);
  }
}
