import type { Worker } from "node:worker_threads";
import type { GuestFactory } from "../../abi/module.js";
import { RealmWorkers } from "../shared/realm-workers.js";
import type { RuntimeAssets } from "./assets.js";
import { nodeWorkers, REALM_WORKER } from "./start-worker.js";

/** What a program is started of. */
export interface LoadedRuntime {
  readonly factory: GuestFactory;
  readonly module: WebAssembly.Module;
  /** With one ahead of the first demand. Whoever has them ends them. */
  readonly workers: RealmWorkers<Worker>;
}

/**
 * Loads what every program needs, all at once.
 * @param javascript whether Python may use JavaScript.
 * @param script the workers' own.
 * @throws RuntimeFilesError when a file is damaged; no worker is left then.
 */
export async function loadRuntime(assets: RuntimeAssets, javascript = true, script = REALM_WORKER): Promise<LoadedRuntime> {
  // First, since its engine takes longest to start and does so beside what follows, which reads files.
  const workers = new RealmWorkers(nodeWorkers(assets.glueUrl, javascript, script));
  try {
    const loaded = Promise.all([assets.factory(), assets.compile()]);
    // Awaited below, unless reading fails.
    loaded.catch(() => undefined);
    assets.readAhead();
    const [factory, module] = await loaded;
    return { factory, module, workers };
  } catch (error) {
    await workers.endAll();
    throw error;
  }
}
