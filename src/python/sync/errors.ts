/**
 * The lock was held by code that threw: what it protects may be half changed. See `recover()`.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * try {
 *   mutex.withLock(() => { throw new Error("half done"); });
 * } catch {}
 * try {
 *   mutex.lock();
 * } catch (error) {
 *   console.log(error instanceof PoisonError); // true
 * }
 * mutex.drop();
 * ```
 */
export class PoisonError extends Error {
  override readonly name = "PoisonError";
}

/**
 * The thread would wait for itself: it holds the lock already, or runs the initialisation that it asks for.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * mutex.withLock(() => {
 *   try {
 *     mutex.lock();
 *   } catch (error) {
 *     console.log(error instanceof ReentrantError); // true
 *   }
 * });
 * mutex.drop();
 * ```
 */
export class ReentrantError extends Error {
  override readonly name = "ReentrantError";
}

/**
 * A guard, a lock or a message was used where it cannot be: after its release, or on another thread.
 * @example
 * ```js
 * const mutex = PyMutex.create(weft);
 * const guard = mutex.lock();
 * guard.release();
 * try {
 *   weft.attach((py) => guard.get(py));
 * } catch (error) {
 *   console.log(error instanceof GuardError); // true
 * }
 * mutex.drop();
 * ```
 */
export class GuardError extends Error {
  override readonly name = "GuardError";
}

/**
 * A critical section inside of another one suspends the outer one, or did so: the outer object's lock is
 * not held throughout. `outer` and `inner` are the stacks of the places where the two began.
 * @example
 * ```js
 * weft.attach((py) => {
 *   const [a, b] = [py.list(), py.list()];
 *   // Both at once: one inside of the other could throw a CriticalSectionError.
 *   py.withCriticalSection2(a, b, () => a.append(b.length()));
 *   console.log(a.repr()); // [0]
 * });
 * ```
 */
export class CriticalSectionError extends Error {
  override readonly name = "CriticalSectionError";

  constructor(
    message: string,
    readonly outer: string,
    readonly inner: string,
  ) {
    super(`${message}\nThe outer section began\n${outer}\nThe inner section began\n${inner}`);
  }
}
