import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SNAPSHOT_FILE } from "../abi/runtime-files.js";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { keyOf } from "./hash.js";
import { describeOutput, outputPlaces } from "./output.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";

/** Goes up when a snapshot of the same runtime becomes another one. */
const VERSION = 3;

/** Milliseconds after which a runtime that initializes Python is ended. */
const DEADLINE = 600_000;

/** Key of the snapshot of a runtime. */
export function snapshotKey(keys: { stdlib: string; link: string }): string {
  return keyOf({ version: VERSION, stdlib: keys.stdlib, link: keys.link });
}

/** The memory of a runtime that has initialized Python. */
export async function ensureSnapshot(context: BuildContext, variant: Variant, key: string, stages: { stdlib: CacheEntry; link: CacheEntry; finish: CacheEntry }): Promise<CacheEntry> {
  return ensure(context, {
    name: "snapshot",
    key,
    what: `initializing Python (${variant})`,
    check: "hashes",
    timing: `snapshot-${variant}`,
    needs: () => Promise.resolve(),
    make: async (folder) => {
      const runtime = context.cache.temporary("runtime");
      try {
        const places = outputPlaces(stages);
        for (const [name, place] of Object.entries(places)) {
          copyFileSync(place, join(runtime, name));
        }
        // What loads a runtime wants all of its files; this one is not used yet.
        writeFileSync(join(runtime, SNAPSHOT_FILE), "");
        writeFileSync(join(runtime, "manifest.json"), JSON.stringify({ files: { ...describeOutput(places), [SNAPSHOT_FILE]: { size: 0 } } }));
        const file = join(folder, SNAPSHOT_FILE);
        await initialize(context, runtime, file);
        const second = join(runtime, "second");
        await initialize(context, runtime, second);
        const [snapshot, again] = [readFileSync(file), readFileSync(second)];
        if (!snapshot.equals(again)) {
          throw new BuildError(
            `two snapshots of the same runtime, of ${snapshot.length} and ${again.length} bytes, differ: something depends on time, chance or the machine while Python is initialized`,
          );
        }
        return {};
      } finally {
        context.cache.remove(runtime);
      }
    },
  });
}

/** Runs the runtime, in a process whose surroundings are always the same. */
async function initialize(context: BuildContext, runtime: string, file: string): Promise<void> {
  const script = fileURLToPath(new URL("../make-snapshot.js", import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [script, runtime, file], {
      env: { TZ: "UTC", SOURCE_DATE_EPOCH: String(context.recipe.epoch) },
      timeout: DEADLINE,
      killSignal: "SIGKILL",
      ...(context.signal ? { signal: context.signal } : {}),
    });
  } catch (error) {
    context.signal?.throwIfAborted();
    const { stdout = "", stderr = "", killed = false } = error as { stdout?: string; stderr?: string; killed?: boolean };
    throw new BuildError(`Python could not be initialized for the snapshot${killed ? ` within ${DEADLINE / 1000} s` : ""}:\n${stdout}${stderr}`, { cause: error });
  }
}
