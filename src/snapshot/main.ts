/**
 * Makes the snapshot of a runtime: `node make-snapshot.js FOLDER FILE`. A process of its own, for what it does to its clocks.
 */
import { elsewhere } from "./still.js";
import { writeFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { ClosedBinding } from "../python/closed-binding.js";
import { Guest, type GuestPlatform } from "../runtime/guest.js";
import { Snapshot } from "../runtime/snapshot.js";
import { RuntimeAssets } from "../hosts/node/assets.js";
import { defaultLimits } from "../hosts/node/limits.js";
import { loadRuntime } from "../hosts/node/load-runtime.js";
import { NodeRealmHost } from "../hosts/node/realm-host.js";

const [, , folder, file] = process.argv;
if (folder === undefined || file === undefined) {
  throw new TypeError("a runtime's folder and a file are the arguments");
}
const assets = new RuntimeAssets(folder);
const { factory, module, workers } = await loadRuntime(assets, false, new URL("./snapshot-worker.js", import.meta.url));
const platform: GuestPlatform = {
  files: assets.files(factory, module),
  realmHost: new NodeRealmHost(assets.glueUrl),
  realmPython: new ClosedBinding(1),
  createWorker: (onError) => workers.create(onError),
  endWorker: (worker) => {
    workers.end(worker as Worker);
  },
  onStdinRequest: () => undefined,
  onReadline: () => undefined,
  onTerminalMode: () => undefined,
};
const other = await elsewhere(() => Guest.firstMemory(platform));
const snapshot = await Guest.makeSnapshot(platform, defaultLimits().stackSize, other);
const { behind } = new Snapshot(snapshot);
if (!(await Guest.leavesAlone(platform, behind))) {
  throw new Error(`instantiating the module writes to memory from ${behind} on, where a program may have a part of its snapshot before`);
}
writeFileSync(file, snapshot);
process.exit(0);
