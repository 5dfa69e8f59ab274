import type { Py } from "../py.js";
import { WriteGuard } from "./guard.js";
import { PoisoningLock } from "./poisoning.js";
import { create, type InRealm, type SharedSync } from "./shared.js";
import { Want } from "./status.js";

/**
 * A mutual exclusion lock for TypeScript on any number of threads, with a Python object inside or none.
 *
 * Who waits for it is detached, so that the garbage collector can stop the world; critical sections of the
 * waiting thread are suspended meanwhile. Locking works attached and detached. Threads get it about in
 * the order in which they came. The object inside is owned by the lock, and the garbage collector does not
 * see through it: an object that (indirectly) contains its own lock is never collected.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * console.log(mutex.withLock(() => "alone")); // alone
 * console.log(await mutex.withLockAsync(async () => "still alone")); // still alone
 * mutex.drop();
 * ```
 */
export class PyMutex extends PoisoningLock {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "mutex");
  }

  /** A new one. `value` is moved in and used up. */
  static create(weft: InRealm, value?: Py): PyMutex {
    return new PyMutex(weft, create(weft, "mutex", value));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): PyMutex {
    return new PyMutex(weft, shared);
  }

  /**
   * Waits for the lock. Release the guard: `using guard = mutex.lock()`. Such a block does not see throws;
   * only {@link withLock} poisons by itself.
   * @throws PoisonError, ReentrantError; AttachError when the interpreter ended; PyErr of signal handlers
   * (on Python's main thread).
   */
  lock(): WriteGuard {
    return this.take(Want.exclusive, undefined, false, () => new WriteGuard(this))!;
  }

  /** The same for at most so many milliseconds, 0 by default: `undefined` when others held it throughout. */
  tryLock(milliseconds = 0): WriteGuard | undefined {
    return this.take(Want.exclusive, milliseconds, false, () => new WriteGuard(this));
  }

  /** Waits for the lock, calls, and releases it. A throw poisons the lock. The call must not be asynchronous. */
  withLock<T>(call: (guard: WriteGuard) => T): T {
    return this.during(this.lock(), true, call);
  }

  /**
   * Waits for the lock without standing still: for threads that may not wait, as a page's, and for asynchronous code
   * that holds it over several turns of the event loop. Waits also for a guard of this very realm.
   * @throws PoisonError; the signal's reason; AttachError when Python has ended.
   */
  lockAsync(signal?: AbortSignal): Promise<WriteGuard> {
    return this.takeAsync(Want.exclusive, signal, () => new WriteGuard(this));
  }

  /** As {@link withLock}, waiting without standing still; the call may be asynchronous. */
  async withLockAsync<T>(call: (guard: WriteGuard) => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.duringAsync(await this.lockAsync(signal), true, call);
  }
}
