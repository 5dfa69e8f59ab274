import type { DisplayContent, DisplayMessage } from "./protocol.js";

/** Shown at once; older ones go. */
const MOST = 50;

/** What `display()` shows: each value in a place of its own, which it keeps when it is updated. */
export class DisplayPane {
  readonly #element: HTMLElement;
  readonly #places = new Map<string, HTMLElement>();
  readonly #canvases = new Map<string, CanvasRenderingContext2D>();
  readonly #onUse: () => void;

  constructor(element: HTMLElement, onUse: () => void) {
    this.#element = element;
    this.#onUse = onUse;
  }

  clear(): void {
    this.#places.clear();
    this.#canvases.clear();
    this.#element.replaceChildren();
  }

  show(message: DisplayMessage): void {
    if ("canvas" in message) {
      this.#row(message.canvas, message.row, message.pixels);
    } else if ("display" in message) {
      let place = this.#places.get(message.display);
      if (!place) {
        place = document.createElement("figure");
        this.#places.set(message.display, place);
        this.#element.append(place);
        for (const [name, oldest] of this.#places) {
          if (this.#places.size <= MOST) {
            break;
          }
          oldest.remove();
          this.#places.delete(name);
        }
        this.#onUse();
        place.scrollIntoView({ block: "nearest" });
      }
      place.replaceChildren(this.#render(message.content));
    }
  }

  #render(content: DisplayContent): HTMLElement {
    switch (content.type) {
      case "svg":
        // As a picture: nothing in it can run.
        return picture(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(content.text)}`);
      case "png":
        return picture(`data:image/png;base64,${content.text}`);
      case "html":
        return frame(content.text);
      case "text":
        return Object.assign(document.createElement("pre"), { textContent: content.text });
      case "table":
        return table(content.columns, content.rows);
      case "canvas": {
        const canvas = document.createElement("canvas");
        canvas.width = content.width;
        canvas.height = content.height;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `picture of ${content.width} by ${content.height} pixels`);
        // The same canvas shown twice: the last one is drawn on.
        const before = this.#canvases.get(content.canvas);
        const context = canvas.getContext("2d")!;
        if (before) {
          context.drawImage(before.canvas, 0, 0);
        }
        this.#canvases.set(content.canvas, context);
        return canvas;
      }
    }
  }

  #row(name: string, y: number, pixels: string): void {
    const context = this.#canvases.get(name);
    if (!context) {
      return;
    }
    const data = atob(pixels);
    const width = Math.floor(data.length / 3);
    const image = context.createImageData(width, 1);
    for (let x = 0; x < width; x++) {
      image.data[4 * x] = data.charCodeAt(3 * x);
      image.data[4 * x + 1] = data.charCodeAt(3 * x + 1);
      image.data[4 * x + 2] = data.charCodeAt(3 * x + 2);
      image.data[4 * x + 3] = 255;
    }
    context.putImageData(image, 0, y);
  }
}

function picture(source: string): HTMLElement {
  const image = new Image();
  image.alt = "picture that the program shows";
  image.src = source;
  return image;
}

/** Without scripts and without the page's storage: programs come by links, too. */
function frame(text: string): HTMLElement {
  const element = document.createElement("iframe");
  element.title = "page that the program shows";
  element.setAttribute("sandbox", "");
  const dark = document.documentElement.dataset.theme === "dark";
  element.srcdoc = `<!doctype html><meta charset="utf-8"><style>:root{color-scheme:${dark ? "dark" : "light"};font:14px system-ui,sans-serif}body{margin:8px}</style>${text}`;
  return element;
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const element = document.createElement("table");
  const add = (parent: HTMLElement, cells: readonly string[], kind: "th" | "td"): void => {
    const row = document.createElement("tr");
    for (const text of cells) {
      const cell = document.createElement(kind);
      cell.textContent = text;
      if (kind === "td" && /^[-+]?[\d.,]+(e[-+]?\d+)?[%x]?$/i.test(text)) {
        cell.className = "number";
      }
      row.append(cell);
    }
    parent.append(row);
  };
  add(element.createTHead(), columns, "th");
  const body = element.createTBody();
  for (const row of rows) {
    add(body, row, "td");
  }
  return element;
}
