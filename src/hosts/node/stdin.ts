import type { Guest } from "../../runtime/guest.js";

/**
 * Feeds this process's standard input to a guest, at most one chunk ahead of what the
 * guest asks for: what is never asked for stays in the pipe or with the terminal, for
 * whoever reads it next.
 */
export class StdinPump {
  #requested = false;
  #listening = false;
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;

  /** Some thread of the guest waits for input. */
  request(guest: Guest): void {
    this.#requested = true;
    if (!this.#listening) {
      this.#listening = true;
      process.stdin.on("readable", () => {
        this.#pump(guest);
      });
      process.stdin.on("end", () => {
        this.#ended = true;
        this.#pump(guest);
      });
      process.stdin.on("error", () => {
        // A terminal that is gone (EIO) or a descriptor that cannot be read: for the
        // guest that is the end of its input.
        this.#ended = true;
        this.#pump(guest);
      });
    }
    this.#pump(guest);
  }

  #pump(guest: Guest): void {
    while (this.#requested) {
      if (this.#rest.length === 0) {
        const chunk = process.stdin.read() as Uint8Array | null;
        if (chunk === null) {
          break;
        }
        this.#rest = chunk;
      }
      const taken = guest.pushStdin(this.#rest);
      if (taken === 0) {
        // The ring is full: the guest has enough and asks again.
        break;
      }
      this.#rest = this.#rest.subarray(taken);
      this.#requested = false;
    }
    if (this.#ended && this.#rest.length === 0) {
      guest.closeStdin();
    }
  }
}
