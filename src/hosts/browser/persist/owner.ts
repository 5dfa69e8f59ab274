import type { StartScript } from "../start-worker.js";
import type { WebWorker } from "../web.js";
import { Channel } from "./channel.js";

/** The page asks for a folder. */
export interface PersistStart {
  readonly buffer: SharedArrayBuffer;
  /** Name of the folder. */
  readonly name: string;
}

/** The folder is open, or why not. */
export type PersistReady = { readonly ready: true } | { readonly ready: false; readonly error: string };

/** The page's side of the worker that owns a persistent folder. */
export class PersistOwner {
  readonly channel = new Channel();
  /** Rejects when the folder cannot be opened: no such storage here, another page has it, another version wrote it. */
  readonly ready: Promise<void>;
  #worker!: WebWorker;

  /** @param script URL of persist-worker.js. */
  constructor(startScript: StartScript, script: URL, name: string) {
    this.ready = new Promise((resolve, reject) => {
      this.#worker = startScript(script, "weft-files", reject);
      this.#worker.addEventListener("message", (event) => {
        const ready = (event as MessageEvent).data as PersistReady;
        if (ready.ready) {
          resolve();
        } else {
          reject(new Error(`the persistent folder ${name} cannot be opened: ${ready.error}`));
        }
      });
      const start: PersistStart = { buffer: this.channel.buffer, name };
      this.#worker.postMessage(start);
    });
    this.ready.catch(() => undefined);
  }

  /** No realm asks any more. Gives the folder to whoever waits for it. */
  end(): void {
    this.#worker.terminate();
  }
}
