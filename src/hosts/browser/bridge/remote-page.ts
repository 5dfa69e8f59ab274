import { isKept } from "../../../python/js/callable.js";
import { Copied, Method, NOTHING, OperationError } from "../../../python/js/operation.js";
import { Boxed, remoteOf, setRemote, type Remote } from "../../../python/js/remote.js";
import { isPlain, ROOT, type FromPage, type PagePort, type ToPage, type Wire, type WireError } from "./wire.js";

/** A value of the page's. */
class PageValue implements Remote {
  constructor(
    readonly id: number,
    readonly connection: RemotePage,
  ) {}

  perform(operation: number, self: unknown, values: readonly unknown[]): Promise<Boxed> {
    return this.connection.ask(this.id, operation, self, values);
  }
}

interface Settling {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What stands for a remote function: only Python's realm asks the page to call it. */
function placeholder(kind: "object" | "function"): object {
  return kind === "object"
    ? {}
    : () => {
        throw new TypeError("this function is the page's: only Python's threads can call it");
      };
}

/**
 * The page's values for Python in a worker of the page (see servePage). Placeholders stand for them in this realm; whatever a Python
 * thread does with one is sent to the page, and only that thread waits for the answer.
 */
export class RemotePage {
  /** Stands for the page's `PageService`. */
  readonly root: object;
  readonly #port: PagePort;
  readonly #asked = new Map<number, Settling>();
  #next = 1;
  /** Placeholders and promises by their numbers, and how often each number has come. */
  readonly #known = new Map<number, { readonly value: WeakRef<object>; count: number }>();
  readonly #promises = new Map<number, Settling>();
  /** Functions that the page has, and how often each was sent. */
  readonly #functions = new Map<number, { readonly func: (...values: unknown[]) => unknown; count: number }>();
  readonly #functionNumbers = new Map<unknown, number>();
  #nextFunction = 1;
  readonly #gone = new FinalizationRegistry<number>((id) => {
    const known = this.#known.get(id);
    // The same value may have come again meanwhile, and have another placeholder.
    if (known && known.value.deref() === undefined) {
      this.#known.delete(id);
      this.#post({ kind: "forget", id, count: known.count });
    }
  });

  constructor(port: PagePort) {
    this.#port = port;
    port.onmessage = ({ data }: { readonly data: unknown }) => {
      this.#receive(data as FromPage);
    };
    this.root = this.#placeholder(ROOT, "object");
  }

  #post(message: ToPage): void {
    this.#port.postMessage(message);
  }

  /** Asks the page to do something with a value. Rejects when it throws there. */
  ask(target: number, operation: number, self: unknown, values: readonly unknown[]): Promise<Boxed> {
    return new Promise<unknown>((resolve, reject) => {
      const ask = this.#next++;
      this.#asked.set(ask, { resolve, reject });
      try {
        this.#post({ kind: "ask", ask, operation, target, self: this.#encode(self), values: values.map((value) => this.#encode(value)) });
      } catch (error) {
        // A value that cannot be copied.
        this.#asked.delete(ask);
        throw error;
      }
    }) as Promise<Boxed>;
  }

  #receive(message: FromPage): void {
    switch (message.kind) {
      case "answer":
      case "failed": {
        const asked = this.#asked.get(message.ask);
        this.#asked.delete(message.ask);
        if (message.kind === "answer") {
          asked?.resolve(new Boxed(this.#decode(message.value)));
        } else {
          asked?.reject(errorOf(message.error));
        }
        return;
      }
      case "settled": {
        // Also where nobody waits any more: what came with it is then let go of.
        const value = this.#decode(message.value);
        this.#promises.get(message.id)?.resolve(value);
        this.#promises.delete(message.id);
        return;
      }
      case "rejected":
        this.#promises.get(message.id)?.reject(errorOf(message.error));
        this.#promises.delete(message.id);
        return;
      case "call": {
        const values = message.values.map((value) => this.#decode(value));
        this.#functions.get(message.id)?.func(...values);
        return;
      }
      case "drop": {
        const known = this.#functions.get(message.id);
        // It may have been sent again meanwhile.
        if (known && (known.count -= message.count) <= 0) {
          this.#functionNumbers.delete(known.func);
          this.#functions.delete(message.id);
        }
        return;
      }
    }
  }

  #encode(value: unknown): Wire {
    const remote = remoteOf(value);
    if (remote instanceof PageValue && remote.connection === this) {
      return { t: "ref", id: remote.id, kind: "object" };
    }
    if (typeof value === "function") {
      if (!isKept(value)) {
        throw new OperationError("TypeError", "the page does not wait for Python: it takes functions that weft.create_proxy() made, which it calls later");
      }
      let id = this.#functionNumbers.get(value);
      if (id === undefined) {
        id = this.#nextFunction++;
        this.#functionNumbers.set(value, id);
        this.#functions.set(id, { func: value as (...values: unknown[]) => unknown, count: 0 });
      }
      this.#functions.get(id)!.count++;
      return { t: "function", id };
    }
    if (Array.isArray(value)) {
      return { t: "list", items: value.map((item) => this.#encode(item)) };
    }
    if (typeof value === "object" && value !== null && isPlain(value)) {
      return { t: "record", entries: Object.entries(value).map(([name, item]) => [name, this.#encode(item)]) };
    }
    return { t: "value", value };
  }

  #decode(wire: Wire): unknown {
    switch (wire.t) {
      case "value":
        return wire.value;
      case "ref":
        return this.#reference(wire.id, wire.kind);
      case "list":
        return wire.items.map((item) => this.#decode(item));
      case "record":
        return Object.fromEntries(wire.entries.map(([name, value]) => [name, this.#decode(value)]));
      case "method":
        return new Method(this.#decode(wire.func) as (...values: never[]) => unknown, this.#decode(wire.self));
      case "copied":
        return new Copied(this.#decode(wire.value), wire.depth);
      case "nothing":
        return NOTHING;
      case "function":
        throw new TypeError("a page sends no function of Python's");
    }
  }

  #reference(id: number, kind: "object" | "function" | "promise"): object {
    const known = this.#known.get(id);
    const value = known?.value.deref();
    if (value) {
      known!.count++;
      return value;
    }
    const made = kind === "promise" ? this.#promise(id) : this.#placeholder(id, kind);
    this.#remember(id, made, (known?.count ?? 0) + 1);
    return made;
  }

  #remember(id: number, value: object, count: number): void {
    this.#known.set(id, { value: new WeakRef(value), count });
    this.#gone.register(value, id);
  }

  #placeholder(id: number, kind: "object" | "function"): object {
    const value = placeholder(kind);
    setRemote(value, new PageValue(id, this));
    return value;
  }

  /** A promise of this realm, which Python's threads can wait for. */
  #promise(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#promises.set(id, { resolve, reject });
    });
  }
}

function errorOf(error: WireError): Error {
  return "python" in error ? new OperationError(error.python, error.argument) : Object.assign(new Error(error.message), { name: error.name, ...(error.stack === undefined ? {} : { stack: error.stack }) });
}
