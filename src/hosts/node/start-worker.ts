import { Worker } from "node:worker_threads";
import type { StartWorker } from "../shared/realm-workers.js";
import { WORKER_STACK_MIB } from "./limits.js";

/** The script of every worker realm, in the package's folder. */
export const REALM_WORKER = new URL("../realm-worker.js", import.meta.url);

/** What a realm loads of the package, when it needs it. */
const REALM_BODY = new URL("../realm-body.js", import.meta.url);

/** Starts worker realms that load the glue from a URL, and whose JavaScript Python may use or not. */
export function nodeWorkers(glueUrl: string, javascript = true, script = REALM_WORKER): StartWorker<Worker> {
  return (realm, onError) => {
    const worker = new Worker(script, {
      // The glue looks for exactly this to know that it is in a worker.
      workerData: "em-pthread",
      argv: [glueUrl, String(realm), javascript ? REALM_BODY.href : ""],
      // Python's objects are not V8's: where no JavaScript runs, two MB for young ones save each thread half a MB.
      resourceLimits: { stackSizeMb: WORKER_STACK_MIB, ...(javascript ? {} : { maxYoungGenerationSizeMb: 2 }) },
      // A worker inherits the options of the command line, and with `node --input-type=module -e` Node would refuse
      // its script. It refuses most other options when they are passed explicitly: so none are.
      ...(process.execArgv.some((option) => option.startsWith("--input-type")) ? { execArgv: [] } : {}),
    });
    // From the beginning: before the glue has the worker, nobody else hears of its failure.
    worker.on("error", onError);
    // The glue installs a handler that throws in this realm.
    Object.defineProperty(worker, "onerror", { get: () => () => undefined, set: () => undefined });
    return worker;
  };
}
