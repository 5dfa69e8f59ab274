/**
 * Script of every worker realm: sets up what the realm's imports need, then loads the glue (its URL
 * is the worker's first argument, the realm's number the second, whether Python may use JavaScript the third) and
 * starts it; it finds out that it is in a worker and waits for its first thread.
 */
import { parentPort } from "node:worker_threads";
import { prepareRealm } from "../shared/realm-body.js";
import { importNow } from "./import-now.js";
import { NodeRealmHost } from "./realm-host.js";

const [, , glueUrl, id, javascript] = process.argv;
if (glueUrl === undefined || id === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue and a number as its arguments");
}
prepareRealm({
  id: Number(id),
  javascript: javascript === "true",
  realmHost: new NodeRealmHost(glueUrl),
  importNow,
  listen: (onMessage) => {
    parentPort!.on("message", onMessage);
  },
});

// No top-level await, here and in the glue: V8 aborts the process when a worker is ended
// while it begins such a module. A failure is an unhandled rejection, which ends the worker.
void import(glueUrl).then((glue: { default: () => unknown }) => glue.default());
