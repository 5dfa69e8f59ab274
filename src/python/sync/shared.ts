import type { Address } from "../../abi/functions.js";
import { AttachError, DetachedError } from "../lifecycle.js";
import type { Py } from "../py.js";
import type { Realm } from "../realm.js";
import { blocking } from "./blocking.js";
import { Kind, Result } from "./status.js";

/** Who knows the realm: a `Weft` or a `Python` token. */
export interface InRealm {
  readonly realm: Realm;
}

/** What `share()` makes: structured clone keeps it. It owns one reference until it is received, once. */
export interface SharedSync {
  readonly weftSync: Address;
  readonly kind: keyof typeof Kind;
}

interface Held {
  readonly realm: Realm;
  readonly address: Address;
}

/** The backstop: objects that were collected without a drop. */
const forgotten = new FinalizationRegistry<Held>(({ realm, address }) => {
  realm.dropRecord(address);
});

/** Makes a record with one reference. `value` is used up. */
export function create(weft: InRealm, kind: keyof typeof Kind, value?: Py, size = 0): SharedSync {
  const address = weft.realm.functions.weft_sync_new(Kind[kind], size, 0);
  if (address === 0) {
    throw new RangeError(`out of guest memory: could not make a ${kind}`);
  }
  if (value !== undefined) {
    weft.realm.functions.weft_sync_swap(address, value.send().weftReference);
  }
  return { weftSync: address, kind };
}

/**
 * One realm's reference to a lock or the like in guest memory, which any number of realms use.
 *
 * JavaScript objects stay in their realm. {@link share} makes a message for another realm, whose
 * `receive` makes an object there. The memory is freed with the last object and message: {@link drop}
 * objects or declare them with `using`; the garbage collector is the backstop. `spawn()` and the results of spawned
 * functions carry objects and messages, and free those that do not arrive; a message that is sent in another way and
 * never received is never freed.
 */
export abstract class SharedPrimitive {
  /** @internal */
  readonly realm: Realm;
  readonly #kind: keyof typeof Kind;
  #address: Address;

  /** @internal Takes over one reference. */
  constructor(weft: InRealm, shared: SharedSync, kind: keyof typeof Kind) {
    if (shared.kind !== kind) {
      throw new TypeError(`a ${shared.kind} was received as a ${kind}`);
    }
    this.realm = weft.realm;
    this.#kind = kind;
    this.#address = shared.weftSync;
    forgotten.register(this, { realm: this.realm, address: this.#address }, this);
  }

  /** @internal */
  get address(): Address {
    if (this.#address === 0) {
      throw new DetachedError(`this ${this.#kind} was dropped before`);
    }
    return this.#address;
  }

  /** A message with a reference of its own for one other realm. On any thread, attached or not. */
  share(): SharedSync {
    this.realm.functions.weft_sync_share(this.address);
    return { weftSync: this.address, kind: this.#kind };
  }

  /**
   * Waits, detached, for what `want` says, as {@link blocking} does.
   * @param undo gives back what was taken, when the thread cannot attach any more.
   */
  protected acquire(want: number, undo: () => void, timeout?: number): number {
    const { address } = this;
    const { functions } = this.realm;
    return blocking(this.realm, timeout, (milliseconds, interruptible) => functions.weft_sync_acquire(address, want, milliseconds, interruptible), undo);
  }

  /**
   * The same without standing still: the realm's event loop goes on. What this very realm holds is waited for too.
   * @param undo gives back what was taken, when this object was dropped meanwhile.
   * @throws the signal's reason when it ended the wait; AttachError when Python has ended.
   */
  protected async acquireAsync(want: number, undo: (address: Address) => void, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    const { realm } = this;
    const { functions } = realm;
    // This object may be dropped meanwhile.
    const address = this.share().weftSync;
    const ticket = functions.weft_sync_queue(address, want);
    if (ticket === 0) {
      functions.weft_sync_drop(address);
      throw new RangeError(`out of guest memory: could not wait for a ${this.#kind}`);
    }
    const abort = (): void => {
      realm.poke(ticket);
    };
    signal?.addEventListener("abort", abort);
    while (realm.lifecycle !== "finalized" && signal?.aborted !== true && Atomics.load(realm.memory.words(ticket), ticket >>> 2) === Result.wait) {
      await realm.changed(ticket, Result.wait);
    }
    signal?.removeEventListener("abort", abort);
    if (realm.lifecycle === "finalized") {
      // Nothing of the guest's may be called any more where its threads were ended, wherever they were.
      throw new AttachError("finalized");
    }
    const result = functions.weft_sync_unqueue(address, ticket);
    const dropped = this.#address === 0;
    if (dropped && result === Result.ok) {
      undo(address);
    }
    functions.weft_sync_drop(address);
    if (result === Result.busy) {
      throw signal!.reason;
    }
    if (dropped) {
      throw new DetachedError(`this ${this.#kind} was dropped while it was waited for`);
    }
    return result;
  }

  /** How many threads wait at this moment: for tests and diagnosis. */
  get waiting(): number {
    return this.realm.functions.weft_sync_waiting(this.address);
  }

  /** Gives this object's reference up. On any thread, attached or not. A second time does nothing. */
  drop(): void {
    if (this.#address !== 0) {
      forgotten.unregister(this);
      this.realm.dropRecord(this.#address);
      this.#address = 0;
    }
  }

  /** As {@link drop}, for `using`. */
  [Symbol.dispose](): void {
    this.drop();
  }
}
