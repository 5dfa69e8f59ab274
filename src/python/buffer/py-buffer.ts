import type { Address } from "../../abi/functions.js";
import { offsetOf } from "../../abi/layout.js";
import { STAYS, type Attached, type Handle } from "../attached.js";
import { ConversionError } from "../conversion-error.js";
import { DetachedError } from "../lifecycle.js";
import type { BoundClass } from "../py.js";
import type { Realm } from "../realm.js";
import { copyOut } from "../shared-copy.js";
import { itemOf, type Item, type TypedArray, type TypedArrayConstructor } from "./formats.js";

/**
 * A typed array that must not be written. TypeScript refuses what would change it; at run time nothing can, since
 * JavaScript has no read-only typed arrays.
 */
export type ReadonlyTypedArray<A extends TypedArray = TypedArray> = Readonly<Omit<A, "set" | "fill" | "sort" | "reverse" | "copyWithin" | "buffer" | "subarray" | "valueOf">>;

/** One export of a Python object's memory: what is released, once, at the end. */
interface Held {
  readonly realm: Realm;
  /** A memoryview that only this record refers to; it holds the export. */
  readonly memoryview: Address;
  /** The object that the buffer was asked of. */
  readonly source: Address;
  /** Its bytes, where they lie in one piece in C's order. */
  readonly from: number;
  readonly to: number;
}

/** Exports that are not released, by realm. Only the realm's own thread touches its set. */
const live = new WeakMap<Realm, Set<Held>>();

function release(held: Held): void {
  live.get(held.realm)?.delete(held);
  // The memoryview's end releases the buffer. On a detached thread both go to the pool.
  held.realm.release(held.memoryview);
  held.realm.release(held.source);
}

/** The backstop: buffers that were collected unreleased. */
const forgotten = new FinalizationRegistry<Held>(release);

/** A typed array that somebody has keeps its buffer: the memory stays while it is in use. */
const owners = new WeakMap<TypedArray, PyBuffer<TypedArray, unknown>>();

/** Bytes of a buffer, and the object that has it. */
export interface Place {
  /** Borrowed. */
  readonly source: Address;
  /** In the buffer, in bytes. */
  readonly offset: number;
  /** Bytes of the whole buffer. */
  readonly size: number;
}

/** Where a typed array's memory lies among the live buffers of this realm; `undefined` elsewhere. */
export function placeOf(realm: Realm, array: TypedArray): Place | undefined {
  if (!realm.memory.owns(array.buffer)) {
    return undefined;
  }
  const end = array.byteOffset + array.byteLength;
  for (const held of live.get(realm) ?? []) {
    if (held.from <= array.byteOffset && end <= held.to) {
      return { source: held.source, offset: array.byteOffset - held.from, size: held.to - held.from };
    }
  }
  return undefined;
}

/**
 * The memory of a Python object, seen by JavaScript without a copy: `object.buffer(Float64Array)`, or new memory for
 * both sides by `py.allocateBuffer()`.
 *
 * While it is not released, the object keeps its memory where it is: a bytearray that is to be resized raises
 * BufferError. {@link release} it, or declare it with `using`; the garbage collector is the backstop. Reading
 * and writing need no attached thread, and no lock stops others from doing the same: use `Atomics` on integer
 * arrays, or a lock.
 *
 * Other threads may make the guest's memory larger at any time. Typed arrays stay right: the memory never moves,
 * and an array that was made before the growth shows the same bytes.
 *
 * It belongs to its realm. Another thread gets the object, `buffer.object(py)`, and asks it for a buffer of its own.
 * @typeParam A the typed arrays that show it.
 * @typeParam T the bound class of the object.
 * @example
 * ```js
 * weft.attach((py) => {
 *   using buffer = py.eval("bytearray(4)").buffer(Uint8Array);
 *   buffer.array[0] = 65;
 *   console.log(buffer.object(py).repr()); // bytearray(b'A\x00\x00\x00')
 * });
 * ```
 */
export class PyBuffer<A extends TypedArray = TypedArray, T = unknown> {
  /** The items' format as the struct module has it: `d`, `<i`. */
  readonly format: string;
  /** Bytes of one item. */
  readonly itemSize: number;
  /** Items in each dimension. */
  readonly shape: readonly number[];
  /** From one item to the next in each dimension, in bytes. */
  readonly strides: readonly number[];
  /** Whether Python forbids writing. */
  readonly readonly: boolean;
  /** Bytes of all items. */
  readonly byteLength: number;
  /** Whether the items lie one after the other, the last dimension's next to each other. */
  readonly contiguous: boolean;
  readonly #bound: BoundClass<T>;
  readonly #type: TypedArrayConstructor | undefined;
  readonly #item: Item | undefined;
  readonly #suboffsets: readonly number[];
  readonly #start: number;
  #held: Held | undefined;
  #array: A | undefined;

