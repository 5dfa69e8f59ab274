import type { Address } from "../../abi/functions.js";

/**
 * Reads of the guest's memory from outside, while its threads run and without any lock. Every value may be
 * outdated or garbage by the time it is read: an address outside of the memory gives 0, and nothing
 * throws.
 */
export class GuestView {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  word(address: Address): number {
    const index = address >>> 2;
    return (address & 3) === 0 && index < this.#words.length ? Atomics.load(this.#words, index) : 0;
  }

  byte(address: Address): number {
    return this.#bytes[address >>> 0] ?? 0;
  }

  /** A copy; shorter where the memory ends. */
  copy(address: Address, length: number): Uint8Array {
    const start = address >>> 0;
    return this.#bytes.slice(start, Math.min(start + Math.max(length, 0), this.#bytes.length));
  }
}
