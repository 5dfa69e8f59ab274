import type { PyAny } from "../../python/any.js";
import type { RealmBinding } from "../../python/binding.js";
import { PanicError } from "../../python/errors.js";
import { receive, release, sendAll, type Moved } from "../../python/message.js";
import type { Py } from "../../python/py.js";
import type { HostWeft, ThreadHandle } from "../../python/weft.js";
import type { Guest } from "../../runtime/guest.js";
import type { HostPlatform, RealmPort, RealmWorker } from "./platform.js";
import type { SpawnCancel, SpawnEnd, SpawnReady, SpawnRequest } from "./realm-messages.js";

interface Spawning {
  readonly worker: RealmWorker;
  readonly port: RealmPort;
  /** See {@link SpawnRequest}. */
  readonly posted: Int32Array;
  /** References in the request, until the thread has them. */
  moved: Moved[];
  /** Settles the handle. Known before the thread has left, see {@link HostThreads.gone}. */
  outcome: (() => void) | undefined;
  started: boolean;
  /** Called when the handle has settled. */
  settled: () => void;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The threads that a program's host realm has spawned. */
export class HostThreads {
  readonly #guest: Guest;
  readonly #binding: RealmBinding;
  readonly #weft: () => HostWeft;
  readonly #channel: HostPlatform["channel"];
  readonly #spawning = new Map<number, Spawning>();
  #next = 1;
  #over: Error | undefined;

  constructor(guest: Guest, binding: RealmBinding, weft: () => HostWeft, channel: HostPlatform["channel"]) {
    this.#guest = guest;
    this.#binding = binding;
    this.#weft = weft;
    this.#channel = channel;
  }

  /** See {@link HostWeft.spawn}. Failures of every kind are reported by the handle. */
  spawn(url: string, name: string, values: readonly unknown[]): ThreadHandle {
    const { promise, resolve, reject } = withResolvers();
    const join = (): Promise<unknown> => promise;
    // Whoever does not join does not want to know.
    promise.catch(() => undefined);
    if (this.#over) {
      reject(this.#over);
      return { join };
    }
    const id = this.#next++;
    const moved: Moved[] = [];
    let sent: unknown[];
    try {
      sent = values.map((value) => sendAll(value, moved));
    } catch (error) {
      release(this.#binding.realm, moved);
      reject(error);
      return { join };
    }
    const worker = this.#guest.takeWorker() as RealmWorker;
    const [port, theirs] = this.#channel();
    const posted = new Int32Array(new SharedArrayBuffer(4));
    const one: Spawning = { worker, port, posted, moved, outcome: undefined, started: false, settled: () => undefined, resolve, reject };
    this.#spawning.set(id, one);
    port.onmessage = ({ data }) => {
      this.#onReady(id, one, data as SpawnReady);
    };
    // Messages that were sent before it come first: without an outcome there will be none. Where the platform
    // does not tell (Firefox), a worker that ends by itself stays unnoticed; one that fails does not.
    port.addEventListener("close", () => {
      if (!one.outcome) {
        this.#settle(id, one, () => {
          reject(new Error(`the worker of ${name} in ${url} ended before the thread did`));
        });
      }
    });
    const request: SpawnRequest = { weftSpawn: { id, url, name, values: sent, port: theirs, posted } };
    try {
      worker.postMessage(request, [theirs]);
    } catch (error) {
      // A value that cannot be copied.
      this.#guest.module.weftUseWorker(worker);
      this.#settle(id, one, () => {
        reject(error);
      });
    }
    return { join };
  }

  /** The module is imported, or could not be. */
  #onReady(id: number, one: Spawning, message: SpawnReady): void {
    if (!message.ready) {
      this.#guest.module.weftUseWorker(one.worker);
      this.#settle(id, one, () => {
        one.reject(message.error);
      });
      return;
    }
    one.port.onmessage = ({ data }) => {
      this.#onEnd(id, one, data as SpawnEnd);
    };
    const failed = this.#guest.spawnThread(one.worker, id);
    if (failed === 0) {
      one.started = true;
      // The thread receives them from here on.
      one.moved = [];
      return;
    }
    const cancel: SpawnCancel = { weftCancel: id };
    one.worker.postMessage(cancel);
    this.#settle(id, one, () => {
      one.reject(new RangeError(`cannot start a thread: the limit of threads is reached (guest errno ${failed})`));
    });
  }

  /** The function has ended; its thread is about to. */
  #onEnd(id: number, one: Spawning, end: SpawnEnd): void {
    const { realm } = this.#binding;
    if ("result" in end) {
      const result = receive(realm, end.result);
      one.outcome = () => {
        one.resolve(result);
      };
    } else if ("panic" in end) {
      const panic = new PanicError(end.panic, end.cause === undefined ? undefined : { cause: end.cause });
      if (end.stack !== undefined) {
        // Where the thread was.
        panic.stack = end.stack;
      }
      one.outcome = () => {
        one.reject(panic);
      };
    } else if ("error" in end) {
      one.outcome = () => {
        one.reject(end.error);
      };
    } else {
      const exception = receive(realm, end.exception) as Py<PyAny>;
      one.outcome = () => {
        try {
          one.reject(this.#weft().attach((py) => py.errorFrom(exception.intoBound(py))));
        } catch (error) {
          one.reject(error);
        }
      };
    }
    if (!one.started || this.#over) {
      this.#settle(id, one, one.outcome);
    }
  }

  /**
   * A thread has left the worker and has given its place back. Handles settle only now, so that whoever
   * has joined a thread can start another one at the limit. Its last message comes by another way
   * than this news, and may be later.
   */
  gone(worker: RealmWorker): void {
    for (const [id, one] of this.#spawning) {
      if (one.worker === worker && one.started) {
        one.started = false;
        if (one.outcome) {
          this.#settle(id, one, one.outcome);
        } else if (Atomics.load(one.posted, 0) === 0) {
          this.#settle(id, one, () => {
            one.reject(new Error("the thread ended without a result"));
          });
        }
        return;
      }
    }
  }

  /**
   * No thread will end any more. What was posted by now counts: settles when all of it has come. The
   * workers must not be ended before.
   */
  async end(error: Error): Promise<void> {
    this.#over = error;
    const coming: Promise<void>[] = [];
    for (const [id, one] of [...this.#spawning]) {
      if (!one.outcome && Atomics.load(one.posted, 0) === 1) {
        coming.push(
          new Promise((resolve) => {
            one.settled = resolve;
          }),
        );
      } else {
        this.#settle(id, one, one.outcome ?? (() => {
          one.reject(error);
        }));
      }
    }
    await Promise.all(coming);
  }

  #settle(id: number, one: Spawning, settle: () => void): void {
    if (!this.#spawning.delete(id)) {
      return;
    }
    one.outcome = settle;
    release(this.#binding.realm, one.moved);
    one.moved = [];
    one.port.close();
    settle();
    one.settled();
  }
}

function withResolvers(): { promise: Promise<unknown>; resolve(value: unknown): void; reject(error: unknown): void } {
  let resolve!: (value: unknown) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
