import { Copied, Method, NOTHING, OperationError, perform } from "../../../python/js/operation.js";
import { PageService } from "../page-service.js";
import { isPlain, ROOT, type FromPage, type PagePort, type ToPage, type Wire, type WireError } from "./wire.js";

/** The page's side of one connection: carries out what Python does with the page's values. */
class PageServer {
  readonly #port: PagePort;
  readonly #service = new PageService(globalThis);
  /** Values that Python has, and how many references to each are on their way or there. */
  readonly #values = new Map<number, { readonly value: unknown; count: number }>();
  readonly #numbers = new Map<unknown, number>();
  #next = ROOT + 1;
  /** What stands for functions of Python's, and how often each has come: Python may send one again before it hears that it was dropped. */
  readonly #functions = new Map<number, { func: WeakRef<(...values: unknown[]) => void>; count: number }>();
  readonly #dropped = new FinalizationRegistry<number>((id) => {
    const known = this.#functions.get(id);
    if (known && known.func.deref() === undefined) {
      this.#functions.delete(id);
      this.#post({ kind: "drop", id, count: known.count });
    }
  });

  constructor(port: PagePort) {
    this.#port = port;
    this.#values.set(ROOT, { value: this.#service, count: 1 });
    port.onmessage = ({ data }: { readonly data: unknown }) => {
      this.#receive(data as ToPage);
    };
  }

  #post(message: FromPage): void {
    this.#port.postMessage(message);
  }

  #receive(message: ToPage): void {
    if (message.kind === "forget") {
      const kept = this.#values.get(message.id);
      if (kept && (kept.count -= message.count) <= 0) {
        this.#values.delete(message.id);
        this.#numbers.delete(kept.value);
      }
      return;
    }
    const { ask, operation, target, self, values } = message;
    try {
      const result = perform(operation, this.#value(target), this.#decode(self), values.map((value) => this.#decode(value)));
      this.#post({ kind: "answer", ask, value: this.#encode(result) });
    } catch (error) {
      this.#post({ kind: "failed", ask, error: wireError(error) });
    }
  }

  #value(id: number): unknown {
    return this.#values.get(id)!.value;
  }

  #decode(wire: Wire): unknown {
    switch (wire.t) {
      case "value":
        return wire.value;
      case "ref":
        return this.#value(wire.id);
      case "function":
        return this.#function(wire.id);
      case "list":
        return wire.items.map((item) => this.#decode(item));
      case "record":
        return Object.fromEntries(wire.entries.map(([name, value]) => [name, this.#decode(value)]));
      default:
        throw new TypeError(`a page receives no ${wire.t}`);
    }
  }

  #function(id: number): (...values: unknown[]) => void {
    const known = this.#functions.get(id);
    const count = (known?.count ?? 0) + 1;
    let func = known?.func.deref();
    if (known && func) {
      known.count = count;
      return func;
    }
    func = (...values) => {
      this.#post({ kind: "call", id, values: values.map((value) => this.#encode(value)) });
    };
    this.#functions.set(id, { func: new WeakRef(func), count });
    this.#dropped.register(func, id);
    return func;
  }

  #encode(value: unknown): Wire {
    if (value === NOTHING) {
      return { t: "nothing" };
    }
    if (value instanceof Method) {
      return { t: "method", func: this.#encode(value.func), self: this.#encode(value.self) };
    }
    if (value instanceof Copied) {
      return { t: "copied", value: this.#copy(value.value, value.depth), depth: value.depth };
    }
    return (typeof value === "object" && value !== null) || typeof value === "function" || typeof value === "symbol" ? this.#reference(value) : { t: "value", value };
  }

  /** What Python makes containers of goes as such; the rest by reference. */
  #copy(value: unknown, depth: number): Wire {
    if (depth !== 0 && typeof value === "object" && value !== null) {
      if (Array.isArray(value)) {
        return { t: "list", items: value.map((item) => this.#copy(item, depth - 1)) };
      }
      if (isPlain(value)) {
        return { t: "record", entries: Object.entries(value).map(([name, item]) => [name, this.#copy(item, depth - 1)]) };
      }
      if (value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof ArrayBuffer) {
        return { t: "value", value };
      }
    }
    return this.#encode(value);
  }

  #reference(value: unknown): Wire {
    let id = this.#numbers.get(value);
    if (id === undefined) {
      id = this.#next++;
      this.#numbers.set(value, id);
      this.#values.set(id, { value, count: 0 });
    }
    this.#values.get(id)!.count++;
    if (typeof (value as { then?: unknown }).then !== "function") {
      return { t: "ref", id, kind: typeof value === "function" ? "function" : "object" };
    }
    // Each time: Python's realm may have forgotten the promise that it had for it, and make another one.
    this.#report(id, value as PromiseLike<unknown>);
    return { t: "ref", id, kind: "promise" };
  }

  /** Python's realm has a promise of its own for it. */
  #report(id: number, promise: PromiseLike<unknown>): void {
    promise.then(
      (value) => {
        this.#post({ kind: "settled", id, value: this.#encode(value) });
      },
      (error: unknown) => {
        this.#post({ kind: "rejected", id, error: wireError(error) });
      },
    );
  }

  end(): void {
    this.#service.end();
    this.#port.onmessage = null;
    this.#port.close();
    this.#values.clear();
    this.#numbers.clear();
  }
}

function wireError(error: unknown): WireError {
  if (error instanceof OperationError) {
    // Objects may be ones that cannot be copied, and the asking thread must have an answer.
    return { python: error.typeName, argument: typeof error.argument === "object" ? String(error.argument) : error.argument };
  }
  return error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : { name: "Error", message: String(error), stack: undefined };
}

/**
 * Lets Python that was loaded in a worker of this page use the page: the other end of the port is what the worker gives to
 * `loadWeft({ page })`. Python then reaches everything that scripts of this page reach.
 * @returns ends that, and takes Python's listeners away: to be called when the worker is ended.
 */
export function servePage(port: PagePort): () => void {
  const server = new PageServer(port);
  return () => {
    server.end();
  };
}
