/** Milliseconds that a thread which may not wait tries for, before it gives up. */
export const SPIN_MS = 1000;

/**
 * A thread that may not stand still, such as a page's, would have to wait. What waits without that has `Async` in its name.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * // Where lock() could throw a WouldBlockError, in a page:
 * const guard = await mutex.lockAsync();
 * console.log(guard.held); // true
 * guard.release();
 * mutex.drop();
 * ```
 */
export class WouldBlockError extends Error {
  override readonly name = "WouldBlockError";
}

/**
 * Whether the engine lets this thread wait: a wait that is over at once throws where it does not.
 * @example
 * ```js
 * console.log(canBlock()); // true
 * ```
 */
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
