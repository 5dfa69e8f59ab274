import type { Guest } from "../../runtime/guest.js";
import { web } from "./web.js";

/** Gives the next line of standard input, or `null` at its end. */
export type InputSource = () => string | Uint8Array | null | undefined | Promise<string | Uint8Array | null | undefined>;

/** Feeds standard input from a page's function, which is asked only when a thread waits for input. */
export class Input {
  readonly #source: InputSource | undefined;
  #asking = false;
  #wanted = false;
  #rest = new Uint8Array(0);
  #over = false;

  constructor(source: InputSource | undefined) {
    this.#source = source;
  }

  /** Some thread of the guest waits for input. */
  request(guest: Guest): void {
    this.#wanted = true;
    if (!this.#asking) {
      this.#asking = true;
      void this.#answer(guest);
    }
  }

  /** The guest has ended: an answer that comes later has no receiver. */
  end(): void {
    this.#over = true;
  }

  async #answer(guest: Guest): Promise<void> {
    try {
      while (this.#wanted && !this.#over) {
        if (this.#rest.length === 0) {
          const data = await this.#next();
          if (this.#over) {
            return;
          }
          if (data === null) {
            guest.closeStdin();
            return;
          }
          this.#rest = data;
        }
        const taken = guest.pushStdin(this.#rest);
        if (taken === 0) {
          // The ring is full: the guest has enough and asks again.
          return;
        }
        this.#rest = this.#rest.slice(taken);
        this.#wanted = false;
      }
    } finally {
      // In the same turn as the last look at #wanted, or a request in between would have nobody to serve it.
      this.#asking = false;
    }
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const value = await this.#source?.();
      if (value === null || value === undefined) {
        return null;
      }
      return typeof value === "string" ? new TextEncoder().encode(value.endsWith("\n") ? value : `${value}\n`) : value.slice();
    } catch (error) {
      // The page's bug; the program shall not wait for ever.
      web.reportError(error);
      return null;
    }
  }
}
