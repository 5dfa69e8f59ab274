import { element } from "./dom.js";
import type { Activity, ThreadSample } from "./protocol.js";

/** Time between two looks at the threads, in milliseconds: each costs the page's thread some, so there are few. */
const INTERVAL = 200;
/** What a timeline shows, in looks. */
const HISTORY = 240;
/** Looks of which a thread's share of a processor is told: five seconds. */
const RECENT = 25;
const HEIGHT = 14;

const TEXT: Readonly<Record<Activity, string>> = {
  running: "running",
  detached: "in C code, detached",
  lock: "waits for a lock",
  sleep: "sleeps",
  read: "waits to read",
  write: "waits to write",
  poll: "waits for files",
  host: "waits for the page",
  stopped: "stopped by the collector",
  world: "stopped by the collector",
  turn: "waits for its turn",
  mutex: "waits for a lock of C code",
  starting: "starts or ends",
};

/** Colours of the style sheet: something computes, something waits, nothing to do. */
const COLOURS: Readonly<Record<Activity, "running" | "waiting" | "blocked" | "idle">> = {
  running: "running",
  detached: "running",
  lock: "waiting",
  sleep: "idle",
  read: "blocked",
  write: "blocked",
  poll: "blocked",
  host: "idle",
  stopped: "waiting",
  world: "waiting",
  turn: "waiting",
  mutex: "waiting",
  starting: "idle",
};

interface Row {
  readonly box: HTMLElement;
  readonly name: HTMLElement;
  readonly dot: HTMLElement;
  readonly state: HTMLElement;
  readonly load: HTMLElement;
  readonly timeline: CanvasRenderingContext2D;
  readonly stack: HTMLElement;
  /** Whether it computed, at the last looks. */
  recent: boolean[];
  open: boolean;
}

/** What the pane asks for. */
export interface ThreadsListener {
  /** Looks at the threads every so many milliseconds; 0 ends that. */
  watch(interval: number): void;
  /** The lines of a thread's Python stack, innermost first. */
  stack(thread: number): Promise<readonly string[]>;
}

/** A live list of Python's threads: what each does, did lately, and where its Python code is. Works while a program hangs. */
export class ThreadsPane {
  readonly #listener: ThreadsListener;
  readonly #list = element("threads");
  readonly #toggle = element("threads-toggle");
  readonly #rows = new Map<number, Row>();
  readonly #names = new Map<number, string>();
  /** The first thread of all is Python's main thread. */
  #main: number | undefined;
  #busy = false;

