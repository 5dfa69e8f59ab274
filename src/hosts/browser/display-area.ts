import type { DisplayContent, DisplayMessage, DisplaySink } from "../shared/display.js";
import { web } from "./web.js";

/** What this file uses of an element; Node's types, which it is checked with, have none. */
export interface DisplayElement {
  append(...nodes: never[]): void;
  replaceChildren(...nodes: never[]): void;
}

interface Shown extends DisplayElement {
  className: string;
  textContent: string | null;
  remove(): void;
  setAttribute(name: string, value: string): void;
  scrollIntoView(options: { block: "nearest" }): void;
  createTHead(): Shown;
  createTBody(): Shown;
}

interface Drawing {
  readonly canvas: unknown;
  drawImage(image: unknown, x: number, y: number): void;
  createImageData(width: number, height: number): { readonly data: Uint8ClampedArray };
  putImageData(image: unknown, x: number, y: number): void;
}

interface Canvas extends Shown {
  width: number;
  height: number;
  getContext(type: "2d"): Drawing;
}

/** Shown at once; older ones go. */
const MOST = 50;

function create(name: string, attributes: Readonly<Record<string, string>> = {}): Shown {
  const element = web.document!.createElement(name) as Shown;
  for (const [attribute, value] of Object.entries(attributes)) {
    element.setAttribute(attribute, value);
  }
  return element;
}

function add(parent: DisplayElement, child: Shown): void {
  parent.append(child as never);
}

/** As a picture: nothing in it can run. */
function picture(source: string, alt: string): Shown {
  return create("img", { alt, src: source });
}

/** What a drawing says about itself. */
function describe(svg: string): string {
  const texts = ["title", "desc"].map((name) => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(svg)?.[1] ?? "");
  const text = texts.filter((part) => part !== "").join(": ");
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&") || "picture that the program shows";
}

/** Without scripts and without the page's storage: what a program shows may come from anywhere. */
function frame(text: string, dark: boolean): Shown {
  return create("iframe", {
    title: "page that the program shows",
    sandbox: "",
    srcdoc: `<!doctype html><meta charset="utf-8"><style>:root{color-scheme:${dark ? "dark" : "light"};font:14px system-ui,sans-serif}body{margin:8px}</style>${text}`,
  });
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): Shown {
  const element = create("table");
  const addRow = (parent: Shown, cells: readonly string[], kind: "th" | "td"): void => {
    const row = create("tr");
    for (const text of cells) {
      const cell = create(kind);
      cell.textContent = text;
      if (kind === "td" && /^[-+]?[\d.,]+(e[-+]?\d+)?[%x]?$/i.test(text)) {
        cell.className = "number";
      }
      add(row, cell);
    }
    add(parent, row);
  };
  addRow(element.createTHead(), columns, "th");
  const body = element.createTBody();
  for (const row of rows) {
    addRow(body, row, "td");
  }
  return element;
}

/** How a {@link DisplayArea} looks and what it tells. */
export interface DisplayAreaOptions {
  /** Called when something new is shown. */
  readonly onUse?: () => void;
  /** Whether HTML is shown on a dark background. */
  readonly dark?: () => boolean;
}

/** Shows what Python's `display()` gives in an element: each value in a place of its own, which it keeps when it is updated. */
export class DisplayArea {
  readonly #element: DisplayElement;
  readonly #options: DisplayAreaOptions;
  readonly #places = new Map<string, Shown>();
  readonly #canvases = new Map<string, Drawing>();

  constructor(element: DisplayElement, options: DisplayAreaOptions = {}) {
    this.#element = element;
    this.#options = options;
  }

  clear(): void {
    this.#places.clear();
    this.#canvases.clear();
    this.#element.replaceChildren();
  }

  show(message: DisplayMessage): void {
    if ("canvas" in message) {
      this.#row(message.canvas, message.row, message.pixels);
      return;
    }
    let place = this.#places.get(message.display);
    const isNew = place === undefined;
    if (!place) {
      place = create("figure");
      this.#places.set(message.display, place);
      add(this.#element, place);
      for (const [name, oldest] of this.#places) {
        if (this.#places.size <= MOST) {
          break;
        }
        oldest.remove();
        this.#places.delete(name);
      }
    }
    place.replaceChildren(this.#render(message.content) as never);
    if (isNew) {
      this.#options.onUse?.();
      place.scrollIntoView({ block: "nearest" });
    }
  }

  #render(content: DisplayContent): Shown {
    switch (content.type) {
      case "svg":
        return picture(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(content.text)}`, describe(content.text));
      case "png":
        return picture(`data:image/png;base64,${content.text}`, "picture that the program shows");
      case "html":
        return frame(content.text, this.#options.dark?.() ?? false);
      case "text": {
        const text = create("pre");
        text.textContent = content.text;
        return text;
      }
      case "table":
        return table(content.columns, content.rows);
      case "canvas":
        return this.#canvas(content.canvas, content.width, content.height);
    }
  }

  #canvas(name: string, width: number, height: number): Shown {
    const canvas = create("canvas", { role: "img", "aria-label": `picture of ${width} by ${height} pixels` }) as Canvas;
    canvas.width = width;
    canvas.height = height;
    // The same canvas shown twice: the last one is drawn on.
    const before = this.#canvases.get(name);
    const context = canvas.getContext("2d");
    if (before) {
      context.drawImage(before.canvas, 0, 0);
    }
    this.#canvases.set(name, context);
    return canvas;
  }

  #row(name: string, y: number, pixels: Uint8Array): void {
    const context = this.#canvases.get(name);
    if (!context) {
      return;
    }
    const width = Math.floor(pixels.length / 3);
    const image = context.createImageData(width, 1);
    for (let x = 0; x < width; x++) {
      image.data.set(pixels.subarray(3 * x, 3 * x + 3), 4 * x);
      image.data[4 * x + 3] = 255;
    }
    context.putImageData(image, 0, y);
  }
}

/**
 * A sink for `loadWeft({ display })` that shows everything in an element of the page. SVG is shown as a picture and HTML in a frame
 * without scripts.
 */
export function displayIn(element: DisplayElement, options?: DisplayAreaOptions): DisplaySink {
  const area = new DisplayArea(element, options);
  return (message) => {
    area.show(message);
  };
}
