import type { Address, Functions } from "../abi/functions.js";
import { checkLayout } from "../abi/layout.js";
import { PyAny } from "./any.js";
import { callFunction } from "./classes/call.js";
import { executeModule } from "./classes/install.js";
import { Python, RawFunction } from "./python.js";
import { Realm } from "./realm.js";

/**
 * What the module imports of one realm (wasm/python-library.js): the way from Python into this realm's
 * JavaScript. No exception ever leaves it: wasm frames would be cut off without their clean-up.
 */
export class RealmBinding {
  readonly id: number;
  /** Runs the thread that `weft_thread_spawn(id)` started in this realm. Never throws. */
  onThread: (id: number) => void = () => undefined;
  /** The moment from which a worker realm may listen to messages. */
  listen: () => void = () => undefined;
  /** See {@link Realm.importNow}; to be set before the glue is loaded. */
  importNow: Realm["importNow"];
  #realm: Realm | undefined;

  /** @param id the realm's number, unique in the program. */
  constructor(id: number) {
    this.id = id;
  }

  /**
   * Called once by the glue, before anything else.
   * @throws LayoutError when the module was built by another version of this package. In a worker realm that ends the
   * realm, which is right: the host realm checks before it makes any, so this package's own files do not match.
   */
  bind(memory: WebAssembly.Memory, functions: Functions): void {
    checkLayout(functions);
    this.#realm ??= new Realm(this.id, memory, functions);
    this.#realm.importNow = this.importNow;
  }

  /** @throws TypeError before the glue has bound it. */
  get realm(): Realm {
    if (!this.#realm) {
      throw new TypeError("the realm was used before the runtime's glue bound it");
    }
    return this.#realm;
  }

  /** The thread that `weft_thread_spawn(id)` started runs. */
  thread(id: number): void {
    this.onThread(id);
  }

  /** Python calls a function of a module that TypeScript defines: a new reference, or 0 with a pending exception. */
  callFunction(module: number, index: number, values: Address, count: number, names: Address, borrow: number, name: Address): Address {
    return callFunction(this.realm, module, index, values, count, names, borrow, name);
  }

  /** Python imports such a module: 0, or -1 with a pending exception. */
  execute(module: number, object: Address): number {
    return executeModule(this.realm, module, object);
  }

  /** Python calls the value `id`: returns a new reference, or 0 with a pending exception. */
  call(id: number, values: Address, count: number, names: Address): Address {
    const { realm } = this;
    const { functions } = realm;
    let result: Address = 0;
    let raised: Address = 0;
    realm.entered(() => {
      const py = new Python(realm);
      try {
        result = this.#called(py, id, values, count, names);
      } catch (error) {
        py.raise(error);
        // Set again after the scope's end, which may run destructors.
        raised = functions.PyErr_GetRaisedException();
      }
    });
    if (raised !== 0) {
      functions.PyErr_SetRaisedException(raised);
    }
    return result;
  }

  #called(py: Python, id: number, values: Address, count: number, names: Address): Address {
    const { functions, memory } = py.realm;
    const value = py.realm.value(id);
    const at = (index: number): PyAny => {
      const pointer = memory.word(values + 4 * index);
      functions.Py_IncRef(pointer);
      return new PyAny(py, pointer);
    };
    const positional = Array.from({ length: count }, (_, i) => at(i));
    const keywords = new Map<string, PyAny>();
    if (names !== 0) {
      const number = functions.PyTuple_Size(names);
      for (let i = 0; i < number; i++) {
        // A tuple does not change: its references stay.
        keywords.set(py.text(functions.PyTuple_GetItem(names, i)), at(count + i));
      }
    }
    let result: unknown;
    if (value instanceof RawFunction) {
      result = value.call(py, positional, keywords);
    } else if (typeof value === "function") {
      const converted = positional.map((object) => object.toJs());
      if (keywords.size > 0) {
        converted.push(Object.fromEntries([...keywords].map(([name, object]) => [name, object.toJs()])));
      }
      result = (value as (...values: unknown[]) => unknown)(...converted);
    } else {
      throw py.error(py.builtin("TypeError"), `this host object is a ${typeof value} and cannot be called`);
    }
    const object = py.from(result);
    functions.Py_IncRef(object.pointer);
    return object.pointer;
  }
}
