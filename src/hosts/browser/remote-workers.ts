import type { Adoption } from "./adopt-port.js";
import type { PagePort } from "./bridge/wire.js";
import { startScript, type StartScript } from "./start-worker.js";
import type { WebWorker } from "./web.js";

/** From the realm that needs workers to the page that starts them. A worker's messages go by `port`, past the page. */
type ToPage =
  | { readonly kind: "start"; readonly id: number; readonly script: string; readonly name: string; readonly classic: boolean; readonly port: PagePort }
  | { readonly kind: "end"; readonly id: number };

/** From the page: what a worker did not catch, or why its script could not be loaded. */
interface FromPage {
  readonly id: number;
  readonly error: Error;
}

/**
 * Starts Python's workers in this page, for a worker of this page that loads Python: see `workers` in LoadOptions.
 * @param port one end of a channel, whose other end `workers` gives.
 * @returns ends it, and the workers: call it when the worker that loads Python is terminated, whose own they are not.
 */
export function serveWorkers(port: PagePort): () => void {
  const workers = new Map<number, WebWorker>();
  port.onmessage = ({ data }) => {
    const request = data as ToPage;
    if (request.kind === "end") {
      workers.get(request.id)?.terminate();
      workers.delete(request.id);
      return;
    }
    const { id, script, name, classic, port: theirs } = request;
    const worker = startScript(new URL(script), name, (error) => {
      const answer: FromPage = { id, error };
      port.postMessage(answer);
    }, classic);
    workers.set(id, worker);
    const adoption: Adoption = { weftPort: theirs };
    worker.postMessage(adoption, [theirs]);
  };
  return () => {
    port.onmessage = null;
    for (const worker of workers.values()) {
      worker.terminate();
    }
    workers.clear();
  };
}

/** Lets a page start this realm's workers. */
export function remoteScripts(page: PagePort): StartScript {
  const failures = new Map<number, (error: Error) => void>();
  let next = 1;
  page.onmessage = ({ data }) => {
    const { id, error } = data as FromPage;
    failures.get(id)?.(error);
  };
  return (script, name, onError, classic = false) => {
    const id = next++;
    failures.set(id, onError);
    const { port1, port2 } = new MessageChannel() as unknown as { port1: PagePort; port2: PagePort };
    const start: ToPage = { kind: "start", id, script: script.href, name, classic, port: port2 };
    page.postMessage(start, [port2]);
    return new RemoteWorker(port1, () => {
      failures.delete(id);
      const end: ToPage = { kind: "end", id };
      page.postMessage(end);
    });
  };
}

/** A worker of the page's, as if it were this realm's. */
class RemoteWorker extends EventTarget implements WebWorker {
  onmessage: ((event: MessageEvent) => void) | null = null;
  readonly #port: PagePort;
  readonly #end: () => void;

  constructor(port: PagePort, end: () => void) {
    super();
    this.#port = port;
    this.#end = end;
    port.onmessage = ({ data }: MessageEvent) => {
      const event = new MessageEvent("message", { data });
      this.onmessage?.(event);
      this.dispatchEvent(event);
    };
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  terminate(): void {
    this.#port.onmessage = null;
    this.#port.close();
    this.#end();
  }
}
