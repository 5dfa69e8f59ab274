import type { Address, Functions } from "../abi/functions.js";

/**
 * The references that one attach, call or sub-scope owns: they are released together at its end.
 * Belongs to one realm. What was released or moved out early leaves a hole (0).
 */
export class Scope {
  /** False once the scope has ended. */
  alive = true;
  /** Made with the first: many calls own none. */
  #owned: Address[] | undefined;

  /** Takes over one reference and returns its place. */
  own(pointer: Address): number {
    return (this.#owned ??= []).push(pointer) - 1;
  }

  /** Gives up the reference at `place` without releasing it. The place may be another one's afterwards. */
  disown(place: number): void {
    const owned = this.#owned!;
    if (place === owned.length - 1) {
      // A loop that disposes of what it makes does not grow the scope.
      owned.pop();
    } else {
      owned[place] = 0;
    }
  }

  /** The interpreter is gone, and all references with it. */
  abandon(): void {
    this.alive = false;
    this.#owned = undefined;
  }

  /** Attached: releases everything, latest first. Destructors may run. */
  end(functions: Functions): void {
    this.alive = false;
    const owned = this.#owned;
    if (!owned) {
      return;
    }
    for (let i = owned.length - 1; i >= 0; i--) {
      if (owned[i] !== 0) {
        functions.Py_DecRef(owned[i]!);
      }
    }
    this.#owned = undefined;
  }
}
