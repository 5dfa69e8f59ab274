import type { Address } from "../abi/functions.js";
import type { Attached } from "./attached.js";
import { DetachedError } from "./lifecycle.js";
import type { Realm } from "./realm.js";

interface Held {
  readonly realm: Realm;
  readonly pointer: Address;
}

/**
 * The backstop: references whose JavaScript object was collected without a drop. A finalizer may run
 * at any time between tasks, where the thread is usually detached.
 */
const forgotten = new FinalizationRegistry<Held>(({ realm, pointer }) => {
  realm.release(pointer);
});

/** What {@link Py.send} makes: structured clone keeps it. It owns the reference until it is received, once. */
export interface SentPy {
  readonly weftReference: Address;
}

/** The class of bound references that a {@link Py} gives. */
export type BoundClass<T> = new (py: Attached, pointer: Address) => T;

/**
 * An owned reference to a Python object that outlives attachments.
 *
 * Who has it frees it: {@link drop} it, or declare it with `using`. Dropping works on every thread, also
 * a detached one (the reference then goes to the pool, which the next thread that attaches empties).
 * JavaScript objects stay in their realm; to hand the reference to another thread, {@link send} it.
 * @example
 * ```js
 * const kept = weft.attach((py) => py.list([1, 2]).unbind());
 * console.log(weft.attach((py) => kept.bind(py).length())); // 2
 * kept.drop();
 * ```
 */
export class Py<T = unknown> {
  readonly #realm: Realm;
  readonly #bound: BoundClass<T>;
  #pointer: Address;

  /**
   * Takes over one reference.
   * @internal
   */
  constructor(realm: Realm, pointer: Address, bound: BoundClass<T>) {
    this.#realm = realm;
    this.#pointer = pointer;
    this.#bound = bound;
    forgotten.register(this, { realm, pointer }, this);
  }

  /** Its object's address, 0 once it was dropped: for the collector's visits. @internal */
  static address(reference: Py): Address {
    return reference.#pointer;
  }

  #take(): Address {
    const pointer = this.#held();
    forgotten.unregister(this);
    this.#pointer = 0;
    return pointer;
  }

  #held(): Address {
    if (this.#pointer === 0) {
      throw new DetachedError("this reference was dropped, sent or bound away before");
    }
    return this.#pointer;
  }

  /** Another reference for use within the current scope. This one stays. */
  bind(py: Attached): T {
    const pointer = this.#held();
    py.realm.requireAttached();
    py.realm.functions.Py_IncRef(pointer);
    return new this.#bound(py, pointer);
  }

  /** Gives the reference to the current scope. This one is used up. */
  intoBound(py: Attached): T {
    py.realm.requireAttached();
    return new this.#bound(py, this.#take());
  }

  /** A second owned reference. Needs an attached thread, as counting does. */
  cloneRef(py: Attached): Py<T> {
    const pointer = this.#held();
    py.realm.requireAttached();
    py.realm.functions.Py_IncRef(pointer);
    return new Py(this.#realm, pointer, this.#bound);
  }

  /** Whether both refer to the same object. */
  is(other: Py): boolean {
    return this.#held() === other.#held();
  }

  /** Releases the reference. A second time does nothing. */
  drop(): void {
    if (this.#pointer !== 0) {
      this.#realm.release(this.#take());
    }
  }

  /** As {@link drop}, for `using`. */
  [Symbol.dispose](): void {
    this.drop();
  }

  /** Moves the reference into a message for another thread; `py.receive` takes it there. */
  send(): SentPy {
    return { weftReference: this.#take() };
  }
}
