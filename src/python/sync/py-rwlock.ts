import type { Py } from "../py.js";
import { ReadGuard, WriteGuard } from "./guard.js";
import { PoisoningLock } from "./poisoning.js";
import { create, type InRealm, type SharedSync } from "./shared.js";
import { Want } from "./status.js";

/**
 * A lock for many readers or one writer, with a Python object inside or none. As `PyMutex` otherwise.
 *
 * Threads get it in the order in which they came: a reader does not overtake a writer that waits. So a
 * thread that reads must not ask to read again (a writer may have come between) nor to write: it would
 * wait for ever. `tryRead()` and `tryWrite()` do not.
 * @example
 * ```js
 * const lock = PyRwLock.create(weft);
 * console.log(lock.withRead(() => "others read too")); // others read too
 * lock.drop();
 * ```
 */
export class PyRwLock extends PoisoningLock {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "rwlock");
  }

  /** A new one. `value` is moved in and used up. */
  static create(weft: InRealm, value?: Py): PyRwLock {
    return new PyRwLock(weft, create(weft, "rwlock", value));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): PyRwLock {
    return new PyRwLock(weft, shared);
  }

  /** Waits until nobody writes. Throws what `PyMutex.lock` throws. */
  read(): ReadGuard {
    return this.take(Want.shared, undefined, false, () => new ReadGuard(this, Want.shared))!;
  }

  /** The same for at most so many milliseconds, 0 by default. */
  tryRead(milliseconds = 0): ReadGuard | undefined {
    return this.take(Want.shared, milliseconds, false, () => new ReadGuard(this, Want.shared));
  }

  /** Waits until nobody reads or writes. Throws what `PyMutex.lock` throws. */
  write(): WriteGuard {
    return this.take(Want.exclusive, undefined, false, () => new WriteGuard(this))!;
  }

  /** The same for at most so many milliseconds, 0 by default. */
  tryWrite(milliseconds = 0): WriteGuard | undefined {
    return this.take(Want.exclusive, milliseconds, false, () => new WriteGuard(this));
  }

  /** Calls while nobody writes. A throw poisons nothing. */
  withRead<T>(call: (guard: ReadGuard) => T): T {
    return this.during(this.read(), false, call);
  }

  /** Calls while nobody else reads or writes. A throw poisons the lock. */
  withWrite<T>(call: (guard: WriteGuard) => T): T {
    return this.during(this.write(), true, call);
  }

  /** As {@link read}, waiting without standing still (see `PyMutex.lockAsync`). */
  readAsync(signal?: AbortSignal): Promise<ReadGuard> {
    return this.takeAsync(Want.shared, signal, () => new ReadGuard(this, Want.shared));
  }

  /** As {@link write}, waiting without standing still (see `PyMutex.lockAsync`). */
  writeAsync(signal?: AbortSignal): Promise<WriteGuard> {
    return this.takeAsync(Want.exclusive, signal, () => new WriteGuard(this));
  }
}
