import { errno } from "../../abi/errno.js";
import { GuestEvent } from "../../abi/events.js";
import { readNow } from "./read-now.js";
import type { OutputBudget } from "./output-budget.js";

/** The functions of the module that a realm's host object calls. */
interface RealmFunctions {
  malloc(size: number): number;
  weft_post_event(kind: number, a: number, b: number): void;
}

/** Bytes of one event; C writes the rest of a longer text after it. */
const CHUNK = 64 * 1024;
/** Descriptor and length. */
const HEADER = 8;

/**
 * The imports of wasm/include/weft_host.h in a page and its workers. Without a persistent folder (persist/realm-host.ts)
 * the file imports are missing: nothing can call them.
 */
export class BrowserRealmHost {
  readonly #runtime: string;
  readonly #budget: OutputBudget;
  readonly #mayWait: boolean;
  #memory: WebAssembly.Memory | undefined;
  #functions: (() => RealmFunctions) | undefined;

  /**
   * @param runtime URL of a file of the runtime's; the others are beside it.
   * @param mayWait whether this realm may block: every one but the host realm, which empties the budget.
   */
  constructor(runtime: string, budget: OutputBudget, mayWait: boolean) {
    this.#runtime = runtime;
    this.#budget = budget;
    this.#mayWait = mayWait;
  }

  /** The guest's memory. Its buffer is another object after it has grown. */
  protected get memory(): WebAssembly.Memory {
    return this.#memory!;
  }

  /** Called by the glue before anything else. */
  bind(memory: WebAssembly.Memory, functions: () => RealmFunctions): void {
    this.#memory = memory;
    this.#functions = functions;
  }

  /**
   * Posts what is written to the host realm by the guest's own queue of events, so that it arrives in the order in
   * which threads wrote it and before later news of theirs.
   */
  stdioWrite(fd: number, address: number, length: number): number {
    const { malloc, weft_post_event: post } = this.#functions!();
    const count = Math.min(length, CHUNK);
    this.#budget.take(count, this.#mayWait);
    const block = malloc(HEADER + count) >>> 0;
    if (block === 0) {
      this.#budget.give(count);
      return -errno.ENOMEM;
    }
    const { buffer } = this.#memory!;
    const header = new DataView(buffer, block, HEADER);
    header.setUint32(0, fd, true);
    header.setUint32(4, count, true);
    new Uint8Array(buffer, block + HEADER, count).set(new Uint8Array(buffer, address, count));
    post(GuestEvent.output, block, 0);
    return count;
  }

  library(name: number, address: number, length: number): number {
    const memory = new Uint8Array(this.#memory!.buffer);
    const file = new TextDecoder().decode(memory.slice(name, memory.indexOf(0, name)));
    let data: Uint8Array;
    try {
      data = readNow(new URL(file, this.#runtime).href);
    } catch (error) {
      // Python has no more than a number of it.
      console.error(`weft: ${(error as Error).message}`);
      return -errno.EIO;
    }
    // Of another length it is not the right file either; that is found by its hash.
    new Uint8Array(this.#memory!.buffer, address, length).set(data.subarray(0, length));
    return 0;
  }

  /** Standard input is never a regular file here. */
  stdioRead(): number {
    return -errno.EBADF;
  }

  stdinRequest(): void {
    this.#functions!().weft_post_event(GuestEvent.stdin, 0, 0);
  }

  /** No page is told what its process has used. */
  processUsage(): number {
    return -errno.ENOSYS;
  }

  /** There is no terminal. */
  ttyMode(): number {
    return 0;
  }
}
