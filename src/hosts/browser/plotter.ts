import type { StartScript } from "./start-worker.js";
import type { WebWorker } from "./web.js";

export interface PlotRequest {
  readonly id: number;
  /** A ChartSpec as JSON. */
  readonly spec: string;
}

export type PlotAnswer = { readonly id: number; readonly svg: string } | { readonly id: number; readonly error: string };

/** Draws charts in a worker, which is started for the first one. */
export class Plotter {
  readonly #startScript: StartScript;
  readonly #script: URL;
  readonly #waiting = new Map<number, { resolve(svg: string): void; reject(error: Error): void }>();
  #worker: WebWorker | undefined;
  #next = 1;

  /** @param script URL of plot-worker.js. */
  constructor(startScript: StartScript, script: URL) {
    this.#startScript = startScript;
    this.#script = script;
  }

  draw(spec: string): Promise<string> {
    this.#worker ??= this.#start();
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: PlotRequest = { id, spec };
      this.#worker!.postMessage(request);
    });
  }

  #start(): WebWorker {
    const worker = this.#startScript(this.#script, "weft-plot", (error) => {
      this.end(error);
    });
    worker.addEventListener("message", (event) => {
      const answer = (event as MessageEvent).data as PlotAnswer;
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("svg" in answer) {
        waiting?.resolve(answer.svg);
      } else {
        waiting?.reject(new Error(answer.error));
      }
    });
    return worker;
  }

  /** Those who wait get the error. A later chart starts another worker. */
  end(error = new Error("Python has ended")): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) {
      reject(error);
    }
    this.#waiting.clear();
  }
}
