import type { Address } from "../../abi/functions.js";
import { boundAs, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { locked } from "./locked.js";
import { fromFront, position } from "./position.js";
import { PyTuple } from "./tuple.js";

/**
 * A `list`. Its methods work on the list itself, also where a subclass has methods of its own: to call those, use
 * `getItem`, `callMethod` and the like.
 *
 * Other threads may change the list at any time. Every method here is atomic by the list's own lock, unless it
 * says otherwise; two calls one after the other are not.
 * @example
 * ```js
 * console.log(weft.attach((py) => {
 *   const list = py.list([1, 2]);
 *   list.append(3);
 *   return list.repr();
 * })); // [1, 2, 3]
 * ```
 */
export class PyList extends PyAny {
  static readonly typeName: string = "list";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyList_New(0))];
  }

  /** `len(x)`, which may be out of date at once. */
  override length(): number {
    return this.py.size(this.py.realm.functions.PyList_Size(this.pointer));
  }

  /** The item at `index`, counted from the end when negative; `undefined` where the list is shorter (by now). */
  at(index: number): PyAny | undefined {
    const length = this.length();
    const at = fromFront(index, length);
    return at < 0 || at >= length ? undefined : this.#item(at);
  }

  /** The item at a place that was inside of the list; `undefined` where it is not any more. */
  #item(at: number): PyAny | undefined {
    const { functions } = this.py.realm;
    const item = functions.PyList_GetItemRef(this.pointer, at);
    if (item === 0) {
      // An IndexError: it fails for no other reason on a list.
      functions.PyErr_Clear();
      return undefined;
    }
    return new PyAny(this.py, item);
  }

  /**
   * Replaces the item at `index`, counted from the end when negative.
   * @throws PyErr IndexError outside of the list.
   */
  set(index: number, value: unknown): void {
    const { functions } = this.py.realm;
    const item = this.py.from(value).pointer;
    const at = index < 0 ? fromFront(index, this.length()) : position(index);
    // The call takes a reference over, also when it fails.
    functions.Py_IncRef(item);
    this.py.check(functions.PyList_SetItem(this.pointer, at, item));
  }

  append(value: unknown): void {
    this.py.check(this.py.realm.functions.PyList_Append(this.pointer, this.py.from(value).pointer));
  }

  /** Inserts before `index`; positions outside of the list are its ends. */
  insert(index: number, value: unknown): void {
    this.py.check(this.py.realm.functions.PyList_Insert(this.pointer, position(index), this.py.from(value).pointer));
  }

  /** Appends all of an iterable; in one step when that is a list, tuple, set or dict. */
  extend(values: PyAny | Iterable<unknown>): void {
    const items = this.py.from(values instanceof PyAny ? values : [...values]);
    this.py.check(this.py.realm.functions.PyList_Extend(this.pointer, items.pointer));
  }

  clear(): void {
    this.py.check(this.py.realm.functions.PyList_Clear(this.pointer));
  }

  /** A new list of the items from `start` to before `stop`: all of them by default. */
  slice(start = 0, stop = Infinity): PyList {
    // Only negative positions need the length, and only they can be off when the list changes meanwhile.
    const length = start < 0 || stop < 0 ? this.length() : 0;
    return boundAs(PyList, this.py, this.py.realm.functions.PyList_GetSlice(this.pointer, fromFront(start, length), fromFront(stop, length)));
  }

  /** A new list of the same items. */
  copy(): PyList {
    return this.slice();
  }

  /** A tuple of the same items. */
  toTuple(): PyTuple {
    return boundAs(PyTuple, this.py, this.py.realm.functions.PyList_AsTuple(this.pointer));
  }

  /** Sorts in place; while it runs, the list looks empty to others. */
  sort(): void {
    this.py.check(this.py.realm.functions.PyList_Sort(this.pointer));
  }

  reverse(): void {
    this.py.check(this.py.realm.functions.PyList_Reverse(this.pointer));
  }

  /**
   * The items one after the other; each step is atomic, the whole is not. It ends after as many items as there were at
   * its beginning, or where the list is shorter by then: it ends also while others append without end.
   */
  override *[Symbol.iterator](): Generator<PyAny, void, undefined> {
    const length = this.length();
    for (let i = 0; i < length && i < this.length(); i++) {
      const item = this.#item(i);
      if (item === undefined) {
        return;
      }
      yield item;
    }
  }

  /**
   * Calls for each item while the list's lock is held: others that want to change the list wait, detached. It ends as
   * iteration does when `call` itself changes the list. The items belong to the current scope.
   *
   * The lock is let go for as long as `call` detaches, blocks, or uses this very list in ways that lock it; `call` must
   * not be an async function. What it throws ends the iteration.
   */
  lockedForEach(call: (item: PyAny, index: number) => void): void {
    const { pointer, py } = this;
    const { functions } = py.realm;
    locked(py, pointer, () => {
      const length = functions.PyList_Size(pointer);
      for (let i = 0; i < length && i < functions.PyList_Size(pointer); i++) {
        // PyList_GetItemRef() may take the lock itself, and so let go of ours. The item is borrowed from the list,
        // which cannot drop it before it is counted: nothing in between lets go of the lock.
        const item = functions.PyList_GetItem(pointer, i);
        functions.Py_IncRef(item);
        call(new PyAny(py, item), i);
      }
    });
  }
}
