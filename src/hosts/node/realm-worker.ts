/**
 * Script of every worker realm: sets up the realm's host object, then loads the glue
 * (its URL is the worker's only argument) and starts it; it finds out that it is in a
 * worker and waits for its first thread.
 */
import { NodeRealmHost } from "./realm-host.js";

const glueUrl = process.argv[2];
if (glueUrl === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue as its argument");
}
Object.assign(globalThis, { weftHost: new NodeRealmHost() });
// No top-level await, here and in the glue: V8 aborts the process when a worker is ended
// while it begins such a module. A failure is an unhandled rejection, which ends the worker.
void import(glueUrl).then((glue: { default: () => unknown }) => glue.default());
