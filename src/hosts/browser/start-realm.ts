import { keepMessages } from "../shared/early-messages.js";
import { lateRealm } from "../shared/late-realm.js";
import type { LatePagePackage } from "./late-package.js";
import { realmImports } from "./realm-imports.js";
import type { RealmStart } from "./realm-messages.js";
import { adoptPort } from "./adopt-port.js";
import { web } from "./web.js";

/**
 * What every worker realm's script does: it waits for the host realm's first message, sets up what the realm's imports need, then
 * loads the glue and starts it, which finds out by the worker's name that it is in a worker. The package is loaded when TypeScript
 * first takes part in what Python does in this realm: reading it takes as long as all else here.
 */
export function startRealm(packageOf: (start: RealmStart["weftRealm"]) => LatePagePackage): void {
  adoptPort();

  const deliver = keepMessages(web, (message) => {
    const data = message as Partial<RealmStart>;
    if (!data.weftRealm) {
      return false;
    }
    const { id, glueUrl } = data.weftRealm;
    const late = packageOf(data.weftRealm);
    const { imported, importNow, realmHost } = realmImports(glueUrl, data.weftRealm);
    const { binding, onMessage } = lateRealm(id, importNow, late, data.weftRealm.modules.length === 0);
    binding.listen = () => {
      web.addEventListener("message", (event) => {
        onMessage((event as MessageEvent).data);
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
