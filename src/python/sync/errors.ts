/** The lock was held by code that threw: what it protects may be half changed. See `recover()`. */
export class PoisonError extends Error {
  override readonly name = "PoisonError";
}

/** The thread would wait for itself: it holds the lock already, or runs the initialisation that it asks for. */
export class ReentrantError extends Error {
  override readonly name = "ReentrantError";
}

/** A guard, a lock or a message was used where it cannot be: after its release, or on another thread. */
export class GuardError extends Error {
  override readonly name = "GuardError";
}

/**
 * A critical section inside of another one suspends the outer one, or did so: the outer object's lock is
 * not held throughout. `outer` and `inner` are the stacks of the places where the two began.
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
