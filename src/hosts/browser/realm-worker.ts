/**
 * Script of every worker realm: waits for the host realm's first message, sets up what the realm's imports need, then
 * loads the glue and starts it; it finds out by the worker's name that it is in a worker.
 */
import { prepareRealm } from "../shared/realm-body.js";
import { OutputBudget } from "./output-budget.js";
import { Channel } from "./persist/channel.js";
import { realmHostFor } from "./persist/realm-host.js";
import type { RealmStart } from "./realm-messages.js";
import { adoptPort } from "./remote-workers.js";
import { web } from "./web.js";

adoptPort();

/** What came before the glue listened: a browser delivers messages whether somebody listens or not. */
const early: unknown[] = [];

const receive = (event: Event): void => {
  const data = (event as MessageEvent).data as Partial<RealmStart>;
  if (!data.weftRealm) {
    early.push(data);
    return;
  }
  const { id, glueUrl, budget, modules, persist } = data.weftRealm;
  const loaded = new Map<string, Readonly<Record<string, unknown>>>();
  prepareRealm({
    id,
    realmHost: realmHostFor(new OutputBudget(budget), true, persist ? new Channel(persist) : undefined),
    importNow: (url) => {
      const found = loaded.get(url);
      if (!found) {
        throw new TypeError(`this thread cannot import ${url} while Python runs on it: name it in loadWeft's "modules", which every thread's realm imports at its start`);
      }
      return found;
    },
    listen: (onMessage) => {
      web.addEventListener("message", (message) => {
        onMessage((message as MessageEvent).data);
      });
    },
  });
  const imports = modules.map(async (url) => {
    loaded.set(url, (await import(url)) as Record<string, unknown>);
  });
  Promise.all([import(glueUrl) as Promise<{ default: () => unknown }>, ...imports]).then(
    ([glue]) => {
      glue.default();
      web.removeEventListener("message", receive);
      for (const message of early) {
        web.dispatchEvent(new MessageEvent("message", { data: message }));
      }
    },
    (error: unknown) => {
      // The host realm hears of errors, but not of unhandled rejections.
      web.reportError(error);
    },
  );
};
web.addEventListener("message", receive);
