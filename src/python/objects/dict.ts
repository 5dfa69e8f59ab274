import type { Address } from "../../abi/functions.js";
import { boundAs, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { onStack } from "./guest-stack.js";
import { PyList } from "./list.js";
import { locked } from "./locked.js";
import { throwBuiltin } from "./raise.js";

/** Where an iteration over a dict is. */
interface Walk {
  /** How many entries the dict had at the beginning, and has to have still. */
  readonly size: number;
  /** How many of them are still to come. */
  left: number;
  /** Where the next one is looked for: C's number, not a count. */
  position: number;
}

/**
 * A `dict`. Its methods work on the dict itself, also where a subclass has methods of its own (`__missing__`, the order
 * of an OrderedDict): to call those, use `getItem`, `setItem`, `callMethod` and the like.
 *
 * Other threads may change the dict at any time. Every method here is one atomic step by the dict's own lock unless
 * it says otherwise, as far as the keys' `__eq__` and `__hash__` do not block.
 * @example
 * ```js
 * console.log(weft.attach((py) => {
 *   const ages = py.dict([["Ada", 36]]);
 *   ages.setItem("Alan", 41);
 *   return ages.length();
 * })); // 2
 * ```
 */
export class PyDict extends PyAny {
  static readonly typeName: string = "dict";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyDict_New())];
  }

  /** `len(x)`, which may be out of date at once. */
  override length(): number {
    return this.py.size(this.py.realm.functions.PyDict_Size(this.pointer));
  }

  /** The value of a key, or `undefined`. */
  get(key: unknown): PyAny | undefined {
    const { pointer, py } = this;
    const wanted = py.from(key).pointer;
    return this.#orUndefined(py.optional((place) => py.realm.functions.PyDict_GetItemRef(pointer, wanted, place)));
  }

  #orUndefined(found: Address): PyAny | undefined {
    return found === 0 ? undefined : new PyAny(this.py, found);
  }

  /** Whether there is such a key. */
  has(key: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PyDict_Contains(this.pointer, this.py.from(key).pointer));
  }

  /** `x[key] = value` */
  set(key: unknown, value: unknown): void {
    const name = this.py.from(key);
    const object = this.py.from(value);
    this.py.check(this.py.realm.functions.PyDict_SetItem(this.pointer, name.pointer, object.pointer));
  }

  /**
   * The key's value, which is `value` if there was none: of all threads that do this at once, one inserts, and all
   * get that object.
   */
  setDefault(key: unknown, value: unknown): { readonly value: PyAny; readonly inserted: boolean } {
    const { pointer, py } = this;
    const name = py.from(key).pointer;
    const object = py.from(value).pointer;
    let status = 0;
    const found = py.optional((place) => {
      status = py.realm.functions.PyDict_SetDefaultRef(pointer, name, object, place);
      return status < 0 ? status : 1;
    });
    return { value: new PyAny(py, found), inserted: status === 0 };
  }

  /** Removes a key and gives its value, or `undefined` if there was none: one thread gets it. */
  pop(key: unknown): PyAny | undefined {
    const { pointer, py } = this;
    const wanted = py.from(key).pointer;
    return this.#orUndefined(py.optional((place) => py.realm.functions.PyDict_Pop(pointer, wanted, place)));
  }

  /** Removes a key; whether there was one. */
  delete(key: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PyDict_Pop(this.pointer, this.py.from(key).pointer, 0));
  }

  clear(): void {
    this.py.realm.functions.PyDict_Clear(this.pointer);
  }

  /** A new dict with the same entries. */
  copy(): PyDict {
    return boundAs(PyDict, this.py, this.py.realm.functions.PyDict_Copy(this.pointer));
  }

  /** Takes all entries of a mapping over; in one step when that is a dict. `override` says whether known keys change. */
  update(other: unknown, override = true): void {
    this.py.check(this.py.realm.functions.PyDict_Merge(this.pointer, this.py.from(other).pointer, override ? 1 : 0));
  }

  /** A list of the keys as they are now. */
  keys(): PyList {
    return boundAs(PyList, this.py, this.py.realm.functions.PyDict_Keys(this.pointer));
  }

  /** A list of the values as they are now. */
  values(): PyList {
    return boundAs(PyList, this.py, this.py.realm.functions.PyDict_Values(this.pointer));
  }

  /** A list of pairs of keys and values as they are now. */
  items(): PyList {
    return boundAs(PyList, this.py, this.py.realm.functions.PyDict_Items(this.pointer));
  }

  /** The keys one after the other; see {@link entries}. */
  override *[Symbol.iterator](): Generator<PyAny, void, undefined> {
    for (const [key, value] of this.entries()) {
      value[Symbol.dispose]();
      yield key;
    }
  }

  /**
   * Pairs of keys and values, one after the other; each step is atomic, the whole is not. As in Python it throws when
   * the dict has changed since the step before; for a dict that others change, use {@link items} or
   * {@link lockedForEach}.
   * @throws PyErr RuntimeError when the number of entries or the keys have changed.
   */
  *entries(): Generator<[PyAny, PyAny], void, undefined> {
    const walk = this.#walk();
    for (;;) {
      const entry = locked(this.py, this.pointer, () => this.#next(walk));
      if (entry === undefined) {
        return;
      }
      yield entry;
    }
  }

  /**
   * Calls for each entry while the dict's lock is held: others that want to change the dict wait, detached. Keys
   * and values belong to the current scope.
   *
   * The lock is let go for as long as `call` detaches, blocks, or uses this very dict in ways that lock it; `call` must
   * not be an async function. What it throws ends the iteration.
   * @throws PyErr RuntimeError when the dict changed all the same: by `call`, or while the lock was let go.
   */
  lockedForEach(call: (key: PyAny, value: PyAny) => void): void {
    locked(this.py, this.pointer, () => {
      const walk = this.#walk();
      for (let entry = this.#next(walk); entry !== undefined; entry = this.#next(walk)) {
        call(...entry);
      }
    });
  }

  #walk(): Walk {
    const size = this.length();
    return { size, left: size, position: 0 };
  }

  /** One step; the dict's lock is held. */
  #next(walk: Walk): [PyAny, PyAny] | undefined {
    const { pointer, py } = this;
    const { functions, memory } = py.realm;
    if (functions.PyDict_Size(pointer) !== walk.size) {
      throwBuiltin(py, "RuntimeError", "dictionary changed size during iteration");
    }
    return onStack(py, 16, (place) => {
      memory.setWord(place, walk.position);
      if (functions.PyDict_Next(pointer, place, place + 4, place + 8) === 0) {
        return undefined;
      }
      if (walk.left === 0) {
        // As many were removed as were added.
        throwBuiltin(py, "RuntimeError", "dictionary keys changed during iteration");
      }
      walk.left--;
      walk.position = memory.word(place);
      const key = memory.word(place + 4);
      const value = memory.word(place + 8);
      // Borrowed from the dict, which cannot drop them before this: its lock is held, and nothing
      // in between lets go of it.
      functions.Py_IncRef(key);
      functions.Py_IncRef(value);
      return [new PyAny(py, key), new PyAny(py, value)];
    });
  }
}
