import type { Address, Functions } from "../abi/functions.js";
import type { RealmBinding } from "./binding.js";

/**
 * What the module imports of a realm that loads the package only when it is needed there (wasm/python-library.js): most
 * realms run Python and nothing else. Then it goes on as a `RealmBinding`, whose members these are.
 */
export class LazyBinding {
  /** See `RealmBinding`. */
  listen: () => void = () => undefined;
  /** Whether no JavaScript has run in the realm but this: threads may then follow one another without a turn of its event loop. */
  isPlain: () => boolean = () => false;
  readonly #make: () => RealmBinding;
  #memory: WebAssembly.Memory | undefined;
  #functions!: () => Functions;
  #made: RealmBinding | undefined;

  /**
   * @param id the realm's number, unique in the program.
   * @param make loads the package, without waiting for the event loop, and gives the binding; what it throws, Python gets as an
   * `ImportError`, and the next time it is asked again.
   */
  constructor(readonly id: number, make: () => RealmBinding) {
    this.#make = make;
  }

  /** Called once by the glue, before anything else. The layout is the package's to check. */
  bind(memory: WebAssembly.Memory, functions: () => Functions): void {
    this.#memory = memory;
    this.#functions = functions;
  }

  /** The thread that `weft_thread_spawn(id)` started: its request has loaded the package. */
  thread(id: number): number {
    return this.#binding().thread(id);
  }

  call(operation: number, id: number, self: number, values: Address, count: number, names: Address): Address {
    return this.#use(0, (binding) => binding.call(operation, id, self, values, count, names));
  }

  callFunction(module: number, index: number, values: Address, count: number, names: Address, borrow: number, name: Address): Address {
    return this.#use(0, (binding) => binding.callFunction(module, index, values, count, names, borrow, name));
  }

  execute(module: number, object: Address): number {
    return this.#use(-1, (binding) => binding.execute(module, object));
  }

  /** A realm without the package has made no states. */
  traverse(module: number, index: number, id: number, owner: Address, holder: Address): void {
    this.#made?.traverse(module, index, id, owner, holder);
  }

  /** See {@link traverse}. */
  clear(module: number, index: number, id: number): void {
    this.#made?.clear(module, index, id);
  }

  #binding(): RealmBinding {
    if (!this.#made) {
      const made = this.#make();
      made.bind(this.#memory!, this.#functions);
      this.#made = made;
    }
    return this.#made;
  }

  /** @param failed what Python is told where an exception is pending. */
  #use(failed: number, use: (binding: RealmBinding) => number): number {
    let binding: RealmBinding;
    try {
      binding = this.#binding();
    } catch (error) {
      this.#refuse(error instanceof Error ? error.message : String(error));
      return failed;
    }
    return use(binding);
  }

  #refuse(text: string): void {
    const functions = this.#functions();
    const bytes = new TextEncoder().encode(text);
    const address = functions.malloc(bytes.length) >>> 0;
    if (address === 0) {
      functions.PyErr_NoMemory();
      return;
    }
    new Uint8Array(this.#memory!.buffer, address, bytes.length).set(bytes);
    functions.weft_js_unavailable(address, bytes.length);
    functions.free(address);
  }
}
