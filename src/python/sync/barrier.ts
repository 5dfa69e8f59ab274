import { blocking } from "./blocking.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { Result, Want } from "./status.js";

/** Where a number of threads wait for each other. It can be used again and again. */
export class Barrier extends SharedPrimitive {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "barrier");
  }

  /** @param threads how many have to come. */
  static create(weft: InRealm, threads: number): Barrier {
    if (!Number.isInteger(threads) || threads < 1 || threads > 4096) {
      throw new RangeError(`a barrier is for 1 to 4096 threads, not ${threads}`);
    }
    return new Barrier(weft, create(weft, "barrier", undefined, threads));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): Barrier {
    return new Barrier(weft, shared);
  }

  /**
   * Waits, detached, until enough threads have come. A thread whose wait a signal handler ends by raising
   * does not count.
   * @returns true on one of the threads, the last.
   * @throws what waiting throws (see `PyMutex.lock`).
   */
  wait(): boolean {
    const { address } = this;
    const { functions } = this.realm;
    const result = blocking(
      this.realm,
      undefined,
      (milliseconds, interruptible) => functions.weft_sync_acquire(address, Want.exclusive, milliseconds, interruptible),
      () => undefined,
    );
    return result === Result.ok;
  }
}
