import { OutputBudget } from "./output-budget.js";
import { Channel } from "./persist/channel.js";
import { realmHostFor } from "./persist/realm-host.js";
import type { RealmSetup } from "./realm-messages.js";

/** What a worker realm's imports do. Python may run in it when the modules are imported. */
export function realmImports(glueUrl: string, { budget, modules, persist }: RealmSetup): {
  readonly realmHost: unknown;
  readonly importNow: (url: string) => Readonly<Record<string, unknown>>;
  readonly imported: Promise<unknown>;
} {
  const loaded = new Map<string, Readonly<Record<string, unknown>>>();
  return {
    realmHost: realmHostFor(glueUrl, new OutputBudget(budget), true, persist ? new Channel(persist) : undefined),
    importNow: (url) => {
      const found = loaded.get(url);
      if (!found) {
        throw new TypeError(`this thread cannot import ${url} while Python runs on it: name it in loadWeft's "modules", which every thread's realm imports at its start`);
      }
      return found;
    },
    imported: Promise.all(
      modules.map(async (url) => {
        loaded.set(url, (await import(url)) as Record<string, unknown>);
      }),
    ),
  };
}
