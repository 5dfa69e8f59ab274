import { Worker } from "node:worker_threads";

/** Engine stack of a worker realm, in MiB: what the recursion limit was measured with. */
const STACK_MIB = 64;

/** Makes a program's worker realms, and one ahead of the first demand. */
export class RealmWorkers {
  readonly #glueUrl: string;
  /** 1 is the host realm. */
  #nextRealm = 2;
  #spare: Worker | undefined;
  #spareFailed: (error: unknown) => void = () => undefined;

  constructor(glueUrl: string) {
    this.#glueUrl = glueUrl;
    // Starting a worker takes as long as compiling the module: both at once.
    this.#spare = this.#start((error) => {
      this.#spareFailed(error);
    });
    // If loading fails nobody takes it, and it shall not keep the process.
    this.#spare.unref();
  }

  /** A worker that loads the glue. `onError` hears of what the realm did not catch. */
  create(onError: (error: unknown) => void): Worker {
    const spare = this.#spare;
    if (spare) {
      this.#spare = undefined;
      spare.ref();
      this.#spareFailed = onError;
      return spare;
    }
    return this.#start(onError);
  }

  #start(onError: (error: unknown) => void): Worker {
    const worker = new Worker(new URL("../realm-worker.js", import.meta.url), {
      // The glue looks for exactly this to know that it is in a worker.
      workerData: "em-pthread",
      argv: [this.#glueUrl, String(this.#nextRealm++)],
      resourceLimits: { stackSizeMb: STACK_MIB },
      // A worker inherits the options of the command line, and with `node --input-type=module -e` Node would refuse
      // its script. It refuses most other options when they are passed explicitly: so none are.
      ...(process.execArgv.some((option) => option.startsWith("--input-type")) ? { execArgv: [] } : {}),
    });
    // The glue installs a handler that throws in this realm; the guest's end reports it.
    Object.defineProperty(worker, "onerror", { get: () => onError, set: () => undefined });
    return worker;
  }
}
