/** State of an interpreter: `enum weft_lifecycle` in wasm/include/weft_python.h. It only advances. */
export const Lifecycle = { uninitialized: 0, initializing: 1, running: 2, finalizing: 3, finalized: 4 } as const;

/** A name of {@link Lifecycle}. */
export type LifecycleState = keyof typeof Lifecycle;

const NAMES = Object.keys(Lifecycle) as LifecycleState[];

/** The name of a state's number. */
export function lifecycleState(value: number): LifecycleState {
  return NAMES[value] ?? "uninitialized";
}

/**
 * Attaching is not possible: the interpreter is not running, or not any more.
 * @example
 * ```js
 * const other = await loadWeft();
 * await other.finalize();
 * try {
 *   other.attach(() => 1);
 * } catch (error) {
 *   console.log(error instanceof AttachError, error.state); // true finalized
 * }
 * ```
 */
export class AttachError extends Error {
  override readonly name = "AttachError";
  constructor(
    /** The interpreter's state when it was tried. */
    readonly state: LifecycleState,
  ) {
    super(
      state === "finalizing" || state === "finalized"
        ? `Python is ${state}: no thread can attach any more`
        : `Python is ${state}: wait for loadWeft() before you attach`,
    );
  }
}

/**
 * Something was used on a thread that is not attached, or after the closure that it belonged to.
 * @example
 * ```js
 * const list = weft.attach((py) => py.list([1]));
 * try {
 *   list.length();
 * } catch (error) {
 *   console.log(error instanceof DetachedError); // true
 * }
 * ```
 */
export class DetachedError extends Error {
  override readonly name = "DetachedError";
}
