/** How much output may be on its way to a realm before writers wait: some milliseconds of its time, since an interrupt is heard of after it. */
const LIMIT = 64 * 1024;
/** What handling a write costs beside its bytes. */
const PER_WRITE = 64;
/** Longest wait of a writer, in milliseconds. */
const PATIENCE = 50;

/**
 * Keeps threads that write without end from flooding the host realm. One shared word counts what is on
 * its way: writers add before they post, the host realm subtracts after it has handed the text on, and notifies.
 * A lost race only lets one writer more through.
 */
export class OutputBudget {
  readonly #word: Int32Array;

  constructor(word: Int32Array = new Int32Array(new SharedArrayBuffer(4))) {
    this.#word = word;
  }

  /** The shared word, for other realms. */
  get word(): Int32Array {
    return this.#word;
  }

  /** A writer: waits while there is too much, but not for ever, since the host realm may itself wait for this thread. */
  take(bytes: number, mayWait: boolean): void {
    if (mayWait) {
      const end = performance.now() + PATIENCE;
      for (let now = Atomics.load(this.#word, 0); now > LIMIT; now = Atomics.load(this.#word, 0)) {
        const left = end - performance.now();
        if (left <= 0) {
          break;
        }
        Atomics.wait(this.#word, 0, now, left);
      }
    }
    Atomics.add(this.#word, 0, bytes + PER_WRITE);
  }

  /** The host realm: a write has been handed on. */
  give(bytes: number): void {
    Atomics.sub(this.#word, 0, bytes + PER_WRITE);
    Atomics.notify(this.#word, 0);
  }
}
