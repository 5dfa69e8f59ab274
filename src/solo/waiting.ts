/** What happens to this thread while Python waits. */
export type Waiting =
  /** It stands still. */
  | { readonly kind: "block"; readonly sleep: (milliseconds: number) => void }
  /** It goes on, as the engine can set the component aside (JavaScript Promise Integration). */
  | { readonly kind: "suspend" }
  /** It must not stand still, and the engine cannot do the other: Python gets an error. */
  | { readonly kind: "impossible" };

export function waitingHere(): Waiting {
  const sleep = blockingSleep();
  if (sleep) {
    return { kind: "block", sleep };
  }
  const { Suspending, promising } = WebAssembly as { Suspending?: unknown; promising?: unknown };
  return { kind: typeof Suspending === "function" && typeof promising === "function" ? "suspend" : "impossible" };
}

/**
 * By `Atomics.wait()`, which pages forbid on their own thread. Nothing is shared, but waiting needs shared memory, which a page
 * without cross-origin isolation gets only as WebAssembly's.
 */
function blockingSleep(): ((milliseconds: number) => void) | undefined {
  try {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const word = new Int32Array(buffer);
    Atomics.wait(word, 0, 0, 0);
    return (milliseconds) => {
      Atomics.wait(word, 0, 0, milliseconds);
    };
  } catch {
    return undefined;
  }
}
