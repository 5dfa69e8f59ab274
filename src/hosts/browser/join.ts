import { RealmBinding } from "../../python/binding.js";
import { JoinedWeft } from "../../python/joined-weft.js";
import type { JoinEnd, JoinLeft, JoinReply, JoinRequest } from "../shared/join-messages.js";
import { answerUntil } from "../shared/answer-until.js";
import type { JoinOptions } from "../shared/join-options.js";
import type { RealmPort } from "../shared/platform.js";
import { realmImports } from "./realm-imports.js";
import type { RealmSetup } from "./realm-messages.js";
import { web } from "./web.js";

/** What the glue takes for its worker: wasm/worker-scope.mjs. */
interface GlueScope {
  readonly name: string;
  readonly location: unknown;
  /** The glue's. */
  onmessage?: (event: { readonly data: unknown }) => void;
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
}

/** The last one that began: two at once would take each other's scope. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes this worker of a page, which need not be one of Weft's, a Python-capable thread: it can attach until it leaves.
 * The worker's own messages and event loop go on; messages of Weft's go over the port.
 *
 * Its engine stack is the worker's, so recursion in C is limited as in the realm that loaded Python. Without a signal it waits until that
 * realm answers, as long as it takes; a second call in the same worker begins when the first one has ended.
 * @param port what `weft.joinPort()` gave in the realm that loaded Python, transferred. It is used up.
 * @throws Error when Python has ended, or the limit of threads is reached; the signal's reason; TypeError in a page itself.
 */
export async function joinWeft(port: unknown, { signal }: JoinOptions = {}): Promise<JoinedWeft> {
  if (web.document !== undefined) {
    throw new TypeError("joinWeft() is for workers: a page loads Python with loadWeft()");
  }
  const before = last;
  const joining = answerUntil(signal, before).then(
    () => join(port as RealmPort, signal),
    (error: unknown) => {
      (port as RealmPort).close();
      throw error;
    },
  );
  last = Promise.allSettled([before, joining]);
  return joining;
}

function join(port: RealmPort, signal: AbortSignal | undefined): Promise<JoinedWeft> {
  return new Promise((resolve, reject) => {
    let binding: RealmBinding | undefined;
    let left!: () => void;
    const gone = new Promise<void>((resolveGone) => {
      left = resolveGone;
    });
    const scope: GlueScope = {
      name: "em-pthread",
      location: web.location,
      postMessage: (message, transfer) => {
        port.postMessage(message, transfer);
      },
    };
    const request = (weftJoin: JoinRequest["weftJoin"]): void => {
      port.postMessage({ weftJoin } satisfies JoinRequest);
    };
    let answered!: () => void;
    const end = (error: Error): void => {
      answered();
      binding?.bound?.abandon();
      left();
      reject(error);
      port.close();
    };
    answerUntil(signal, new Promise<void>((resolveAnswered) => {
      answered = resolveAnswered;
    })).catch(end);
    // Not in every browser.
    port.addEventListener("close", () => {
      end(new Error("the realm that loaded Python closed the port"));
    });
    port.onmessage = (event) => {
      answered();
      const { weftEnd, weftLeft, weftRealm } = event.data as Partial<JoinEnd & JoinLeft & JoinReply>;
      if (weftEnd !== undefined) {
        end(new Error(weftEnd));
      } else if (weftLeft) {
        left();
        port.close();
      } else if (weftRealm) {
        const { imported, ...imports } = realmImports(weftRealm.glueUrl, weftRealm.setup as RealmSetup);
        binding = new RealmBinding(weftRealm.id);
        binding.importNow = imports.importNow;
        binding.listen = () => {
          request("listening");
        };
        binding.onThread = () => {
          resolve(new JoinedWeft(binding!.realm, gone));
          return true;
        };
        Object.assign(globalThis, { weftHost: imports.realmHost, weftPython: binding });
        imported.then(() => startGlue(weftRealm.glueUrl, scope)).catch((error: unknown) => {
          reject(error as Error);
          port.close();
        });
      } else {
        scope.onmessage?.(event);
      }
    };
    request("here");
  });
}

let started = 0;

/** Each time a module of its own: the glue keeps the scope that it is imported with. */
async function startGlue(glueUrl: string, scope: GlueScope): Promise<void> {
  const global = globalThis as { weftScope?: GlueScope };
  global.weftScope = scope;
  let glue: { default: () => unknown };
  try {
    glue = (await import(`${glueUrl}#join-${++started}`)) as typeof glue;
  } finally {
    delete global.weftScope;
  }
  await glue.default();
}