  constructor(listener: ThreadsListener) {
    this.#listener = listener;
    this.#toggle.addEventListener("click", () => {
      const open = this.#toggle.getAttribute("aria-expanded") !== "true";
      this.#toggle.setAttribute("aria-expanded", String(open));
      this.#list.hidden = !open;
      this.#watch();
    });
  }

  get #open(): boolean {
    return !this.#list.hidden;
  }

  /** Whether a program runs: only then, and only when the pane is open, the threads are looked at. */
  set busy(busy: boolean) {
    this.#busy = busy;
    this.#watch();
  }

  #watch(): void {
    const interval = this.#open ? INTERVAL : this.#busy ? 2 * INTERVAL : 0;
    this.#listener.watch(interval);
    if (interval === 0) {
      // Nobody looks any more: an old count would be wrong.
      this.#count([]);
    }
  }

  /** A thread told its name. */
  name(thread: number, name: string): void {
    this.#names.set(thread, name);
    const row = this.#rows.get(thread);
    if (row) {
      // Another thread in the same place: its predecessor's past is not its own.
      row.name.textContent = name;
      row.recent = [];
      row.timeline.clearRect(0, 0, HISTORY, HEIGHT);
    }
  }

  /** Another interpreter. */
  clear(): void {
    this.#rows.clear();
    this.#names.clear();
    this.#main = undefined;
    this.#list.replaceChildren();
    this.#count([]);
  }

  show(samples: readonly ThreadSample[]): void {
    if (!this.#open && !this.#busy) {
      // On its way when the watch ended.
      return;
    }
    this.#count(samples);
    if (!this.#open) {
      return;
    }
    const alive = new Set(samples.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (!alive.has(id)) {
        row.box.remove();
        this.#rows.delete(id);
      }
    }
    const style = getComputedStyle(this.#list);
    for (const { id, activity, holder } of samples) {
      const row = this.#rows.get(id) ?? this.#add(id);
      const held = activity === "lock" && holder !== undefined ? ` that ${this.#nameOf(holder)} has` : "";
      write(row.state, id === this.#main && activity === "host" ? "waits for something to do" : TEXT[activity] + held);
      const kind = COLOURS[activity];
      row.dot.dataset.kind = kind;
      row.recent = [...row.recent.slice(1 - RECENT), kind === "running"];
      write(row.load, `${Math.round((100 * row.recent.filter(Boolean).length) / row.recent.length)} %`);
      draw(row.timeline, kind, style);
      if (row.open) {
        void this.#showStack(id, row);
      }
    }
  }

  #count(samples: readonly ThreadSample[]): void {
    const working = samples.filter(({ activity }) => COLOURS[activity] === "running").length;
    write(element("threads-count"), samples.length === 0 ? "" : `${samples.length}${working > 0 ? `, ${working} running` : ""}`);
    this.#main ??= samples[0]?.id;
  }

  #nameOf(id: number): string {
    return id === this.#main ? "MainThread" : (this.#names.get(id) ?? `thread ${id.toString(16)}`);
  }

  #add(id: number): Row {
    const make = (tag: string, className: string): HTMLElement => Object.assign(document.createElement(tag), { className });
    const box = make("div", "thread");
    const button = make("button", "") as HTMLButtonElement;
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    const dot = make("i", "");
    const name = make("span", "name");
    name.textContent = this.#nameOf(id);
    const state = make("span", "activity");
    const load = make("span", "load");
    load.title = "Processor time: how much of the last five seconds it computed, by looks at it";
    const timeline = make("canvas", "timeline") as HTMLCanvasElement;
    timeline.width = HISTORY;
    timeline.height = HEIGHT;
    timeline.setAttribute("aria-hidden", "true");
    const stack = make("ol", "stack");
    stack.hidden = true;
    button.append(dot, name, state, load, timeline);
    box.append(button, stack);
    this.#list.append(box);
    const row: Row = { box, name, dot, state, load, timeline: timeline.getContext("2d")!, stack, recent: [], open: false };
    button.addEventListener("click", () => {
      row.open = !row.open;
      row.stack.hidden = !row.open;
      button.setAttribute("aria-expanded", String(row.open));
      if (row.open) {
        void this.#showStack(id, row);
      }
    });
    this.#rows.set(id, row);
    return row;
  }

  async #showStack(id: number, row: Row): Promise<void> {
    const lines = await this.#listener.stack(id);
    const now = lines.length === 0 ? ["no Python code"] : lines;
    if (row.stack.dataset.text !== now.join("\n")) {
      row.stack.dataset.text = now.join("\n");
      row.stack.replaceChildren(...now.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    }
  }
}

/** The browser lays out again what is written, also where it is the same. */
function write(place: HTMLElement, text: string): void {
  if (place.textContent !== text) {
    place.textContent = text;
  }
}

/** Moves a timeline by one look and adds what is seen now. */
function draw(timeline: CanvasRenderingContext2D, kind: string, style: CSSStyleDeclaration): void {
  const height = kind === "idle" ? 2 : kind === "running" ? HEIGHT : HEIGHT / 2;
  timeline.globalCompositeOperation = "copy";
  timeline.drawImage(timeline.canvas, -1, 0);
  timeline.globalCompositeOperation = "source-over";
  timeline.fillStyle = style.getPropertyValue(`--${kind}`);
  timeline.fillRect(HISTORY - 1, (HEIGHT - height) / 2, 1, height);
}
