/**
 * Script of every worker realm: sets up what the realm's imports need, then loads the glue (its URL
 * is the worker's first argument, the realm's number the second) and starts it; it finds out that
 * it is in a worker and waits for its first thread.
 */
import { parentPort, type MessagePort } from "node:worker_threads";
import { RealmBinding } from "../../python/binding.js";
import { PyErr } from "../../python/errors.js";
import { receiveAll, release, sendAll } from "../../python/message.js";
import type { SentPy } from "../../python/py.js";
import { Weft } from "../../python/weft.js";
import { NodeRealmHost } from "./realm-host.js";
import type { SpawnCancel, SpawnEnd, SpawnReady, SpawnRequest } from "./realm-messages.js";

const [, , glueUrl, id] = process.argv;
if (glueUrl === undefined || id === undefined) {
  throw new TypeError("a realm worker needs the URL of the runtime's glue and a number as its arguments");
}
const binding = new RealmBinding(Number(id));
Object.assign(globalThis, { weftHost: new NodeRealmHost(), weftPython: binding });

type Entry = (weft: Weft, ...values: unknown[]) => unknown;
/** Imported, and waiting for their threads to start. */
const entries = new Map<number, { readonly entry: Entry; readonly values: readonly unknown[]; readonly port: MessagePort }>();

const onMessage = (message: Partial<SpawnRequest & SpawnCancel>): void => {
  if (message.weftCancel !== undefined) {
    entries.delete(message.weftCancel);
  }
  if (message.weftSpawn) {
    const { id: thread, url, name, values, port } = message.weftSpawn;
    const reply = (ready: SpawnReady): void => {
      port.postMessage(ready);
    };
    import(url).then(
      (module: Record<string, unknown>) => {
        const entry = module[name];
        if (typeof entry !== "function") {
          reply({ ready: false, error: new TypeError(`${url} exports no function ${name}`) });
          return;
        }
        entries.set(thread, { entry: entry as Entry, values, port });
        reply({ ready: true });
      },
      (error: unknown) => {
        reply({ ready: false, error: copyable(error) });
      },
    );
  }
};
binding.listen = () => {
  parentPort!.on("message", onMessage);
};

binding.onThread = (thread) => {
  const { entry, values, port } = entries.get(thread)!;
  entries.delete(thread);
  const { realm } = binding;
  const moved: SentPy[] = [];
  let end: SpawnEnd;
  try {
    const result = entry(new Weft(realm), ...receiveAll(realm, values));
    end = { result: sendAll(result, moved) };
  } catch (error) {
    end = error instanceof PyErr ? sentError(error) : { error: copyable(error) };
  }
  try {
    port.postMessage(end);
  } catch (error) {
    // A result that cannot be copied. References that are in it have no owner any more.
    release(realm, moved);
    port.postMessage({ error: copyable(error) });
  }
  port.close();
};

/** What was thrown, if it can be copied, or else an error with its text. */
function copyable(error: unknown): unknown {
  if (error instanceof DOMException) {
    // Node's arrive without their message.
    return new Error(`${error.name}: ${error.message}`);
  }
  try {
    return structuredClone(error);
  } catch {
    let text = "without a text";
    try {
      text = String(error);
    } catch {
      // It has no text.
    }
    return new Error(`a thread threw what cannot be copied: ${text}`);
  }
}

function sentError(error: PyErr): SpawnEnd {
  try {
    return { exception: error.send() };
  } catch (unsent) {
    // Its exception was disposed of, or cannot be made: the text is left.
    return { error: new Error(error.message, { cause: copyable(unsent) }) };
  }
}

// No top-level await, here and in the glue: V8 aborts the process when a worker is ended
// while it begins such a module. A failure is an unhandled rejection, which ends the worker.
void import(glueUrl).then((glue: { default: () => unknown }) => glue.default());
