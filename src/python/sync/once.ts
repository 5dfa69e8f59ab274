import type { Address } from "../../abi/functions.js";
import { PoisonError, ReentrantError } from "./errors.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { OnceState, Result, Want } from "./status.js";

/**
 * Code that is run once, by whichever thread comes first; the others wait, detached, until it has run.
 * When it throws, the once is poisoned: later calls throw too, until {@link callOnceForce} succeeds.
 * @example
 * ```js
 * const once = Once.create(weft);
 * let count = 0;
 * once.callOnce(() => count++);
 * once.callOnce(() => count++);
 * console.log(count); // 1
 * once.drop();
 * ```
 */
export class Once extends SharedPrimitive {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "once");
  }

  static create(weft: InRealm): Once {
    return new Once(weft, create(weft, "once"));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): Once {
    return new Once(weft, shared);
  }

  /** Whether the code has run. */
  get isCompleted(): boolean {
    return this.realm.functions.weft_sync_state(this.address) === OnceState.done;
  }

  /** Whether the code threw, and nobody has run it since. */
  get isPoisoned(): boolean {
    return this.realm.functions.weft_sync_state(this.address) === OnceState.poisoned;
  }

  /**
   * Runs the code unless it has run.
   * @throws PoisonError, ReentrantError; what the code throws; what waiting throws (see `PyMutex.lock`).
   */
  callOnce(call: () => void): void {
    this.#run(Want.exclusive, () => {
      call();
    });
  }

  /** The same also when the once is poisoned, which `call` is told. Its success cures the once. */
  callOnceForce(call: (state: { readonly poisoned: boolean }) => void): void {
    this.#run(Want.forced, call);
  }

  /**
   * As {@link callOnce}, waiting without standing still. The code may be asynchronous: others wait for its end.
   * @throws PoisonError; what the code throws; the signal's reason; AttachError when Python has ended.
   */
  async callOnceAsync(call: () => void | Promise<void>, signal?: AbortSignal): Promise<void> {
    const { functions } = this.realm;
    const undo = (address: Address): void => {
      functions.weft_sync_finish(address, OnceState.empty, 0);
    };
    if (this.#isMine(await this.acquireAsync(Want.exclusive, undo, signal))) {
      const { address } = this;
      let state: number = OnceState.poisoned;
      try {
        await call();
        state = OnceState.done;
      } finally {
        functions.weft_sync_finish(address, state, 0);
      }
    }
  }

  #run(want: number, call: (state: { readonly poisoned: boolean }) => void): void {
    const { address } = this;
    const { functions } = this.realm;
    // Stays as it was while the code runs.
    const wasPoisoned = (): boolean => functions.weft_sync_poisoned(address) !== 0;
    const undo = (): void => {
      functions.weft_sync_finish(address, wasPoisoned() ? OnceState.poisoned : OnceState.empty, 0);
    };
    if (!this.#isMine(this.acquire(want, undo))) {
      return;
    }
    const poisoned = wasPoisoned();
    let state: number = OnceState.poisoned;
    try {
      call({ poisoned });
      state = OnceState.done;
    } finally {
      functions.weft_sync_finish(address, state, 0);
    }
  }

  /** Whether this thread is to run the code. */
  #isMine(result: number): boolean {
    switch (result) {
      case Result.reentrant:
        throw new ReentrantError("the code that runs once asks for itself, on this thread");
      case Result.poisoned:
        throw new PoisonError("the code that runs once threw: callOnceForce() tries again");
    }
    return result === Result.ok;
  }
}
