import type { RealmWorker } from "./platform.js";

/** Starts a platform's worker. `onError` hears of what the realm did not catch. */
export type StartWorker<W extends RealmWorker> = (realm: number, onError: (error: unknown) => void) => W;

/** A program's worker realms, and one ahead of the first demand. */
export class RealmWorkers<W extends RealmWorker = RealmWorker> {
  readonly #start: StartWorker<W>;
  readonly #live = new Set<W>();
  /** 1 is the host realm. */
  #nextRealm = 2;
  #spare: W | undefined;
  /** What the spare's failures are told to: kept until somebody takes it. */
  #spareFailed: (error: unknown) => void = (error) => {
    this.#spareFailure ??= { error };
  };
  #spareFailure: { readonly error: unknown } | undefined;

  constructor(start: StartWorker<W>) {
    this.#start = start;
    // Starting a worker takes as long as compiling the module: both at once.
    this.#spare = this.#make((error) => {
      this.#spareFailed(error);
    });
    // If loading fails nobody takes it, and it shall not keep the process.
    this.#spare.unref?.();
  }

  /** The number of another realm, which somebody else starts. */
  nextRealm(): number {
    return this.#nextRealm++;
  }

  #make(onError: (error: unknown) => void): W {
    const worker = this.#start(this.#nextRealm++, onError);
    this.#live.add(worker);
    return worker;
  }

  /** A worker that loads the glue. `onError` hears of what the realm did not catch. */
  create(onError: (error: unknown) => void): W {
    const spare = this.#spare;
    if (spare) {
      this.#spare = undefined;
      spare.ref?.();
      this.#spareFailed = onError;
      const failure = this.#spareFailure;
      if (failure) {
        queueMicrotask(() => {
          onError(failure.error);
        });
      }
      return spare;
    }
    return this.#make(onError);
  }

  /** Ends a worker that no thread runs in. */
  end(worker: W): void {
    this.#live.delete(worker);
    worker.terminate();
  }

  /** Ends all of them, whatever they do. */
  async endAll(): Promise<void> {
    const workers = [...this.#live];
    this.#live.clear();
    this.#spare = undefined;
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
