import type { Realm } from "./realm.js";
import { Weft } from "./weft.js";

/**
 * The interpreter as a worker of the user's own sees it that has joined as a Python thread: `joinWeft()` gives one.
 * @example
 * ```js
 * // guest.mjs
 * import { parentPort, workerData } from "node:worker_threads";
 * import { joinWeft } from "weft-python";
 *
 * const weft = await joinWeft(workerData);
 * parentPort.postMessage(weft.attach((py) => py.eval("sum(range(10))").toJs()));
 * await weft.leave();
 * ```
 * ```js
 * const { Worker } = await import("node:worker_threads");
 * const port = weft.joinPort();
 * const worker = new Worker(new URL("guest.mjs", import.meta.url), { workerData: port, transferList: [port] });
 * console.log(await new Promise((resolve) => worker.once("message", resolve))); // 45
 * ```
 */
export class JoinedWeft extends Weft {
  readonly #gone: Promise<void>;
  #left = false;

  /** @internal `gone` settles when the host realm knows that the thread has left. */
  constructor(realm: Realm, gone: Promise<void>) {
    super(realm);
    this.#gone = gone;
  }

  /**
   * Ends the thread; the worker goes on without Python, and may join again by another port. References that are still
   * held are not released: drop them before. A second call waits for the same end.
   * @returns when the thread has given its place back.
   * @throws TypeError inside of an attach.
   */
  async leave(): Promise<void> {
    if (this.realm.attached) {
      throw new TypeError("leave() inside of weft.attach(): leave that first");
    }
    if (!this.#left) {
      this.#left = true;
      this.realm.leave();
    }
    await this.#gone;
  }
}
