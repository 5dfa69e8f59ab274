/** Characters that may be on their way to the page before the worker waits. */
const LIMIT = 512 * 1024;
/** Longest wait, in milliseconds: the worker has other things to listen to. */
const PATIENCE = 50;

/**
 * Lets a program that writes without end go only as fast as the terminal draws. One shared word counts the
 * characters on their way: the worker adds before it posts, the page subtracts when they are drawn, and notifies. While
 * the worker waits, the program's threads wait for it by the loader's own budget.
 */
export class Backpressure {
  readonly word: Int32Array;

  constructor(word: Int32Array = new Int32Array(new SharedArrayBuffer(4))) {
    this.word = word;
  }

  /** The worker, before it posts. */
  take(characters: number): void {
    const end = performance.now() + PATIENCE;
    for (let now = Atomics.load(this.word, 0); now > LIMIT; now = Atomics.load(this.word, 0)) {
      const left = end - performance.now();
      if (left <= 0) {
        break;
      }
      Atomics.wait(this.word, 0, now, left);
    }
    Atomics.add(this.word, 0, characters);
  }

  /** The page, when they are drawn. */
  give(characters: number): void {
    Atomics.sub(this.word, 0, characters);
    Atomics.notify(this.word, 0);
  }
}
