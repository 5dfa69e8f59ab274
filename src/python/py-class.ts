import type { Address } from "../abi/functions.js";
import type { Attached } from "./attached.js";
import type { BoundClass } from "./py.js";
import type { Realm } from "./realm.js";

/** A class of bound references that stands for a Python type: `PyList` for `list`. */
export interface PyClass<T> extends BoundClass<T> {
  /** What Python calls the type. */
  readonly typeName: string;
  /**
   * New references to the types whose instances, those of subclasses too, belong to the class: one nearly always.
   * @internal
   */
  pyTypes(py: Attached): readonly Address[];
}

/**
 * The types of each class, by realm. They are never released: builtin types do not die, and the others
 * here (datetime's) live as long as their module. Only the realm's own thread reads and writes its map,
 * so racing first uses in several realms each find the types for themselves; what they have in common
 * is the import of a module, which Python's import lock makes safe.
 */
const types = new WeakMap<Realm, Map<PyClass<unknown>, readonly Address[]>>();

/** The types of a class. They are only borrowed. */
export function typesOf(py: Attached, cls: PyClass<unknown>): readonly Address[] {
  let known = types.get(py.realm);
  if (known === undefined) {
    known = new Map();
    types.set(py.realm, known);
  }
  let found = known.get(cls);
  if (found === undefined) {
    py.realm.requireAttached();
    found = cls.pyTypes(py);
    known.set(cls, found);
  }
  return found;
}

/**
 * A new reference to the type of an object, which is released. Builtin types are found like this and not by
 * name, because a program may put something else in the name's place.
 */
export function typeOfSample(py: Attached, sample: Address): Address {
  if (sample === 0) {
    py.throwPending();
  }
  const type = py.realm.functions.PyObject_Type(sample);
  py.realm.functions.Py_DecRef(sample);
  return type;
}

/**
 * Whether the object at `pointer` belongs to the class. It looks at the object's real type and runs no Python
 * code: what an object says of itself (`__class__`, `__instancecheck__`) does not count, since C functions
 * are to work on it.
 */
export function belongsTo(py: Attached, pointer: Address, cls: PyClass<unknown>, exactly: boolean): boolean {
  const wanted = typesOf(py, cls);
  const { functions } = py.realm;
  const type = functions.PyObject_Type(pointer);
  const belongs = wanted.some((one) => one === type || (!exactly && functions.PyType_IsSubtype(type, one) !== 0));
  functions.Py_DecRef(type);
  return belongs;
}
