/** How a listener wants its events; wasm/library/weft/page.py has the same names. */
interface ListenOptions {
  readonly preventDefault: boolean;
  readonly stopPropagation: boolean;
  readonly once: boolean;
  readonly capture: boolean;
  readonly passive?: boolean;
  /** Only the newest event waits. */
  readonly latest: boolean;
}

/**
 * Events on their way from elements to one thread of Python's, which takes all that have come whenever it is free.
 * Only the page's thread uses it.
 */
export class EventQueue {
  /** Numbers of listeners and their events. */
  #waiting: { readonly id: number; event: unknown }[] = [];
  readonly #stops = new Map<number, () => void>();
  #wanted: ((batch: unknown[] | null) => void) | undefined;
  #closed = false;
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  /** `id` is new. */
  listen(id: number, target: EventTarget, type: string, options: ListenOptions): void {
    const { preventDefault, stopPropagation, once, latest, ...rest } = options;
    if (typeof (target as Partial<EventTarget> | null)?.addEventListener !== "function") {
      throw new TypeError(`events come from elements and other targets of events, and ${String(target)} is none`);
    }
    const receive = (event: Event): void => {
      if (preventDefault) {
        event.preventDefault();
      }
      if (stopPropagation) {
        event.stopPropagation();
      }
      const before = latest ? this.#waiting.find((one) => one.id === id) : undefined;
      if (before) {
        before.event = event;
      } else {
        this.#waiting.push({ id, event });
      }
      this.#deliver();
    };
    target.addEventListener(type, receive, { once, ...rest });
    this.#stops.set(id, () => {
      target.removeEventListener(type, receive, { capture: options.capture });
    });
  }

  unlisten(id: number): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
    this.#waiting = this.#waiting.filter((one) => one.id !== id);
  }

  /** Numbers and events in turn, at least one of each; `null` when the queue is closed. For one caller at a time. */
  next(): Promise<unknown[] | null> {
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#wanted && (this.#closed || this.#waiting.length > 0)) {
      this.#wanted(this.#closed ? null : this.#waiting.flatMap(({ id, event }) => [id, event]));
      this.#waiting = [];
      this.#wanted = undefined;
    }
  }

  /** Nothing is listened to any more. */
  close(): void {
    this.#stops.forEach((stop) => {
      stop();
    });
    this.#stops.clear();
    this.#waiting = [];
    this.#closed = true;
    this.#deliver();
    this.#onClose();
  }
}

/** What Python's `weft.page` is made of: a window, and events for Python's threads. */
export class PageService {
  readonly window: unknown;
  readonly #queues = new Set<EventQueue>();

  constructor(window: unknown) {
    this.window = window;
  }

  events(): EventQueue {
    const queue: EventQueue = new EventQueue(() => this.#queues.delete(queue));
    this.#queues.add(queue);
    return queue;
  }

  /** Python has ended: takes its listeners away. */
  end(): void {
    this.#queues.forEach((queue) => {
      queue.close();
    });
  }
}
