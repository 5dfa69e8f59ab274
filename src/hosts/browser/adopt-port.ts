import type { PagePort } from "./bridge/wire.js";
import { web } from "./web.js";

/** The page's first message to a worker that is another realm's. */
export interface Adoption {
  readonly weftPort: PagePort;
}

/**
 * To be called first in a worker's script. Where a page has started the worker for another realm, that realm's messages come by a
 * port and are given to whoever listens to this realm's own; what this realm posts goes there.
 */
export function adoptPort(): void {
  const adopt = (event: Event): void => {
    web.removeEventListener("message", adopt);
    const { weftPort: port } = (event as MessageEvent).data as Partial<Adoption>;
    if (!port) {
      return;
    }
    event.stopImmediatePropagation();
    Object.defineProperty(web, "postMessage", {
      configurable: true,
      writable: true,
      value: (message: unknown, transfer: readonly unknown[] = []) => {
        port.postMessage(message, transfer);
      },
    });
    port.onmessage = ({ data }: MessageEvent) => {
      web.dispatchEvent(new MessageEvent("message", { data }));
    };
  };
  web.addEventListener("message", adopt);
}
