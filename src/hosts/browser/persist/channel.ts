/** Operations of the persistent folder, as its owner knows them. */
export const Operation = {
  open: 1,
  close: 2,
  read: 3,
  write: 4,
  statFile: 5,
  resize: 6,
  sync: 7,
  stat: 8,
  list: 9,
  makeDirectory: 10,
  removeDirectory: 11,
  unlink: 12,
  rename: 13,
  link: 14,
  symlink: 15,
  readLink: 16,
  truncate: 17,
  changeMode: 18,
  access: 19,
  changeTimes: 20,
  statFileSystem: 21,
} as const;

/** Words, by their places. */
const LOCK = 0;
const STATE = 1;
const OPERATION = 2;
const RESULT = 3;
const LENGTH = 4;
const NUMBERS = 64;
const COUNT = 4;
const DATA = 128;
/** Bytes of data that a request or an answer has at most. */
export const CAPACITY = 256 * 1024;

const [IDLE, ASKED, ANSWERED] = [0, 1, 2];

/** A request as the owner sees it. `data` is the shared memory itself, to be used before the answer. */
export interface Request {
  readonly operation: number;
  readonly numbers: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Requests of all realms to the one worker that owns the files, in shared memory: one at a time.
 *
 *   word       written by                              when
 *   LOCK       the realm that takes it, by exchange    0 -> 1; the same realm puts 0 when it has read the answer
 *   OPERATION, NUMBERS, LENGTH, DATA  that realm       while it has the lock and STATE is IDLE
 *   STATE      that realm                              IDLE -> ASKED after those, ANSWERED -> IDLE after it has read the answer
 *   RESULT, LENGTH, DATA  the owner                    while STATE is ASKED
 *   STATE      the owner                               ASKED -> ANSWERED after those
 *
 * Each change of STATE and LOCK is atomic and is followed by a notification; who waits looks at the value first. A realm that is
 * ended with the lock ends with the whole program, as its owner does.
 */
export class Channel {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array;
  readonly #data: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(DATA + CAPACITY)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, NUMBERS / 4);
    this.#numbers = new Float64Array(buffer, NUMBERS, COUNT);
    this.#data = new Uint8Array(buffer, DATA, CAPACITY);
  }

  /**
   * Asks, and waits: by standing still, or, in a page, by looking again and again. The owner depends on nobody, so that is short.
   * @param data at most {@link CAPACITY} bytes, which may be in shared memory.
   * @param use reads the answer, whose data is gone afterwards.
   */
  call(operation: number, numbers: readonly number[], data: Uint8Array | undefined, mayWait: boolean, use?: (result: number, answer: Uint8Array) => void): number {
    while (Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0) {
      this.#wait(LOCK, 1, mayWait);
    }
    try {
      this.#words[OPERATION] = operation;
      this.#numbers.set(numbers);
      this.#words[LENGTH] = data?.length ?? 0;
      if (data) {
        this.#data.set(data);
      }
      this.#set(STATE, ASKED!);
      while (Atomics.load(this.#words, STATE) !== ANSWERED) {
        this.#wait(STATE, ASKED!, mayWait);
      }
      const result = this.#words[RESULT]!;
      use?.(result, this.#data.subarray(0, this.#words[LENGTH]));
      return result;
    } finally {
      Atomics.store(this.#words, STATE, IDLE!);
      this.#set(LOCK, 0);
    }
  }

  #wait(word: number, value: number, mayWait: boolean): void {
    if (mayWait) {
      Atomics.wait(this.#words, word, value);
    }
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
    Atomics.notify(this.#words, word);
  }

  /** The owner: stands still until somebody asks. */
  receive(): Request {
    for (let state = Atomics.load(this.#words, STATE); state !== ASKED; state = Atomics.load(this.#words, STATE)) {
      Atomics.wait(this.#words, STATE, state);
    }
    return { operation: this.#words[OPERATION]!, numbers: [...this.#numbers], data: this.#data.subarray(0, this.#words[LENGTH]) };
  }

  /** The owner: room for the data of its answer, whose length {@link answer} then says. */
  get room(): Uint8Array {
    return this.#data;
  }

  /** The owner. */
  answer(result: number, length: number): void {
    this.#words[RESULT] = result;
    this.#words[LENGTH] = length;
    this.#set(STATE, ANSWERED!);
  }
}
