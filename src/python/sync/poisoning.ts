import { ReentrantError, PoisonError } from "./errors.js";
import { blocking } from "./blocking.js";
import type { LockGuard } from "./guard.js";
import { SharedPrimitive } from "./shared.js";
import { Result } from "./status.js";

/** A lock that a holder poisons when its code throws. */
export abstract class PoisoningLock extends SharedPrimitive {
  /** Whether a holder's code threw. Others may change that at any time. */
  get isPoisoned(): boolean {
    return this.realm.functions.weft_sync_poisoned(this.address) !== 0;
  }

  /** What it protects is in order again: later holders are not warned. */
  clearPoison(): void {
    this.realm.functions.weft_sync_clear_poison(this.address);
  }

  /** Acquires and makes the guard; `undefined` when it was not possible within the time. */
  protected take<G extends LockGuard>(want: number, timeout: number | undefined, evenPoisoned: boolean, guard: () => G): G | undefined {
    const { address } = this;
    const { functions } = this.realm;
    const release = (): void => {
      functions.weft_sync_release(address, want, 0);
    };
    const result = blocking(this.realm, timeout, (milliseconds, interruptible) => functions.weft_sync_acquire(address, want, milliseconds, interruptible), release);
    if (result === Result.reentrant) {
      throw new ReentrantError("this thread holds the lock already and would wait for itself");
    }
    if (result !== Result.ok) {
      return undefined;
    }
    const held = guard();
    if (held.wasPoisoned && !evenPoisoned) {
      held.release();
      throw new PoisonError("a thread threw while it held this lock: look at what it protects, with recover(), and clearPoison()");
    }
    return held;
  }

  /** Calls with the guard and releases it; poisons the lock when the call throws and may have changed something. */
  protected during<G extends LockGuard, T>(held: G, poisons: boolean, call: (guard: G) => T): T {
    try {
      return call(held);
    } catch (error) {
      if (poisons) {
        held.poison();
      }
      throw error;
    } finally {
      held.release();
    }
  }
}