  /**
   * Applications call `object.buffer()`.
   * @internal
   */
  constructor(py: Attached, object: Handle, bound: BoundClass<T>, type?: TypedArrayConstructor) {
    const { realm } = py;
    const { functions, memory } = realm;
    const source = object.pointer;
    const memoryview = functions.PyMemoryView_FromObject(source);
    if (memoryview === 0) {
      py.throwPending();
    }
    const view = functions.weft_memoryview_buffer(memoryview);
    const field = (name: Parameters<typeof offsetOf<"Py_buffer">>[1]): number => memory.word(view + offsetOf("Py_buffer", name));
    const dimensions = field("ndim");
    const words = (address: Address): number[] => (address === 0 ? [] : Array.from({ length: dimensions }, (_, i) => memory.word(address + 4 * i)));
    const format = field("format");
    this.format = format === 0 ? "B" : cString(realm, format);
    this.itemSize = field("itemsize");
    this.shape = words(field("shape"));
    this.strides = words(field("strides"));
    this.#suboffsets = words(field("suboffsets"));
    this.readonly = field("readonly") !== 0;
    this.byteLength = field("len");
    this.contiguous = this.#suboffsets.length === 0 && inOrder(this.shape, this.strides, this.itemSize);
    this.#start = field("buf") >>> 0;
    this.#item = itemOf(this.format, this.itemSize);
    this.#bound = bound;
    this.#type = type;
    functions.Py_IncRef(source);
    const held = { realm, memoryview, source, from: this.#start, to: this.contiguous ? this.#start + this.byteLength : this.#start };
    this.#held = held;
    let all = live.get(realm);
    if (all === undefined) {
      live.set(realm, (all = new Set()));
    }
    all.add(held);
    forgotten.register(this, held, this);
    if (type !== undefined && !this.#shows(type)) {
      this.release();
      throw new ConversionError(
        `a buffer of format '${this.format}' is no ${type.name}: ${this.#item ? `ask for ${this.#item.array.name}` : "its items are no plain numbers"}, or cast a memoryview of it in Python`,
      );
    }
  }

  #shows(type: TypedArrayConstructor): boolean {
    return this.#item !== undefined && (this.#item.array === type || (this.#item.array === Uint8Array && type === Uint8ClampedArray));
  }

  /** @throws DetachedError after the release. */
  #used(): Held {
    if (this.#held === undefined) {
      throw new DetachedError("this buffer was released before: the object may have moved or freed its memory");
    }
    return this.#held;
  }

  /** Whether it was released. */
  get released(): boolean {
    return this.#held === undefined;
  }

  /** How many items there are. */
  get length(): number {
    return this.itemSize === 0 ? 0 : this.byteLength / this.itemSize;
  }

  /**
   * The items in the guest's memory, to read and to write. Not to be used after the release: JavaScript cannot take an
   * array back, and the memory may be another object's by then. Whoever has it keeps the buffer from being collected; a
   * `subarray()` of it does not.
   * @throws DetachedError after the release; ConversionError for a buffer that is read-only, has gaps between its items,
   * or items that no typed array shows.
   */
  get array(): A {
    this.#used();
    if (this.readonly) {
      throw new ConversionError("this buffer is read-only, and typed arrays cannot be: read through `view`, or take a copy()");
    }
    return this.#whole();
  }

  /** As {@link array}, only to be read, for read-only buffers too: who writes nevertheless changes an immutable object. */
  get view(): ReadonlyTypedArray<A> {
    this.#used();
    return this.#whole() as unknown as ReadonlyTypedArray<A>;
  }

