/**
 * A snapshot: what the memory of a runtime is when Python has been initialized in it (wasm/main/snapshot.c), as far as it differs
 * from the memory with which the module begins. A file of little-endian 32-bit words and what follows them:
 *
 *     magic, stack size, address and size of the standard library's archive, address of what is behind, count, count times (address, length), bytes
 *
 * The archive's own bytes are not in it: they are those of its file. What is "behind" a new memory neither has nor touches while the module
 * is instantiated, which the build tries (`Guest.leavesAlone()`): it may be written before.
 */

const MAGIC = 0x32534657; // "WFS2"
const HEADER_WORDS = 6;

/** Bytes from a memory's beginning in which initialized Python has everything: 57 MiB, in the debug variant 70. */
const WINDOW = 128 * 1024 * 1024;
/** Bytes at its end that have to be untouched, as a sign that there is nothing behind them. */
const MARGIN = 32 * 1024 * 1024;

/** Equal bytes between two runs that cost less than another run. */
const GAP = 128;

/** Where the standard library's archive is in guest memory. */
export interface ArchivePlace {
  readonly address: number;
  readonly size: number;
}

/** A snapshot and what has to be known to use it. */
export class Snapshot {
  /** Bytes of linear-memory stack that Python's main thread has. */
  readonly stackSize: number;
  readonly archive: ArchivePlace;
  /** Bytes of memory that it needs. */
  readonly size: number;
  /** Where what may be written before the module is instantiated begins: the archive too, unless it is before that. */
  readonly behind: number;
  /** Nothing once it is restored: an interpreter lives for much longer. */
  #data: Uint8Array | undefined;
  readonly #words: Uint32Array;
  readonly #free: () => void;
  /** In which the part behind is already. */
  #begun: WebAssembly.Memory | undefined;

  /**
   * @param free called when the bytes are not needed any more.
   * @throws RangeError when the bytes are no snapshot.
   */
  constructor(data: Uint8Array, free: () => void = () => undefined) {
    const words = data.length >= HEADER_WORDS * 4 ? view(data, HEADER_WORDS) : new Uint32Array(HEADER_WORDS);
    const [magic, stackSize, address, size, behind, count] = words as unknown as [number, number, number, number, number, number];
    const end = (HEADER_WORDS + 2 * count) * 4;
    if (magic !== MAGIC || end > data.length) {
      throw new RangeError(`${data.length} bytes are no snapshot of this version`);
    }
    this.stackSize = stackSize;
    this.archive = { address, size };
    this.behind = behind;
    this.#data = data;
    this.#free = free;
    this.#words = view(data, HEADER_WORDS + 2 * count);
    let length = end;
    let last = 0;
    for (let at = HEADER_WORDS; at < this.#words.length; at += 2) {
      length += this.#words[at + 1]!;
      last = this.#words[at]! + this.#words[at + 1]!;
    }
    this.size = Math.max(last, address + size);
    if (length !== data.length) {
      throw new RangeError(`a snapshot of ${length} bytes has ${data.length}`);
    }
  }

  /** Writes what is behind to a memory whose module will be instantiated later, and which is then restored. */
  begin(memory: WebAssembly.Memory): void {
    this.#write(memory, (address) => address >= this.behind);
    this.#begun = memory;
  }

