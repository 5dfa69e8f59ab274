import type { Address, Functions } from "../abi/functions.js";

/**
 * What the module imports of a realm whose JavaScript Python may not use (wasm/python-library.js): in Node that would be the
 * whole machine. In the place of a `RealmBinding`, of which such a program needs nothing.
 */
export class ClosedBinding {
  #functions!: () => Functions;

  /** @param id the realm's number, unique in the program. */
  constructor(readonly id: number) {}

  /** Called once by the glue, before anything else. */
  bind(_memory: WebAssembly.Memory, functions: () => Functions): void {
    this.#functions = functions;
  }

  /** The moment from which a worker realm may listen to messages. Nobody posts any. */
  listen(): void {
    // Threads of the host's are not started here.
  }

  /** See `LazyBinding`. */
  isPlain(): boolean {
    return true;
  }

  /** Python wants to do something with a JavaScript value: 0, with an ImportError pending. */
  call(): Address {
    this.#functions().weft_js_refuse();
    return 0;
  }
}
