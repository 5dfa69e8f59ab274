/**
 * Script of every worker realm: sets up the realm's host object, then loads the glue
 * (its URL is the worker's only argument), which finds out that it is in a worker and
 * waits for its first thread.
 */
import { NodeRealmHost } from "./realm-host.js";

const glueUrl = process.argv[2];
if (glueUrl === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue as its argument");
}
Object.assign(globalThis, { weftHost: new NodeRealmHost() });
await import(glueUrl);
