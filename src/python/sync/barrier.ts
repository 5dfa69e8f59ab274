import { WouldBlockError } from "../can-block.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { Result, Want } from "./status.js";

/**
 * Where a number of threads wait for each other. It can be used again and again.
 * @example
 * ```js
 * const barrier = Barrier.create(weft, 1);
 * console.log(barrier.wait()); // true
 * barrier.drop();
 * ```
 */
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
    if (!this.realm.mayBlock) {
      // Trying again and again would never count as having come.
      throw new WouldBlockError("this thread may not wait at a barrier: use waitAsync()");
    }
    return this.acquire(Want.exclusive, () => undefined) === Result.ok;
  }

  /**
   * The same without standing still. A wait that its signal ends does not count.
   * @throws the signal's reason; AttachError when Python has ended.
   */
  async waitAsync(signal?: AbortSignal): Promise<boolean> {
    return (await this.acquireAsync(Want.exclusive, () => undefined, signal)) === Result.ok;
  }
}
