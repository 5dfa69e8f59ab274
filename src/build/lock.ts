import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning } from "./cache.js";

/**
 * Keeps two processes from making the same entry at the same time. Only to save work: what
 * makes the cache correct is that entries appear by renaming. Two processes that both take
 * over the lock of a dead one therefore do no harm.
 *
 * The lock file holds its owner's process number and appears complete, by linking.
 *
 * @param onWait is called once if another process has the lock
 * @returns the function that releases the lock
 */
export async function lock(folder: string, name: string, onWait: (owner: number) => void): Promise<() => void> {
  const path = join(folder, `${name}.lock`);
  const mine = join(folder, "temporary", `lock-${process.pid}-${Math.random().toString(36).slice(2, 10)}`);
  let waited = false;
  writeFileSync(mine, String(process.pid));
  try {
    for (;;) {
      try {
        linkSync(mine, path);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
          throw error;
        }
      }
      const owner = readOwner(path);
      if (owner === undefined) {
        continue;
      }
      if (!isRunning(owner)) {
        rmSync(path, { force: true });
        continue;
      }
      if (!waited) {
        waited = true;
        onWait(owner);
      }
      await delay(200);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readOwner(path) === process.pid) {
      rmSync(path, { force: true });
    }
  };
}

function readOwner(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
