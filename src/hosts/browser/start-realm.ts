import { LazyBinding } from "../../python/lazy-binding.js";
import { keepMessages } from "../shared/early-messages.js";
import type { RealmBody } from "../shared/realm-body.js";
import { isOurs, type SpawnReady } from "../shared/realm-messages.js";
import type { LatePackage, RealmPackage } from "./late-package.js";
import { realmImports } from "./realm-imports.js";
import type { RealmStart } from "./realm-messages.js";
import { adoptPort } from "./adopt-port.js";
import { web } from "./web.js";

/**
 * What every worker realm's script does: it waits for the host realm's first message, sets up what the realm's imports need, then
 * loads the glue and starts it, which finds out by the worker's name that it is in a worker. The package is loaded when TypeScript
 * first takes part in what Python does in this realm: reading it takes as long as all else here.
 */
export function startRealm(packageOf: (start: RealmStart["weftRealm"]) => LatePackage): void {
  adoptPort();

  const deliver = keepMessages(web, (message) => {
    const data = message as Partial<RealmStart>;
    if (!data.weftRealm) {
      return false;
    }
    const { id, glueUrl } = data.weftRealm;
    const late = packageOf(data.weftRealm);
    const { imported, importNow, realmHost } = realmImports(glueUrl, data.weftRealm);
    let made: RealmBody | undefined;
    const body = (loaded: RealmPackage): RealmBody => (made ??= loaded.realmBody(id, importNow));
    const binding = new LazyBinding(id, () => body(late.now()).binding);
    binding.listen = () => {
      web.addEventListener("message", (event) => {
        serve((event as MessageEvent).data, () => late.soon().then(body));
      });
      deliver();
    };
    Object.assign(globalThis, { weftHost: realmHost, weftPython: binding });
    Promise.all([import(glueUrl) as Promise<{ default: () => unknown }>, imported, late.ready()]).then(
      ([glue]) => {
        glue.default();
      },
      (error: unknown) => {
        // The host realm hears of errors, but not of unhandled rejections.
        web.reportError(error);
      },
    );
    return true;
  });
}

/** In their order: each waits for the same. */
function serve(message: unknown, body: () => Promise<RealmBody>): void {
  if (!isOurs(message)) {
    return;
  }
  body().then(
    ({ onMessage }) => {
      onMessage(message);
    },
    (error: unknown) => {
      if ("weftSpawn" in message) {
        message.weftSpawn.port.postMessage({ ready: false, error } satisfies SpawnReady);
      }
    },
  );
}
