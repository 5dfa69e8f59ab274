import { PyAny } from "../any.js";
import type { Python } from "../python.js";
import { blocking } from "./blocking.js";
import { ReentrantError } from "./errors.js";
import { create, SharedPrimitive, type InRealm, type SharedSync } from "./shared.js";
import { OnceState, Result, Want } from "./status.js";

/**
 * A Python object that is made once, by whichever thread asks first. The others wait, detached, until it is
 * there. When making it fails, the place stays empty and the next one that waits tries.
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
    const { functions } = this.realm;
    const result = blocking(
      this.realm,
      undefined,
      (milliseconds, interruptible) => functions.weft_sync_acquire(address, Want.exclusive, milliseconds, interruptible),
      () => functions.weft_sync_finish(address, OnceState.empty, 0),
    );
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