  /** Writes the archive to the memory that is begun. Returns whether it is there: only where it is behind, and the one that the snapshot was made with. */
  beginArchive(data: Uint8Array): boolean {
    const { address, size } = this.archive;
    if (!this.#begun || address < this.behind || size !== data.length) {
      return false;
    }
    new Uint8Array(this.#begun.buffer, address, size).set(data);
    return true;
  }

  /**
   * Writes it over the memory of a runtime that has just been instantiated, while no other realm runs code of the guest's. Once: the bytes
   * are not kept.
   */
  restore(memory: WebAssembly.Memory): void {
    this.#write(memory, this.#begun === memory ? (address) => address < this.behind : () => true);
    this.drop();
  }

  /** To be called when a program does not begin with it: the bytes are not kept. A second time does nothing. */
  drop(): void {
    if (this.#data) {
      this.#data = undefined;
      this.#free();
    }
  }

  #write(memory: WebAssembly.Memory, which: (address: number) => boolean): void {
    if (!this.#data) {
      throw new Error("the snapshot has been restored before: its bytes are gone");
    }
    const bytes = new Uint8Array(memory.buffer);
    let at = this.#words.length * 4;
    for (let word = HEADER_WORDS; word < this.#words.length; word += 2) {
      const address = this.#words[word]!;
      const length = this.#words[word + 1]!;
      if (which(address)) {
        bytes.set(this.#data.subarray(at, at + length), address);
      }
      at += length;
    }
  }
}

/** The words at the beginning of a file, whose bytes may begin anywhere in a buffer. */
function view(data: Uint8Array, words: number): Uint32Array {
  const copy = new Uint32Array(words);
  new Uint8Array(copy.buffer).set(data.subarray(0, words * 4));
  return copy;
}

/**
 * The bytes of a memory to the last that is not 0.
 * @throws RangeError when there may be more of them than a snapshot can have.
 */
export function copyMemory(memory: WebAssembly.Memory): Uint8Array {
  const words = new Uint32Array(memory.buffer, 0, Math.min(WINDOW, memory.buffer.byteLength) / 4);
  let end = words.length;
  while (end > 0 && words[end - 1] === 0) {
    end--;
  }
  if (end * 4 > WINDOW - MARGIN) {
    throw new RangeError(`initialized Python has memory at ${end * 4}, and a snapshot only the first ${WINDOW - MARGIN} bytes`);
  }
  return new Uint8Array(words.slice(0, end).buffer);
}

const PATTERN = 0x55555555;

/** Fills what a snapshot may use of a new memory from an address on. */
export function touch(memory: WebAssembly.Memory, address: number): void {
  wordsFrom(memory, address).fill(PATTERN);
}

/** Whether all of that is as it was filled. */
export function isUntouched(memory: WebAssembly.Memory, address: number): boolean {
  return wordsFrom(memory, address).every((word) => word === PATTERN);
}

function wordsFrom(memory: WebAssembly.Memory, address: number): Uint32Array {
  const begin = Math.ceil(address / 4) * 4;
  return new Uint32Array(memory.buffer, begin, (WINDOW - begin) / 4);
}

/**
 * The file of a snapshot.
 * @param first memories that it may be restored to, of which the file has everything that is not always the same.
 * @param made the memory that they become. All of them end with zeros.
 */
export function encodeSnapshot(first: readonly Uint8Array[], made: Uint8Array, stackSize: number, archive: ArchivePlace): Uint8Array {
  const length = Math.max(made.length, ...first.map((one) => one.length));
  const padded = (one: Uint8Array): Uint8Array => {
    const long = new Uint8Array(length);
    long.set(one);
    return long;
  };
  const to = padded(made);
  const from = first.map(padded);
  const runs: [number, number][] = [];
  const search = (start: number, end: number): void => {
    let last: [number, number] | undefined;
    for (let at = start; at < end; at++) {
      let differs = false;
      for (const one of from) {
        differs ||= one[at] !== to[at];
      }
      if (!differs) {
        continue;
      }
      if (last !== undefined && at - last[1] <= GAP) {
        last[1] = at + 1;
      } else {
        last = [at, at + 1];
        runs.push(last);
      }
    }
  };
  search(0, archive.address);
  const behind = Math.max(archive.address, ...first.map((one) => one.length));
  // No run lies on both sides of it.
  const end = archive.address + archive.size;
  search(end, Math.max(end, behind));
  search(Math.max(end, behind), length);
  const words = Uint32Array.of(MAGIC, stackSize, archive.address, archive.size, behind, runs.length, ...runs.flatMap(([start, end]) => [start, end - start]));
  const file = new Uint8Array(words.byteLength + runs.reduce((sum, [start, end]) => sum + end - start, 0));
  file.set(new Uint8Array(words.buffer));
  let at = words.byteLength;
  for (const [start, end] of runs) {
    file.set(to.subarray(start, end), at);
    at += end - start;
  }
  return file;
}

/** Names of variables that Python reads while it is initialized and the snapshot's does not, or by which the C library's locale is chosen. */
const READ_EARLY = /^(PYTHON(?!(_COLORS|_HISTORY|_BASIC_REPL|STARTUP|PATH|UNBUFFERED|DONTWRITEBYTECODE)$)|LC_|LANGUAGE$)/;

/**
 * Whether a program may begin with a snapshot, in which Python was initialized without options: for others it has to be
 * initialized anew. As set_program() in wasm/main/snapshot.c reads the arguments.
 * @param argv CPython's command line, with the interpreter's name.
 */
export function startsFromSnapshot(argv: readonly string[], environment: Readonly<Record<string, string>>): boolean {
  const [, first, second] = argv;
  const plain = first === undefined || first === "-" || !first.startsWith("-") || ((first === "-c" || first === "-m") && second !== undefined);
  return plain && !Object.entries(environment).some(([name, value]) => READ_EARLY.test(name) || (name === "LANG" && value !== "C.UTF-8"));
}
