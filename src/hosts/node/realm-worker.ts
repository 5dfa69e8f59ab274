/**
 * Script of every worker realm: sets up what the realm's imports need, then loads the glue (its URL
 * is the worker's first argument, the realm's number the second, the URL of the package the third, or nothing where Python may not use
 * JavaScript) and starts it; it finds out that it is in a worker and waits for its first thread.
 */
import { parentPort } from "node:worker_threads";
import { ClosedBinding } from "../../python/closed-binding.js";
import { keepMessages } from "../shared/early-messages.js";
import { lateRealm, type LatePackage, type RealmPackage } from "../shared/late-realm.js";
import { importNow } from "./import-now.js";
import { NodeRealmHost } from "./realm-host.js";

const [, , glueUrl, id, packageUrl] = process.argv;
if (glueUrl === undefined || id === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue and a number as its arguments");
}

/** Where modules cannot be loaded later without waiting, all of it is loaded now. */
async function latePackage(url: string): Promise<LatePackage> {
  const soon = (): Promise<RealmPackage> => import(url) as Promise<RealmPackage>;
  if ((process.features as { require_module?: boolean }).require_module === true) {
    return { now: () => importNow(url) as unknown as RealmPackage, soon };
  }
  const loaded = await soon();
  return { now: () => loaded, soon };
}

async function start(url: string, realm: number): Promise<void> {
  // Node and Bun keep them by themselves.
  const deliver = "Deno" in globalThis ? keepMessages(globalThis as unknown as EventTarget) : () => undefined;
  const glue = import(url) as Promise<{ default: () => unknown }>;
  const realmHost = new NodeRealmHost(url);
  if (packageUrl) {
    const { binding, onMessage } = lateRealm(realm, importNow, await latePackage(packageUrl), true);
    binding.listen = () => {
      parentPort!.on("message", onMessage);
      deliver();
    };
    Object.assign(globalThis, { weftHost: realmHost, weftPython: binding });
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
