import type { Address, Functions } from "../abi/functions.js";
import { checkLayout } from "../abi/layout.js";
import { callFunction } from "./classes/call.js";
import { executeModule } from "./classes/install.js";
import { clearState, traverseState } from "./classes/tracing.js";
import { begin, exceptionOf, type Operation } from "./js/call.js";
import { HostRequests } from "./js/requests.js";
import { Python } from "./python.js";
import { Realm } from "./realm.js";

/**
 * What the module imports of one realm (wasm/python-library.js): the way from Python into this realm's
 * JavaScript. No exception ever leaves it: wasm frames would be cut off without their clean-up.
 */
export class RealmBinding {
  readonly id: number;
  /**
   * Runs the thread that `weft_thread_spawn(id)` started in this realm. Never throws. When it returns true, the thread
   * stays, and is this realm's, until `weft_thread_leave()`.
   */
  onThread: (id: number) => boolean | void = () => undefined;
  /** The moment from which a worker realm may listen to messages. */
  listen: () => void = () => undefined;
  /** See {@link Realm.importNow}; to be set before the glue is loaded. */
  importNow: Realm["importNow"];
  #realm: Realm | undefined;
  #requests!: HostRequests;

  /** @param id the realm's number, unique in the program. */
  constructor(id: number) {
    this.id = id;
  }

  /**
   * Called once by the glue, before anything else.
   * @throws LayoutError when the module was built by another version of this package. In a worker realm that ends the
   * realm, which is right: the host realm checks before it makes any, so this package's own files do not match.
   */
  bind(memory: WebAssembly.Memory, made: () => Functions): void {
    const functions = made();
    checkLayout(functions);
    if (!this.#realm) {
      this.#realm = new Realm(this.id, memory, functions);
      const realm = this.#realm;
      realm.tell = (error) => {
        new Python(realm).writeUnraisable(error);
      };
      this.#requests = new HostRequests(realm);
    }
    this.#realm.importNow = this.importNow;
  }

  /** The realm, once the glue has bound it. */
  get bound(): Realm | undefined {
    return this.#realm;
  }

  /** @throws TypeError before the glue has bound it. */
  get realm(): Realm {
    if (!this.#realm) {
      throw new TypeError("the realm was used before the runtime's glue bound it");
    }
    return this.#realm;
  }

  /** The thread that `weft_thread_spawn(id)` started runs. */
  thread(id: number): number {
    let stays = false;
    this.realm.calling(() => {
      stays = this.onThread(id) === true;
    });
    return stays ? 1 : 0;
  }

  /** Python calls a function of a module that TypeScript defines: a new reference, or 0 with a pending exception. */
  callFunction(module: number, index: number, values: Address, count: number, names: Address, borrow: number, name: Address): Address {
    return callFunction(this.realm, module, index, values, count, names, borrow, name);
  }

  /** Python imports such a module: 0, or -1 with a pending exception. */
  execute(module: number, object: Address): number {
    return executeModule(this.realm, module, object);
  }

  /** The garbage collector asks what a state of this realm refers to, maybe while all threads are stopped. */
  traverse(module: number, index: number, id: number, owner: Address, holder: Address): void {
    traverseState(this.realm, module, index, id, owner, holder);
  }

  /** The garbage collector has found it to be garbage. */
  clear(module: number, index: number, id: number): void {
    clearState(this.realm, module, index, id);
  }

  /** The host realm: another realm's thread asks for an operation. */
  onRequest(request: Address): void {
    this.#requests.onRequest(request);
  }

  /** The host realm: Python has let go of values. */
  onReleased(): void {
    this.#requests.onReleased();
  }

  /**
   * Python does something with the value `id`: see call.ts. Returns a new reference, or 0: with a pending exception, or
   * where there is nothing to return.
   */
  call(operation: number, id: number, self: number, values: Address, count: number, names: Address): Address {
    const { realm } = this;
    const outer = realm.scope;
    const inner = realm.beginCall();
    let result: Address = 0;
    let raised: Address = 0;
    try {
      const py = new Python(realm);
      let under: Operation | undefined;
      try {
        under = begin(py, { operation, id, self, values, count, names });
        result = under.finish(py, under.perform());
      } catch (error) {
        // Set again after the scope's end, which may run destructors.
        raised = exceptionOf(py, error);
      } finally {
        under?.end();
      }
    } finally {
      realm.endCall(inner, outer);
    }
    if (raised !== 0) {
      realm.functions.PyErr_SetRaisedException(raised);
    }
    return result;
  }
}
