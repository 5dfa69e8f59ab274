import { MessageChannel } from "node:worker_threads";

/** Keeps the process from ending while something is under way: workers alone do not. */
export class KeepAlive {
  /** Both ends: a port is closed when the other end is collected. */
  readonly #channel = new MessageChannel();
  readonly #port = this.#channel.port1;
  #count = 0;

  constructor() {
    this.#port.on("message", () => undefined);
    this.#port.unref();
    this.#channel.port2.unref();
  }

  /**
   * Until the promise is settled. It is not handled by that: what is returned is to be used in its place, so that a
   * rejection which nobody looks at is an unhandled one.
   */
  during<T>(promise: Promise<T>): Promise<T> {
    if (this.#count++ === 0) {
      this.#port.ref();
    }
    const done = (): void => {
      if (--this.#count === 0) {
        this.#port.unref();
      }
    };
    return promise.finally(done);
  }
}
