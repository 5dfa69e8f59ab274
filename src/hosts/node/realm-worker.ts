/**
 * Script of every worker realm: sets up what the realm's imports need, then loads the glue (its URL
 * is the worker's first argument, the realm's number the second, whether Python may use JavaScript the third) and
 * starts it; it finds out that it is in a worker and waits for its first thread.
 */
import { parentPort } from "node:worker_threads";
import { ClosedBinding } from "../../python/closed-binding.js";
import { keepMessages } from "../shared/early-messages.js";
import { NodeRealmHost } from "./realm-host.js";

const [, , glueUrl, id, javascript] = process.argv;
if (glueUrl === undefined || id === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue and a number as its arguments");
}

async function start(url: string, realm: number): Promise<void> {
  // Node and Bun keep them by themselves.
  const deliver = "Deno" in globalThis ? keepMessages(globalThis as unknown as EventTarget) : () => undefined;
  const glue = import(url) as Promise<{ default: () => unknown }>;
  const realmHost = new NodeRealmHost(url);
  if (javascript === "true") {
    // Most of a realm's code, and of the time that it takes to load: programs do without.
    const [{ prepareRealm }, { importNow }] = await Promise.all([import("../shared/realm-body.js"), import("./import-now.js")]);
    prepareRealm({
      id: realm,
      realmHost,
      importNow,
      listen: (onMessage) => {
        parentPort!.on("message", onMessage);
        deliver();
      },
    });
  } else {
    const binding = new ClosedBinding(realm);
    binding.listen = deliver;
    Object.assign(globalThis, { weftHost: realmHost, weftPython: binding });
  }
  (await glue).default();
}

// No top-level await, here and in the glue: V8 aborts the process when a worker is ended
// while it begins such a module. A failure is an unhandled rejection, which ends the worker.
void start(glueUrl, Number(id));
