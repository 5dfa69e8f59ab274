import { SPIN_MS, WouldBlockError } from "../can-block.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { Result } from "./status.js";

/**
 * Makes a call that may wait: first without waiting (`attempt(0, false)`), and only where that is not enough
 * detached and for as long as it takes, so that a waiting thread never keeps others from stopping the
 * world. `attempt` gets the milliseconds that are left, below 0 for ever, and whether signals end it.
 *
 * On Python's main thread a signal ends the wait; its handler runs attached, and what it raises is thrown.
 * A thread that is not attached waits as it is, whatever signals come. One that may not wait tries again and
 * again, for a second at most.
 * @param undo gives back what the call took, when the thread cannot attach any more.
 * @throws AttachError when the interpreter ended meanwhile; PyErr from a signal handler; WouldBlockError.
 */
export function blocking(realm: Realm, timeout: number | undefined, attempt: (milliseconds: number, interruptible: number) => number, undo: () => void): number {
  const first = attempt(0, 0);
  if (first !== Result.busy || timeout === 0) {
    return first;
  }
  return realm.mayBlock ? waiting(realm, timeout, attempt, undo) : spinning(timeout, attempt);
}

function spinning(timeout: number | undefined, attempt: (milliseconds: number, interruptible: number) => number): number {
  const deadline = performance.now() + Math.min(timeout ?? SPIN_MS, SPIN_MS);
  for (;;) {
    const result = attempt(0, 0);
    if (result !== Result.busy) {
      return result;
    }
    if (performance.now() > deadline) {
      if (timeout !== undefined && timeout <= SPIN_MS) {
        return result;
      }
      throw new WouldBlockError(`another thread has held this for ${SPIN_MS} ms and this one may not wait: use the method with Async in its name`);
    }
  }
}

/** As {@link blocking}, without the attempt before. A thread that may not wait is refused. */
export function waiting(realm: Realm, timeout: number | undefined, attempt: (milliseconds: number, interruptible: number) => number, undo: () => void): number {
  if (!realm.mayBlock) {
    throw new WouldBlockError("this thread may not wait for others");
  }
  const deadline = timeout === undefined ? undefined : performance.now() + timeout;
  const left = (): number => (deadline === undefined ? -1 : Math.max(0, deadline - performance.now()));
  if (realm.attachCount === 0) {
    return attempt(left(), 0);
  }
  for (;;) {
    let result: number | undefined;
    try {
      // Throws where a thread may not detach: while the garbage collector visits objects.
      realm.detach(() => {
        result = attempt(left(), 1);
      });
    } catch (error) {
      if (result === Result.ok) {
        undo();
      }
      throw error;
    }
    if (result !== Result.interrupted) {
      return result!;
    }
    new Python(realm).checkSignals();
  }
}
