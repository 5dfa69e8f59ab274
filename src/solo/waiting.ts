/** Stands still for so many milliseconds; `undefined` where this thread must not. */
export type Sleep = (milliseconds: number) => void;

/**
 * How this thread can stand still: by `Atomics.wait()`, which pages forbid on their own thread. Nothing is shared, but
 * waiting needs shared memory, which a page without cross-origin isolation gets only as WebAssembly's.
 */
export function blockingSleep(): Sleep | undefined {
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
