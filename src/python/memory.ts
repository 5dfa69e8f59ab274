import type { Address } from "../abi/functions.js";
import { copyIn, copyOut } from "./shared-copy.js";

// A mark at the beginning is a character of the text.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * One realm's views of the guest's memory. Another thread may grow the memory at any time. It does not move: a
 * shared memory reserves its largest size at the start, so a view made before goes on to show the same bytes, only
 * not the new part. So views are renewed only when an address lies beyond them.
 */
export class Memory {
  /** The guest's memory itself. */
  readonly memory: WebAssembly.Memory;
  #u8: Uint8Array;
  #i32: Int32Array;
  #f64: Float64Array;
  /** Every buffer that views were made of: growth makes another object of the same memory. */
  readonly #buffers = new WeakSet<ArrayBufferLike>();

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#u8 = new Uint8Array(memory.buffer);
    this.#i32 = new Int32Array(memory.buffer);
    this.#f64 = new Float64Array(memory.buffer);
    this.#buffers.add(memory.buffer);
  }

  /** Views that reach to `end`. */
  #renew(end: number): void {
    if (this.memory.buffer.byteLength < end) {
      // This thread has not heard of the growth yet: engines tell it with its next interrupt, or when it grows.
      this.memory.grow(0);
    }
    const { buffer } = this.memory;
    if (buffer.byteLength < end) {
      throw new RangeError(`the guest's memory has ${buffer.byteLength} bytes, and byte ${end} was asked for: this is a bug of Weft or of an extension`);
    }
    this.#u8 = new Uint8Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#f64 = new Float64Array(buffer);
    this.#buffers.add(buffer);
  }

  /** Whether a buffer is (some of) the guest's memory. */
  owns(buffer: ArrayBufferLike): boolean {
    return buffer === this.#u8.buffer || this.#buffers.has(buffer);
  }

  /** The 32-bit words that reach at least to the one at `address`. */
  words(address: Address): Int32Array {
    if (address >>> 2 >= this.#i32.length) {
      this.#renew((address >>> 0) + 4);
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
      this.#renew((address >>> 0) + 8);
    }
    return this.#f64[address >>> 3]!;
  }

  /** Writes the double at `address`, which must be a multiple of 8. */
  setDouble(address: Address, value: number): void {
    if (address >>> 3 >= this.#f64.length) {
      this.#renew((address >>> 0) + 8);
    }
    this.#f64[address >>> 3] = value;
  }

  /** The bytes at `address`, shared. The view stays valid while the guest keeps them allocated. */
  bytes(address: Address, length: number): Uint8Array {
    const start = address >>> 0;
    if (start + length > this.#u8.length) {
      this.#renew(start + length);
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
    return decoder.decode(copyOut(bytes));
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
    copyIn(bytes.subarray(0, encoded.length), encoded);
    return encoded.length;
  }
}
