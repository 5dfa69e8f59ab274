import { ReentrantError, PoisonError } from "./errors.js";
import { WriteGuard, type LockGuard } from "./guard.js";
import { SharedPrimitive } from "./shared.js";
import { Result, Want } from "./status.js";

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

  /** Waits to have it alone, poisoned or not: to look at what it protects, and {@link clearPoison}. */
  recover(): WriteGuard {
    return this.take(Want.exclusive, undefined, true, () => new WriteGuard(this))!;
  }

  /** Acquires and makes the guard; `undefined` when it was not possible within the time. */
  protected take<G extends LockGuard>(want: number, timeout: number | undefined, evenPoisoned: boolean, guard: () => G): G | undefined {
    const { address } = this;
    const result = this.acquire(want, () => this.realm.functions.weft_sync_release(address, want, 0), timeout);
    if (result === Result.reentrant) {
      throw new ReentrantError("this thread holds the lock already and would wait for itself");
    }
    return result === Result.ok ? this.#checked(guard(), evenPoisoned) : undefined;
  }

  /** The same without standing still, and for as long as it takes. */
  protected async takeAsync<G extends LockGuard>(want: number, signal: AbortSignal | undefined, guard: () => G): Promise<G> {
    await this.acquireAsync(want, (address) => this.realm.functions.weft_sync_release(address, want, 0), signal);
    return this.#checked(guard(), false);
  }

  #checked<G extends LockGuard>(held: G, evenPoisoned: boolean): G {
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

  /** The same for a call that may be asynchronous. */
  protected async duringAsync<G extends LockGuard, T>(held: G, poisons: boolean, call: (guard: G) => T | Promise<T>): Promise<T> {
    try {
      return await call(held);
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
