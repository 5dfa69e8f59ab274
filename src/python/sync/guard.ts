import type { Address } from "../../abi/functions.js";
import { bound as boundAny, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import type { BoundClass } from "../py.js";
import type { Realm } from "../realm.js";
import { GuardError } from "./errors.js";
import type { SharedPrimitive } from "./shared.js";
import { Want } from "./status.js";

/**
 * A lock that this thread holds until {@link release}, or to the end of a `using` block. Bound to its
 * thread: uses on another one throw. A guard that is lost leaves the lock held.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * const guard = mutex.lock();
 * console.log(guard.held); // true
 * guard.release();
 * mutex.drop();
 * ```
 */
export class LockGuard {
  /** Whether an earlier holder threw. */
  readonly wasPoisoned: boolean;
  protected readonly realm: Realm;
  readonly #lock: SharedPrimitive;
  readonly #want: number;
  readonly #thread: number;
  #address: Address;

  /** @internal The lock is held. */
  constructor(lock: SharedPrimitive, want: number) {
    this.realm = lock.realm;
    this.#lock = lock;
    this.#want = want;
    this.#thread = lock.realm.functions.weft_sync_thread();
    // A reference of its own: the lock's object may be dropped first.
    this.#address = lock.share().weftSync;
    this.wasPoisoned = this.realm.functions.weft_sync_poisoned(this.#address) !== 0;
  }

  /** Whether it still holds the lock. */
  get held(): boolean {
    return this.#address !== 0;
  }

  /** @internal @throws GuardError after the release, and on another thread. */
  get address(): Address {
    if (this.#address === 0) {
      throw new GuardError("this guard has released its lock before");
    }
    if (this.realm.functions.weft_sync_thread() !== this.#thread) {
      throw new GuardError("this guard belongs to another thread");
    }
    return this.#address;
  }

  /** @internal Whether it is a guard of this lock. */
  guards(lock: SharedPrimitive): boolean {
    return this.#lock === lock || this.address === lock.address;
  }

  /** Releases the lock. Never blocks; works attached or not. A second time does nothing. */
  release(): void {
    this.#release(0);
  }

  /** Releases the lock and poisons it: what it protects is not in order. */
  poison(): void {
    this.#release(1);
  }

  #release(poison: number): void {
    if (this.#address !== 0) {
      const { address } = this;
      this.#address = 0;
      this.realm.functions.weft_sync_release(address, this.#want, poison);
      this.realm.functions.weft_sync_drop(address);
    }
  }

  /** As {@link release}. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * A guard of a lock with a Python object inside.
 * @example
 * ```js
 * const lock = PyRwLock.create(weft, weft.attach((py) => py.list([1]).unbind()));
 * console.log(weft.attach((py) => lock.withRead((guard) => guard.get(py).repr()))); // [1]
 * lock.drop();
 * ```
 */
export class ReadGuard extends LockGuard {
  /** The object inside, as a new reference: keep it no longer than the lock. `undefined` where there is none. */
  get<T extends PyAny = PyAny>(py: Attached, bound: BoundClass<T> = PyAny as unknown as BoundClass<T>): T | undefined {
    const { address } = this;
    py.realm.requireAttached();
    // Whoever could replace it would have to hold the lock.
    const pointer = this.realm.functions.weft_sync_value(address);
    if (pointer === 0) {
      return undefined;
    }
    this.realm.functions.Py_IncRef(pointer);
    return new bound(py, pointer);
  }
}

/**
 * A guard that nobody else has at the same time.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * weft.attach((py) => mutex.withLock((guard) => guard.set(py, 5)));
 * console.log(weft.attach((py) => mutex.withLock((guard) => guard.get(py).toJs()))); // 5
 * mutex.drop();
 * ```
 */
export class WriteGuard extends ReadGuard {
  /** @internal */
  constructor(lock: SharedPrimitive) {
    super(lock, Want.exclusive);
  }

  /** Puts another value in; the old one is released. */
  set(py: Attached, value: unknown): void {
    this.replace(py, value)?.[Symbol.dispose]();
  }

  /** Puts another value in and gives the old one out. */
  replace(py: Attached, value: unknown): PyAny | undefined {
    const { address } = this;
    const { pointer } = py.from(value);
    this.realm.functions.Py_IncRef(pointer);
    return this.#swap(py, address, pointer);
  }

  /** Takes the value out and leaves none. */
  take(py: Attached): PyAny | undefined {
    const { address } = this;
    py.realm.requireAttached();
    return this.#swap(py, address, 0);
  }

  #swap(py: Attached, address: Address, pointer: Address): PyAny | undefined {
    const old = this.realm.functions.weft_sync_swap(address, pointer);
    return old === 0 ? undefined : boundAny(py, old);
  }
}