  #whole(): A {
    if (this.#array !== undefined) {
      return this.#array;
    }
    const type = this.#type ?? this.#plain().array;
    if (!this.contiguous) {
      throw new ConversionError(`no typed array shows a buffer of shape (${this.shape.join(", ")}) and strides (${this.strides.join(", ")}): use get() and set(), or take a copy()`);
    }
    if (this.#item!.half) {
      throw new ConversionError("no typed array of all engines shows half floats: use get() and set(), or take a copy(), which is a Float32Array");
    }
    if (this.#item!.swapped) {
      throw new ConversionError(`no typed array shows items of format '${this.format}', whose bytes are in the other order: use get() and set(), or take a copy()`);
    }
    if (this.#start % this.itemSize !== 0 && this.byteLength > 0) {
      throw new ConversionError(`no ${type.name} can begin at the buffer's address ${this.#start}, which is no multiple of ${this.itemSize}: use get() and set(), or take a copy()`);
    }
    // An empty buffer may be anywhere.
    const start = this.byteLength > 0 ? this.#start : 0;
    const { buffer } = this.#used().realm.memory.bytes(start, this.byteLength);
    const array = new type(buffer as ArrayBuffer, start, this.length) as unknown as A;
    this.#array = array;
    owners.set(array, this as PyBuffer<TypedArray, unknown>);
    return array;
  }

  #plain(): Item {
    if (this.#item === undefined) {
      throw new ConversionError(`items of format '${this.format}' (${this.itemSize} bytes) are no plain numbers: take the bytes()`);
    }
    return this.#item;
  }

  /** The item at an index, which has a number for each dimension; negative ones count from the end. */
  get(...index: readonly number[]): A[number] {
    const item = this.#plain();
    return item.get(this.#at(index), !item.swapped);
  }

  /**
   * Replaces an item.
   * @throws ConversionError for a read-only buffer.
   */
  set(value: A[number], ...index: readonly number[]): void {
    const item = this.#plain();
    const view = this.#at(index);
    if (this.readonly) {
      throw new ConversionError("this buffer is read-only");
    }
    item.set(view, value, !item.swapped);
  }

  #at(index: readonly number[]): DataView {
    const { memory } = this.#used().realm;
    if (index.length !== this.shape.length) {
      throw new RangeError(`an index of ${index.length} numbers for a buffer of ${this.shape.length} dimensions`);
    }
    let address = this.#start;
    index.forEach((wanted, dimension) => {
      const size = this.shape[dimension]!;
      const i = wanted < 0 ? wanted + size : wanted;
      if (!Number.isInteger(i) || i < 0 || i >= size) {
        throw new RangeError(`index ${wanted} of dimension ${dimension}, which has ${size} items`);
      }
      address += i * this.strides[dimension]!;
      const suboffset = this.#suboffsets[dimension] ?? -1;
      if (suboffset >= 0) {
        address = (memory.word(address) >>> 0) + suboffset;
      }
    });
    const bytes = memory.bytes(address, this.itemSize);
    return new DataView(bytes.buffer, bytes.byteOffset, this.itemSize);
  }

  /** All items, the last dimension's next to each other, in memory of JavaScript's own. */
  copy(): A {
    const item = this.#plain();
    const type = this.#type ?? item.array;
    if (this.contiguous && !item.swapped && !item.half) {
      return new type(this.bytes().buffer) as unknown as A;
    }
    const copy = new type(this.length) as unknown as A;
    let next = 0;
    this.#walk((view) => {
      copy[next++] = item.get(view, !item.swapped) as never;
    });
    return copy;
  }

  /** A copy of the bytes of all items, whatever they are. */
  bytes(): Uint8Array<ArrayBuffer> {
    const { memory } = this.#used().realm;
    if (this.contiguous) {
      return copyOut(memory.bytes(this.#start, this.byteLength));
    }
    const copy = new Uint8Array(this.byteLength);
    let next = 0;
    this.#walk((view) => {
      copy.set(new Uint8Array(view.buffer, view.byteOffset, this.itemSize), next);
      next += this.itemSize;
    });
    return copy;
  }

  #walk(each: (view: DataView) => void): void {
    const index = this.shape.map(() => 0);
    for (let left = this.length; left > 0; left--) {
      each(this.#at(index));
      for (let dimension = index.length - 1; dimension >= 0 && ++index[dimension]! === this.shape[dimension]; dimension--) {
        index[dimension] = 0;
      }
    }
  }

  /** The object whose memory it is, as a reference of the current scope. */
  object(py: Attached): T {
    const { source, realm } = this.#used();
    py.realm.requireAttached();
    realm.functions.Py_IncRef(source);
    return new this.#bound(py, source);
  }

  /**
   * Gives the memory back to its object. On any thread state: while detached, the next thread that attaches does it.
   * A second time does nothing.
   */
  release(): void {
    const held = this.#held;
    if (held !== undefined) {
      forgotten.unregister(this);
      this.#held = undefined;
      this.#array = undefined;
      release(held);
    }
  }

  /** As {@link release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal */
  get [STAYS](): string {
    return "a buffer belongs to its thread: send its object, buffer.object(py).unbind(), and ask that for a buffer there";
  }
}

function cString(realm: Realm, address: Address): string {
  let end = address;
  while (realm.memory.bytes(end, 1)[0] !== 0) {
    end++;
  }
  return realm.memory.text(address, end - address);
}

/** Whether strides leave no gaps, with the last dimension's items next to each other. */
function inOrder(shape: readonly number[], strides: readonly number[], itemSize: number): boolean {
  let expected = itemSize;
  for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
    if (shape[dimension]! > 1 && strides[dimension] !== expected) {
      return shape.includes(0);
    }
    expected *= shape[dimension]!;
  }
  return true;
}
