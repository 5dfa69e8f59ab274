import type { Address } from "../../abi/functions.js";
import { bound, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/**
 * A `set`. Its methods work on the set itself, also where a subclass has methods of its own. Each is one atomic step
 * by the set's own lock. Iterating throws a RuntimeError when the number of items changes, as in Python.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("{1, 2}").cast(PySet).contains(2))); // true
 * ```
 */
export class PySet extends PyAny {
  static readonly typeName: string = "set";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PySet_New(0))];
  }

  /** `len(x)`, which may be out of date at once. */
  override length(): number {
    return this.py.size(this.py.realm.functions.PySet_Size(this.pointer));
  }

  has(item: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PySet_Contains(this.pointer, this.py.from(item).pointer));
  }

  add(item: unknown): void {
    this.py.check(this.py.realm.functions.PySet_Add(this.pointer, this.py.from(item).pointer));
  }

  /** Removes an item; whether it was there. */
  delete(item: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PySet_Discard(this.pointer, this.py.from(item).pointer));
  }

  /**
   * Removes some item and gives it: one thread gets it.
   * @throws PyErr KeyError when the set is empty.
   */
  pop(): PyAny {
    return bound(this.py, this.py.realm.functions.PySet_Pop(this.pointer));
  }

  clear(): void {
    this.py.check(this.py.realm.functions.PySet_Clear(this.pointer));
  }
}

/**
 * A `frozenset`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("frozenset([1, 1])").cast(PyFrozenSet).length())); // 1
 * ```
 */
export class PyFrozenSet extends PyAny {
  static readonly typeName: string = "frozenset";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyFrozenSet_New(0))];
  }

  /** `len(x)` */
  override length(): number {
    return this.py.size(this.py.realm.functions.PySet_Size(this.pointer));
  }

  has(item: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PySet_Contains(this.pointer, this.py.from(item).pointer));
  }
}
