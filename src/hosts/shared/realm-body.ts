import { RealmBinding } from "../../python/binding.js";
import { PanicError, PyErr } from "../../python/errors.js";
import { receiveAll, release, sendAll, type Moved } from "../../python/message.js";
import { Weft } from "../../python/weft.js";
import type { RealmPort } from "./platform.js";
import type { SpawnCancel, SpawnEnd, SpawnReady, SpawnRequest } from "./realm-messages.js";

export type ImportNow = (url: string) => Readonly<Record<string, unknown>>;

type Entry = (weft: Weft, ...values: unknown[]) => unknown;

interface Waiting {
  readonly entry: Entry;
  readonly values: readonly unknown[];
  readonly port: RealmPort;
  readonly posted: Int32Array;
}

/** The part of a worker realm that TypeScript takes part in. */
export interface RealmBody {
  readonly binding: RealmBinding;
  /** Serves what the host realm posts; what is the glue's is none of its business. */
  readonly onMessage: (message: unknown) => void;
}

/**
 * What TypeScript does in a worker realm: gives Python the realm's imports, and serves the host realm's requests to start threads.
 * @param id the realm's number.
 * @param importNow see `Realm.importNow`.
 */
export function realmBody(id: number, importNow: ImportNow | undefined): RealmBody {
  const binding = new RealmBinding(id);
  binding.importNow = importNow;
  /** Imported, and waiting for their threads to start. */
  const entries = new Map<number, Waiting>();
  binding.onThread = (thread) => {
    const waiting = entries.get(thread)!;
    entries.delete(thread);
    runThread(binding, waiting);
  };
  return {
    binding,
    onMessage: (message) => {
      serve(entries, message as Partial<SpawnRequest & SpawnCancel>);
    },
  };
}

function serve(entries: Map<number, Waiting>, message: Partial<SpawnRequest & SpawnCancel>): void {
  if (message.weftCancel !== undefined) {
    entries.delete(message.weftCancel);
  }
  if (!message.weftSpawn) {
    return;
  }
  const { id, url, name, values, port, posted } = message.weftSpawn;
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
      entries.set(id, { entry: entry as Entry, values, port, posted });
      reply({ ready: true });
    },
    (error: unknown) => {
      reply({ ready: false, error: copyable(error) });
    },
  );
}

function runThread({ realm }: RealmBinding, { entry, values, port, posted }: Waiting): void {
  const moved: Moved[] = [];
  let end: SpawnEnd;
  try {
    const result = entry(new Weft(realm), ...receiveAll(realm, values));
    end = { result: sendAll(result, moved) };
  } catch (error) {
    end = thrown(error);
  }
  try {
    port.postMessage(end);
  } catch (error) {
    // A result that cannot be copied. References that are in it have no owner any more.
    release(realm, moved);
    port.postMessage({ error: copyable(error) });
  }
  Atomics.store(posted, 0, 1);
  port.close();
}

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

/** What was thrown, with its class where it is one of ours. */
function thrown(error: unknown): SpawnEnd {
  if (error instanceof PyErr) {
    return sentError(error);
  }
  if (error instanceof PanicError) {
    return error.exception ? sentError(error.exception) : { panic: error.message, cause: copyable(error.cause), stack: error.stack };
  }
  return { error: copyable(error) };
}

function sentError(error: PyErr): SpawnEnd {
  try {
    return { exception: error.send() };
  } catch (unsent) {
    // Its exception was disposed of, or cannot be made: the text is left.
    return { error: new Error(error.message, { cause: copyable(unsent) }) };
  }
}
