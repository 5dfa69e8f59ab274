import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync, lstatSync } from "node:fs";
import { homedir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { BuildError } from "./errors.js";
import { hashFile, listFiles } from "./hash.js";

const RECORD = ".weft-entry.json";
const RECENT_MS = 3_600_000;

/** How an entry is examined before use: every byte, sizes only (large trees), or just the record. */
export type Check = "hashes" | "sizes" | "record";

interface EntryRecord {
  readonly stage: string;
  readonly key: string;
  readonly check: Check;
  /** Facts that later stages' keys are made of. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256?: string }>>;
}

/** A finished stage's output. */
export interface CacheEntry {
  readonly folder: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The stage and the key of an entry: what stages that are made of it put into theirs. */
export function entryName({ folder }: CacheEntry): string {
  return basename(folder);
}

/** Where the cache is: `WEFT_CACHE`, else `weft` in the user's cache folder. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment["WEFT_CACHE"];
  if (own !== undefined && own !== "") {
    if (!isAbsolute(own)) {
      throw new BuildError(`WEFT_CACHE must be an absolute path, not ${JSON.stringify(own)}`);
    }
    return own;
  }
  const xdg = environment["XDG_CACHE_HOME"];
  return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "weft");
}

/**
 * Outputs of stages, by key. An entry appears by renaming a complete folder, so whatever
 * has an entry's name is complete; two processes that make the same entry both succeed, and
 * the first rename wins.
 */
export class Cache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(join(folder, "temporary"), { recursive: true });
    } catch (error) {
      throw new BuildError(`the cache folder ${folder} cannot be made (${(error as Error).message}); set WEFT_CACHE`, {
        cause: error,
      });
    }
  }

  path(stage: string, key: string): string {
    return join(this.folder, `${stage}-${key}`);
  }

  /**
   * Finds a complete and undamaged entry. A damaged one is removed, so that it is made again.
   *
   * @param onDamage is told what is wrong with an entry that was removed
   */
  find(stage: string, key: string, onDamage: (problem: string) => void): CacheEntry | undefined {
    const folder = this.path(stage, key);
    if (!existsSync(folder)) {
      return undefined;
    }
    const problem = examine(folder, stage, key);
    if (typeof problem !== "string") {
      touch(folder);
      return { folder, facts: problem.facts };
    }
    onDamage(problem);
    this.remove(folder);
    return undefined;
  }

  /** A fresh folder on the cache's file system, for a later {@link commit} or {@link remove}. */
  temporary(name: string): string {
    for (;;) {
      const folder = join(this.folder, "temporary", `${name}-${process.pid}-${Math.random().toString(36).slice(2, 10)}`);
      try {
        mkdirSync(folder);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
          throw error;
        }
      }
    }
  }

  /** Turns a complete folder made by {@link temporary} into the entry, unless another process did before. */
  commit(stage: string, key: string, folder: string, check: Check, facts: Readonly<Record<string, unknown>> = {}): CacheEntry {
    const files: Record<string, { size: number; sha256?: string }> = {};
    if (check !== "record") {
      for (const path of listFiles(folder)) {
        const size = lstatSync(join(folder, path)).size;
        files[path] = check === "hashes" ? { size, sha256: hashFile(join(folder, path)) } : { size };
      }
    }
    const record: EntryRecord = { stage, key, check, facts, files };
    writeFileSync(join(folder, RECORD), JSON.stringify(record));
    const target = this.path(stage, key);
    try {
      renameSync(folder, target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== "ENOTEMPTY" && code !== "EEXIST") {
        throw error;
      }
      this.remove(folder);
    }
    return { folder: target, facts };
  }

  /** Removes a folder of the cache: first out of sight, so that nobody sees half of it. */
  remove(folder: string): void {
    const doomed = join(this.folder, "temporary", `removed-${process.pid}-${Math.random().toString(36).slice(2, 10)}`);
    try {
      renameSync(folder, doomed);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return;
      }
      throw error;
    }
    rmSync(doomed, { recursive: true, force: true });
  }

  /**
   * Removes the entries of a stage that were not used for longest, but none that was used in
   * the last hour: another build may be reading it.
   *
   * @param keep how many stay
   * @returns how many were removed
   */
  prune(stage: string, keep: number, now = Date.now()): number {
    const entries = readdirSync(this.folder)
      .filter((name) => name.startsWith(`${stage}-`) && existsSync(join(this.folder, name, RECORD)))
      .map((name) => ({ name, used: statSync(join(this.folder, name, RECORD)).mtimeMs }))
      .sort((a, b) => b.used - a.used);
    const doomed = entries.slice(keep).filter(({ used }) => now - used > RECENT_MS);
    for (const { name } of doomed) {
      this.remove(join(this.folder, name));
    }
    return doomed.length;
  }

  /** Removes what processes that no longer run have left behind. */
  sweep(): void {
    for (const name of readdirSync(join(this.folder, "temporary"))) {
      const owner = Number(/-(\d+)-[a-z0-9]+$/.exec(name)?.[1]);
      if (Number.isInteger(owner) && !isRunning(owner)) {
        rmSync(join(this.folder, "temporary", name), { recursive: true, force: true });
      }
    }
  }
}

/** Whether a process with this number exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The record's date is when the entry was last used. */
function touch(folder: string): void {
  const now = new Date();
  try {
    utimesSync(join(folder, RECORD), now, now);
  } catch {
    // A cache that this user may only read serves as well; it is pruned by its owner.
  }
}

/** The entry's record, or what is wrong with the entry. */
function examine(folder: string, stage: string, key: string): EntryRecord | string {
  let record: EntryRecord;
  try {
    record = JSON.parse(readFileSync(join(folder, RECORD), "utf8")) as EntryRecord;
  } catch {
    return "its record is missing or unreadable";
  }
  if (record.stage !== stage || record.key !== key) {
    return `its record is that of ${record.stage} ${record.key}`;
  }
  for (const [path, expected] of Object.entries(record.files)) {
    let size: number;
    try {
      size = lstatSync(join(folder, path)).size;
    } catch {
      return `${path} is missing`;
    }
    if (size !== expected.size) {
      return `${path} has ${size} bytes instead of ${expected.size}`;
    }
    if (expected.sha256 !== undefined && statSync(join(folder, path)).isFile() && hashFile(join(folder, path)) !== expected.sha256) {
      return `the content of ${path} has changed`;
    }
  }
  return record;
}
