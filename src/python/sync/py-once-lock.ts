import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Py } from "../py.js";
import type { Python } from "../python.js";
import type { Weft } from "../weft.js";
import { ReentrantError } from "./errors.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { OnceState, Result, Want } from "./status.js";

/**
 * A Python object that is made once, by whichever thread asks first. The others wait, detached, until it is
 * there. When making it fails, the place stays empty and the next one that waits tries.
 * @example
 * ```js
 * const table = PyOnceLock.create(weft);
 * console.log(weft.attach((py) => table.getOrInit(py, () => [1, 2]).length())); // 2
 * table.drop();
 * ```
 */
export class PyOnceLock extends SharedPrimitive {
  /** @internal */
  private constructor(weft: InRealm, shared: SharedSync) {
    super(weft, shared, "once");
  }

  static create(weft: InRealm): PyOnceLock {
    return new PyOnceLock(weft, create(weft, "once"));
  }

  /** The one that another realm shared. Each message is good for one receive. */
  static receive(weft: InRealm, shared: SharedSync): PyOnceLock {
    return new PyOnceLock(weft, shared);
  }

  /** The value, or `undefined` while there is none. Never waits. */
  get(py: Python): PyAny | undefined {
    py.realm.requireAttached();
    const { functions } = this.realm;
    if (functions.weft_sync_state(this.address) !== OnceState.done) {
      return undefined;
    }
    const pointer = functions.weft_sync_value(this.address);
    functions.Py_IncRef(pointer);
    return new PyAny(py, pointer);
  }

  /**
   * The value, which `make` gives where there is none. Its result is converted.
   * @throws ReentrantError when `make` asks for this value itself; what `make` throws; what waiting
   * throws (see `PyMutex.lock`).
   */
  getOrInit(py: Python, make: () => unknown): PyAny {
    py.realm.requireAttached();
    if (this.#begin()) {
      this.#fill(py, make);
    }
    return this.get(py)!;
  }

  /**
   * As {@link getOrInit} for a thread that may not wait and is not attached: waits without standing still. `make` runs
   * attached; its result is converted before the attach ends.
   * @returns the value, which the caller owns.
   * @throws what `make` throws; the signal's reason; AttachError when Python has ended.
   */
  async getOrInitAsync(weft: Weft, make: (py: Python) => unknown, signal?: AbortSignal): Promise<Py<PyAny>> {
    const empty = (address: Address): void => {
      this.realm.functions.weft_sync_finish(address, OnceState.empty, 0);
    };
    let mine = (await this.acquireAsync(Want.exclusive, empty, signal)) === Result.ok;
    const { address } = this;
    try {
      return await weft.attachAsync((py) => {
        if (mine) {
          mine = false;
          this.#fill(py, () => make(py));
        }
        return this.get(py)!.unbind();
      });
    } finally {
      if (mine && this.realm.lifecycle !== "finalized") {
        // Attaching was not possible any more.
        empty(address);
      }
    }
  }

  /** Puts a value in where there is none: whether it did. Waits for a thread that is just making one. */
  set(py: Python, value: unknown): boolean {
    // Converted before, because that may fail or ask for this value.
    const object = py.from(value);
    const first = this.#begin();
    if (first) {
      this.#fill(py, () => object);
    }
    return first;
  }

  /** Whether this thread is to make the value. */
  #begin(): boolean {
    const { address } = this;
    const result = this.acquire(Want.exclusive, () => this.realm.functions.weft_sync_finish(address, OnceState.empty, 0));
    if (result === Result.reentrant) {
      throw new ReentrantError("the value is asked for by the code that makes it, on this thread");
    }
    return result === Result.ok;
  }

  #fill(py: Python, make: () => unknown): void {
    const { address } = this;
    const { functions } = this.realm;
    let pointer = 0;
    try {
      const object = py.from(make());
      functions.Py_IncRef(object.pointer);
      ({ pointer } = object);
    } finally {
      functions.weft_sync_finish(address, pointer === 0 ? OnceState.empty : OnceState.done, pointer);
    }
  }
}
