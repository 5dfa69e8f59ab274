import { keepMessages } from "../shared/early-messages.js";
import { prepareRealm } from "../shared/realm-body.js";
import { realmImports } from "./realm-imports.js";
import type { RealmStart } from "./realm-messages.js";
import { adoptPort } from "./remote-workers.js";
import { web } from "./web.js";

/**
 * What every worker realm's script does: it waits for the host realm's first message, sets up what the realm's imports need, then
 * loads the glue and starts it, which finds out by the worker's name that it is in a worker.
 */
export function startRealm(): void {
  adoptPort();

  const deliver = keepMessages(web, (message) => {
    const data = message as Partial<RealmStart>;
    if (!data.weftRealm) {
      return false;
    }
    const { id, glueUrl } = data.weftRealm;
    const { imported, ...imports } = realmImports(glueUrl, data.weftRealm);
    prepareRealm({
      id,
      ...imports,
      listen: (onMessage) => {
        web.addEventListener("message", (event) => {
          onMessage((event as MessageEvent).data);
        });
        deliver();
      },
    });
    Promise.all([import(glueUrl) as Promise<{ default: () => unknown }>, imported]).then(
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
