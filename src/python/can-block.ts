/** Milliseconds that a thread which may not wait tries for, before it gives up. */
export const SPIN_MS = 1000;

/** A thread that may not stand still, such as a page's, would have to wait. What waits without that has `Async` in its name. */
export class WouldBlockError extends Error {
  override readonly name = "WouldBlockError";
}

/** Whether the engine lets this thread wait: a wait that is over at once throws where it does not. */
export function canBlock(wait: typeof Atomics.wait = Atomics.wait): boolean {
  try {
    // The word has another value already.
    wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch (error) {
    if (error instanceof TypeError) {
      return false;
    }
    throw error;
  }
}
