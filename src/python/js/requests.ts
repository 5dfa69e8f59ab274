import type { Address } from "../../abi/functions.js";
import { offsetOf } from "../../abi/layout.js";
import { WouldBlockError } from "../can-block.js";
import { AttachError } from "../lifecycle.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { begin, exceptionOf, type Asked, type Operation } from "./call.js";
import { Later } from "./operation.js";

/** Milliseconds for which proxies that die are collected before the host realm forgets their values. */
const RELEASE_DELAY = 20;

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * The host realm's side of what threads of other realms ask for (wasm/python/js_request.c). Used from its
 * event loop. While JavaScript's code runs the thread is detached: however long it takes, nobody waits for it but
 * the thread that asked.
 */
export class HostRequests {
  readonly #realm: Realm;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  /** A request has come. Never throws. */
  onRequest(request: Address): void {
    const realm = this.#realm;
    if (realm.abandoned) {
      return;
    }
    if (realm.busy) {
      // A page's thread handles events also while it waits for a lock: below that nothing of Python's can be called.
      setTimeout(() => {
        this.onRequest(request);
      }, 0);
      return;
    }
    if (realm.functions.weft_request_begin(request) !== 0) {
      this.#run(request);
    }
  }

  #run(request: Address): void {
    let operation: Operation | undefined;
    let outcome: Outcome | undefined;
    let answered = false;
    try {
      this.#realm.attach(() => {
        const py = new Python(this.#realm);
        try {
          operation = begin(py, this.#read(request));
        } catch (error) {
          outcome = { error };
        }
        if (operation?.attached === true) {
          // Its outcome may be an object of this very scope.
          this.#finish(py, request, operation, this.#perform(operation));
          answered = true;
        }
      });
    } catch (error) {
      this.#failed(request, error, () => {
        this.#run(request);
      });
      return;
    }
    if (answered) {
      return;
    }
    outcome ??= this.#perform(operation!);
    if ("value" in outcome && outcome.value instanceof Later) {
      this.#later(request, operation!, outcome.value);
    } else {
      this.#answer(request, operation, outcome);
    }
  }

  #read(request: Address): Asked {
    const { memory } = this.#realm;
    const word = (field: "operation" | "id" | "self" | "count" | "names" | "arguments"): number => memory.word(request + offsetOf("weft_request", field));
    return { operation: word("operation"), id: word("id"), self: word("self"), values: word("arguments"), count: word("count"), names: word("names") };
  }

  #perform(operation: Operation): Outcome {
    try {
      return { value: this.#realm.calling(() => operation.perform()) };
    } catch (error) {
      return { error };
    }
  }

  #later(request: Address, operation: Operation, { promise }: Later): void {
    const settled = (outcome: Outcome): void => {
      if (!this.#realm.abandoned) {
        this.#answer(request, operation, outcome);
      }
    };
    try {
      promise.then(
        (value) => {
          settled({ value });
        },
        (error: unknown) => {
          settled({ error });
        },
      );
    } catch (error) {
      settled({ error });
    }
  }

  #answer(request: Address, operation: Operation | undefined, outcome: Outcome): void {
    try {
      this.#realm.attach(() => {
        this.#finish(new Python(this.#realm), request, operation, outcome);
      });
    } catch (error) {
      this.#failed(request, error, () => {
        this.#answer(request, operation, outcome);
      });
    }
  }

  #finish(py: Python, request: Address, operation: Operation | undefined, outcome: Outcome): void {
    let result: Address = 0;
    let raised: Address = 0;
    try {
      if ("error" in outcome) {
        throw outcome.error;
      }
      result = operation!.finish(py, outcome.value);
    } catch (error) {
      raised = exceptionOf(py, error);
    }
    operation?.end();
    this.#realm.functions.weft_request_end(request, result, raised);
  }

  /** Attaching was not possible. */
  #failed(request: Address, error: unknown, again: () => void): void {
    if (this.#realm.abandoned) {
      return;
    }
    if (error instanceof WouldBlockError) {
      setTimeout(again, 0);
    } else if (error instanceof AttachError) {
      this.#realm.functions.weft_request_refuse(request);
    } else {
      throw error;
    }
  }

  /** Python has let go of values: they are forgotten soon, many at once. */
  onReleased(): void {
    const timer: unknown = setTimeout(() => {
      if (!this.#realm.abandoned) {
        this.#realm.functions.weft_js_release_begin();
        this.#realm.forgetReleased();
      }
    }, RELEASE_DELAY);
    // Only Node's timers have this: the process need not wait for it.
    (timer as { unref?(): void }).unref?.();
  }
}
