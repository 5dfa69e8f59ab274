import type { DisplaySink } from "./display.js";
import type { HttpService } from "./http.js";

/** What the host realm offers to Python's modules below wasm/library, which know these names. */
export interface Services {
  /** The page, where there is one: see `PageService` of the browser's host. */
  readonly page?: unknown;
  /** Takes what `display()` shows. */
  readonly display?: DisplaySink;
  /** Draws a chart; the text is a ChartSpec as JSON, the result SVG. */
  readonly plot?: (spec: string) => Promise<string>;
  /** For `http.client`, where Python may use the network. */
  readonly http?: HttpService;
}
