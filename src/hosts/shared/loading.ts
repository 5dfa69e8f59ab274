import { reportThreads } from "../../runtime/observer/report.js";
import type { ObservedThread } from "../../runtime/observer/threads.js";
import { answerUntil } from "./answer-until.js";

/**
 * What loading Python waits for: the runtime's `files`; the `instance` of its module in this realm; the `worker` of Python's
 * main thread, which loads the runtime too; `python`, which that thread initializes; the `modules` that it is to begin with.
 */
export type LoadStage = "files" | "instance" | "worker" | "python" | "modules";

const WAITED_FOR: Readonly<Record<LoadStage, string>> = {
  files: "the runtime's files were not read and compiled yet",
  instance: "the runtime's module had no instance yet",
  worker: "the worker of Python's main thread had not loaded the runtime yet",
  python: "Python was not initialized yet",
  modules: "a module that Python was to begin with was not imported yet",
};

/**
 * Loading was given up because its signal was aborted: `cause` is the signal's reason. The message says how far loading was, and what
 * the threads did.
 * @example
 * ```js
 * try {
 *   await loadWeft({ signal: AbortSignal.timeout(1) });
 * } catch (error) {
 *   console.log(error instanceof LoadAbortedError); // true
 * }
 * ```
 */
export class LoadAbortedError extends Error {
  override readonly name = "LoadAbortedError";

  /** @internal */
  constructor(
    readonly stage: LoadStage,
    subject: string | undefined,
    /** Python's threads when it was given up; none before the main thread has begun. */
    readonly threads: readonly ObservedThread[],
    reason: unknown,
  ) {
    const text = reason instanceof Error ? reason.message : String(reason);
    const report = threads.length > 0 ? `\n${reportThreads(threads)}` : "";
    super(`loading Python was given up (${text}): ${WAITED_FOR[stage]}${subject === undefined ? "" : `: ${subject}`}${report}`, { cause: reason });
  }
}

/** One loading of Python, which a signal can end. */
export class Loading {
  #signal: AbortSignal | undefined;
  #stage: () => LoadStage = () => "files";
  #threads: () => readonly ObservedThread[] = () => [];
  #subject: string | undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /**
   * What it waits for from now on. Stage and threads are asked when it is given up.
   * @param subject what that stage has several of.
   */
  at(stage: () => LoadStage, threads: () => readonly ObservedThread[] = () => [], subject?: string): void {
    this.#stage = stage;
    this.#threads = threads;
    this.#subject = subject;
  }

  /**
   * A step's result, unless the signal comes first.
   * @throws LoadAbortedError; what the step is rejected with.
   */
  async until<T>(step: Promise<T>): Promise<T> {
    try {
      return await answerUntil(this.#signal, step);
    } catch (error) {
      this.throwIfAborted();
      throw error;
    }
  }

  /** @throws LoadAbortedError when it was given up: what is under way then shall begin nothing new. */
  throwIfAborted(): void {
    if (this.#signal?.aborted === true) {
      throw new LoadAbortedError(this.#stage(), this.#subject, this.#threads(), this.#signal.reason);
    }
  }

  /** The signal has no effect any more. */
  end(): void {
    this.#signal = undefined;
  }
}
