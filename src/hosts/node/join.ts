import { createRequire } from "node:module";
import { isMainThread, type MessagePort } from "node:worker_threads";
import { RealmBinding } from "../../python/binding.js";
import { JoinedWeft } from "../../python/joined-weft.js";
import type { JoinEnd, JoinReply, JoinRequest } from "../shared/join-messages.js";
import { answerUntil } from "../shared/answer-until.js";
import type { JoinOptions } from "../shared/join-options.js";
import { importNow } from "./import-now.js";
import { NodeRealmHost } from "./realm-host.js";

/** What the glue looks at to know that it is in a worker, and whom it listens to. */
interface WorkerModule {
  workerData: unknown;
  parentPort: unknown;
}

/**
 * Makes this worker, which need not be one of Weft's, a Python-capable thread: it can attach until it leaves.
 * The worker's own messages and event loop go on; messages of Weft's go over the port.
 *
 * Its engine stack is the worker's, so recursion in C is limited as in the realm that loaded Python.
 * @param port what `weft.joinPort()` gave in the realm that loaded Python, transferred. It is used up.
 * @throws Error when Python has ended, or the limit of threads is reached; the signal's reason; TypeError on the main thread.
 * @example
 * ```js
 * // helper.mjs
 * import { parentPort, workerData } from "node:worker_threads";
 * import { joinWeft } from "weft-python";
 *
 * const weft = await joinWeft(workerData);
 * parentPort.postMessage(weft.attach((py) => py.eval("sum(range(10))").toJs()));
 * await weft.leave();
 * ```
 * ```js
 * const { Worker } = await import("node:worker_threads");
 * const port = weft.joinPort();
 * const worker = new Worker(new URL("helper.mjs", import.meta.url), { workerData: port, transferList: [port] });
 * console.log(await new Promise((resolve) => worker.once("message", resolve))); // 45
 * ```
 */
export async function joinWeft(port: MessagePort, { signal }: JoinOptions = {}): Promise<JoinedWeft> {
  if (isMainThread) {
    throw new TypeError("joinWeft() is for workers: the main thread loads Python with loadWeft()");
  }
  let binding: RealmBinding | undefined;
  const gone = new Promise<void>((resolve) => {
    port.once("close", resolve);
  });
  const request = (weftJoin: JoinRequest["weftJoin"]): void => {
    port.postMessage({ weftJoin } satisfies JoinRequest);
  };
  const ended = new Promise<never>((_, reject) => {
    port.once("close", () => {
      reject(new Error("the realm that loaded Python closed the port"));
    });
    port.on("message", ({ weftEnd }: Partial<JoinEnd>) => {
      if (weftEnd !== undefined) {
        binding?.bound?.abandon();
        reject(new Error(weftEnd));
        port.close();
      }
    });
  });
  ended.catch(() => undefined);
  const welcome = new Promise<JoinReply["weftRealm"]>((resolve) => {
    port.on("message", ({ weftRealm }: Partial<JoinReply>) => {
      if (weftRealm) {
        resolve(weftRealm);
      }
    });
  });
  request("here");
  const { id, glueUrl } = await answerUntil(signal, Promise.race([welcome, ended])).catch((error: unknown) => {
    port.close();
    throw error;
  });
  const glue = (await import(glueUrl)) as { default: () => unknown };
  return Promise.race([ended, start(glueUrl, glue, (binding = new RealmBinding(id)), port, gone, () => {
    request("listening");
  })]);
}

/** Starts the glue in this worker: settles when the host realm has started the thread. */
function start(glueUrl: string, glue: { default: () => unknown }, binding: RealmBinding, port: MessagePort, gone: Promise<void>, listening: () => void): Promise<JoinedWeft> {
  // The object that the glue requires. Who imports the module by name sees no change.
  const threads = createRequire(import.meta.url)("node:worker_threads") as WorkerModule;
  const own = { workerData: threads.workerData, parentPort: threads.parentPort };
  return new Promise((resolve, reject) => {
    binding.importNow = importNow;
    binding.listen = () => {
      // The glue has taken what it wants.
      Object.assign(threads, own);
      listening();
    };
    binding.onThread = () => {
      resolve(new JoinedWeft(binding.realm, gone));
      return true;
    };
    Object.assign(globalThis, { weftHost: new NodeRealmHost(glueUrl), weftPython: binding });
    Object.assign(threads, { workerData: "em-pthread", parentPort: port });
    Promise.resolve(glue.default()).catch((error: unknown) => {
      Object.assign(threads, own);
      reject(error);
    });
  });
}
