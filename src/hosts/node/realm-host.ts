import { GuestEvent } from "../../abi/events.js";
import { NodeHostFs, type HostFunctions, type HostMemory } from "./host-fs.js";

/**
 * The wasm imports of one realm under Node and Deno. The C side declares them in
 * wasm/include/weft_host.h; each runs in the realm that calls it.
 */
export class NodeRealmHost extends NodeHostFs {
  #functions: HostFunctions | undefined;

  /** Called by the glue before anything else. */
  override bind(memory: HostMemory, functions: HostFunctions): void {
    super.bind(memory, functions);
    this.#functions = functions;
  }

  #post(kind: number, a: number): void {
    if (!this.#functions) {
      throw new TypeError("the realm's host object was used before the glue bound it");
    }
    (this.#functions()["weft_post_event"] as (kind: number, a: number, b: number) => void)(kind, a, 0);
  }

  /** Standard input belongs to the realm that owns the runtime: ask that for more. */
  stdinRequest(): void {
    this.#post(GuestEvent.stdin, 0);
  }

  /** So does the terminal. */
  ttyMode(mode: number): number {
    this.#post(GuestEvent.tty, mode);
    return 0;
  }
}
