import { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { Result } from "./status.js";

/**
 * Makes a call that may wait: first without waiting (`attempt(0, false)`), and only where that is not enough
 * detached and for as long as it takes, so that a waiting thread never keeps others from stopping the
 * world. `attempt` gets the milliseconds that are left, below 0 for ever, and whether signals end it.
 *
 * On Python's main thread a signal ends the wait; its handler runs attached, and what it raises is thrown.
 * A thread that is not attached waits as it is, whatever signals come.
 * @param undo gives back what the call took, when the thread cannot attach any more.
 * @throws AttachError when the interpreter ended meanwhile; PyErr from a signal handler.
 */
export function blocking(realm: Realm, timeout: number | undefined, attempt: (milliseconds: number, interruptible: number) => number, undo: () => void): number {
  const first = attempt(0, 0);
  return first === Result.busy && timeout !== 0 ? waiting(realm, timeout, attempt, undo) : first;
}

/** As {@link blocking}, without the attempt before. */
export function waiting(realm: Realm, timeout: number | undefined, attempt: (milliseconds: number, interruptible: number) => number, undo: () => void): number {
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
