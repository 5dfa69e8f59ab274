import type { Address } from "../../abi/functions.js";
import { CONSTANTS, STRUCTS } from "../../abi/layout.js";
import { compactValue, newInt } from "../ints.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { t } from "../schema/t.js";
import type { Schema } from "../schema/schema.js";

/** Sets of kinds of objects that are read without a reference of their own, by one look at their type. */
const INT = 1;
const FLOAT = 2;
const STR = 4;
const BOOL = 8;
const NONE = 16;
const ALL = INT | FLOAT | STR | BOOL | NONE;

/** {@link Scalars.read}'s answer for other objects. */
export const OTHER = Symbol("other");

/** What a schema makes the same of as {@link Scalars.read} does; all kinds where there is no schema. */
export function quickKinds(schema: Schema<unknown> | undefined): number {
  switch (schema as unknown) {
    case undefined:
    case t.any:
      return ALL;
    case t.int:
      return INT;
    case t.float:
      return FLOAT;
    case t.str:
      return STR;
    case t.bool:
      return BOOL;
    default:
      return 0;
  }
}

const [OB_TYPE] = STRUCTS.PyObject.fields.ob_type;

/** The addresses of immortal objects that calls meet most often. */
export class Scalars {
  readonly #none: Address;
  readonly #true: Address;
  readonly #false: Address;
  readonly #int: Address;
  readonly #float: Address;
  readonly #str: Address;

  constructor(py: Python) {
    const { functions } = py.realm;
    // Types of builtin objects live as long as the interpreter.
    const type = (value: unknown): Address => py.from(value).type().pointer;
    this.#none = functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_NONE);
    this.#true = functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_TRUE);
    this.#false = functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_FALSE);
    this.#int = type(0);
    this.#float = type(0.5);
    this.#str = type("");
  }

  /** The value of an object of one of these kinds, which its owner keeps meanwhile; or {@link OTHER}. */
  read(py: Python, realm: Realm, pointer: Address, kinds: number): unknown {
    const { memory, functions, scratch } = realm;
    const type = memory.word(pointer + OB_TYPE);
    if (type === this.#int) {
      if ((kinds & INT) !== 0) {
        const compact = compactValue(realm, pointer);
        if (compact !== undefined) {
          return compact;
        }
        const value = functions.PyLong_AsLongAndOverflow(pointer, scratch);
        if (memory.word(scratch) === 0) {
          return value;
        }
      }
    } else if (type === this.#str) {
      if ((kinds & STR) !== 0) {
        return py.text(pointer);
      }
    } else if (type === this.#float) {
      if ((kinds & FLOAT) !== 0) {
        return functions.PyFloat_AsDouble(pointer);
      }
    } else if (pointer === this.#none) {
      if ((kinds & NONE) !== 0) {
        return undefined;
      }
    } else if ((kinds & BOOL) !== 0 && (pointer === this.#true || pointer === this.#false)) {
      return pointer === this.#true;
    }
    return OTHER;
  }

  /** A new reference to the object for a value of one of these kinds; 0 for other values. */
  write(realm: Realm, value: unknown, kinds: number): Address {
    switch (typeof value) {
      case "undefined":
        return (kinds & NONE) !== 0 ? this.#none : 0;
      case "boolean":
        return (kinds & BOOL) === 0 ? 0 : value ? this.#true : this.#false;
      case "number":
        if ((value | 0) === value && (kinds & INT) !== 0 && !Object.is(value, -0)) {
          return newInt(realm, value);
        }
        // An int's schema refuses it, and with no schema whole numbers are ints.
        return (kinds & FLOAT) !== 0 && ((kinds & INT) === 0 || !Number.isInteger(value)) ? realm.functions.PyFloat_FromDouble(value) : 0;
      default:
        return 0;
    }
  }
}

let lastRealm: Realm | undefined;
let last: Scalars | undefined;

/** A realm's. There is one realm in an agent, but for tests. */
export function scalarsOf(py: Python, realm: Realm): Scalars {
  if (realm !== lastRealm || !last) {
    last = new Scalars(py);
    lastRealm = realm;
  }
  return last;
}
