/** What Python's `display()` shows, and what is drawn on it afterwards. wasm/library/weft/_display.py sends them. */
export type DisplayMessage =
  /** A value in a place of its own; another one with the same name takes its place. */
  | { readonly display: string; readonly content: DisplayContent }
  /** A row of a canvas that was shown: red, green and blue of each pixel. */
  | { readonly canvas: string; readonly row: number; readonly pixels: Uint8Array };

/** A value as it is shown; a `png` is in Base64. */
export type DisplayContent =
  | { readonly type: "svg" | "html" | "png" | "text"; readonly text: string }
  | { readonly type: "table"; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly type: "canvas"; readonly canvas: string; readonly width: number; readonly height: number };

/** Receives what Python shows, in the order in which each thread shows it. The thread waits until it returns. */
export type DisplaySink = (message: DisplayMessage) => void;
