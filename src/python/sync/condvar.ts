import { waiting } from "./blocking.js";
import { GuardError } from "./errors.js";
import type { WriteGuard } from "./guard.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { Result } from "./status.js";

/**
 * What threads that hold a `PyMutex` wait for, and others notify them of.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * const changed = Condvar.create(weft);
 * mutex.withLock((guard) => {
 *   console.log(changed.wait(guard, 1)); // false
 * });
 * changed.drop();
 * mutex.drop();
 * ```
 */
export class Condvar extends SharedPrimitive {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "condition");
  }

  static create(weft: InRealm): Condvar {
    return new Condvar(weft, create(weft, "condition"));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): Condvar {
    return new Condvar(weft, shared);
  }

  /**
   * Releases the mutex, waits detached for a notification, and takes the mutex again, also where it throws.
   * A signal may end it early: use it in a loop that looks at what is waited for, as {@link waitWhile} does.
   * @returns false when the time was up.
   * @throws GuardError when the guard holds no mutex on this thread; what waiting throws (see
   * `PyMutex.lock`).
   */
  wait(guard: WriteGuard, milliseconds?: number): boolean {
    const condition = this.address;
    const mutex = guard.address;
    const { functions } = this.realm;
    let interrupted = false;
    const result = waiting(
      this.realm,
      milliseconds,
      (left, interruptible) => {
        if (interrupted) {
          // Its handler has run. Notifications that came meanwhile are gone: the caller has to look.
          return Result.ok;
        }
        const ended = functions.weft_sync_wait(condition, mutex, left, interruptible);
        interrupted = ended === Result.interrupted;
        return ended;
      },
      () => undefined,
    );
    if (result === Result.reentrant) {
      throw new GuardError("only the thread that holds the mutex exclusively can wait with it");
    }
    return result !== Result.busy;
  }

  /** Waits while the condition holds. @returns false when the time was up and it still did. */
  waitWhile(guard: WriteGuard, condition: () => boolean, milliseconds?: number): boolean {
    const deadline = milliseconds === undefined ? undefined : performance.now() + milliseconds;
    while (condition()) {
      if (deadline === undefined) {
        this.wait(guard);
      } else {
        const left = deadline - performance.now();
        if (left <= 0 || (!this.wait(guard, left) && condition())) {
          return !condition();
        }
      }
    }
    return true;
  }

  /** Wakes the thread that has waited longest, if any. Never blocks. */
  notifyOne(): void {
    this.realm.functions.weft_sync_notify(this.address, 0);
  }

  /** Wakes all that wait. Never blocks. */
  notifyAll(): void {
    this.realm.functions.weft_sync_notify(this.address, 1);
  }
}
