import type { Address } from "../abi/functions.js";

// A mark at the beginning is a character of the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * One realm's views of the guest's memory. Another thread may grow the memory at any time: a view
 * made before shows the old part still, so it is renewed only when an address lies beyond it.
 */
export class Memory {
  readonly #memory: WebAssembly.Memory;
  #u8: Uint8Array;
  #i32: Int32Array;
  #f64: Float64Array;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#u8 = new Uint8Array(memory.buffer);
    this.#i32 = new Int32Array(memory.buffer);
    this.#f64 = new Float64Array(memory.buffer);
  }

  #renew(): void {
    this.#u8 = new Uint8Array(this.#memory.buffer);
    this.#i32 = new Int32Array(this.#memory.buffer);
    this.#f64 = new Float64Array(this.#memory.buffer);
  }

  /** The 32-bit words that reach at least to the one at `address`. */
  words(address: Address): Int32Array {
    if (address >>> 2 >= this.#i32.length) {
      this.#renew();
    }
    return this.#i32;
  }

  /** Reads the 32-bit word at `address`, which must be a multiple of 4. */
  word(address: Address): number {
    return this.words(address)[address >>> 2]!;
  }

  setWord(address: Address, value: number): void {
    this.words(address)[address >>> 2] = value;
  }

  double(address: Address): number {
    if (address >>> 3 >= this.#f64.length) {
      this.#renew();
    }
    return this.#f64[address >>> 3]!;
  }

  /** Writes the double at `address`, which must be a multiple of 8. */
  setDouble(address: Address, value: number): void {
    if (address >>> 3 >= this.#f64.length) {
      this.#renew();
    }
    this.#f64[address >>> 3] = value;
  }

  /** The bytes at `address`, shared. The view stays valid while the guest keeps them allocated. */
  bytes(address: Address, length: number): Uint8Array {
    const start = address >>> 0;
    if (start + length > this.#u8.length) {
      this.#renew();
    }
    return this.#u8.subarray(start, start + length);
  }

  /** Decodes `length` bytes of UTF-8. */
  text(address: Address, length: number): string {
    const bytes = this.bytes(address, length);
    if (length < 24) {
      let text = "";
      for (let i = 0; i < length; i++) {
        const byte = bytes[i]!;
        if (byte > 127) {
          return decoder.decode(bytes.slice());
        }
        text += String.fromCharCode(byte);
      }
      return text;
    }
    // A copy: TextDecoder refuses shared memory.
    return decoder.decode(bytes.slice());
  }

  /** Encodes `text` as UTF-8 into `length` bytes at `address` and returns how many it took. */
  write(text: string, address: Address, length: number): number {
    const bytes = this.bytes(address, length);
    if (text.length < 24 && text.length <= length) {
      let i = 0;
      for (; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) {
          break;
        }
        bytes[i] = code;
      }
      if (i === text.length) {
        return i;
      }
    }
    const encoded = encoder.encode(text);
    bytes.set(encoded);
    return encoded.length;
  }
}
