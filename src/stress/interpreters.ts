import type { Lane, TestSession } from "./lane.js";

/**
 * One interpreter at a time, which is replaced when it hangs or has crashed. Where that looks likely, the next one is
 * started while the tests' time runs, so that it is ready when it is needed.
 */
export class Interpreters {
  readonly #lane: Lane;
  #session: TestSession | undefined;
  #reserve: Promise<TestSession> | undefined;
  #ending: Promise<void> | undefined;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** @throws Error when none can be started. */
  async current(): Promise<TestSession> {
    this.#session ??= await this.#take();
    return this.#session;
  }

  /** A reserve that is ready and alive, or a new interpreter. */
  async #take(): Promise<TestSession> {
    const reserve = await this.#reserve?.catch(() => undefined);
    this.#reserve = undefined;
    return reserve?.alive === true ? reserve : this.#lane.start();
  }

  /** Starts a reserve. */
  prepare(): void {
    if (!this.#reserve) {
      this.#reserve = this.#lane.start();
      // Whoever takes it starts another one then.
      this.#reserve.catch(() => undefined);
    }
  }

  /** Ends the current interpreter, whatever its threads do. Gives the milliseconds until there is another one. */
  async replace(): Promise<number> {
    const begin = performance.now();
    const old = this.#session;
    this.#session = undefined;
    this.prepare();
    // The one before has had a whole test's time to end.
    await this.#ending;
    this.#ending = old?.end();
    await this.current();
    return performance.now() - begin;
  }

  async end(): Promise<void> {
    await this.#ending;
    await this.#session?.end();
    await (await this.#reserve?.catch(() => undefined))?.end();
  }
}
