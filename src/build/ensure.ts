import type { CacheEntry, Check } from "./cache.js";
import { lock } from "./lock.js";
import type { BuildContext } from "./stage.js";

/** A stage whose output is cached. */
export interface CachedStage<Needs> {
  readonly name: string;
  readonly key: string;
  /** For people: "compiling zlib, bzip2, ..." */
  readonly what: string;
  readonly check: Check;
  /** Name under which its duration is remembered, if not the stage's own. */
  readonly timing?: string;
  /** Finds or makes what the stage is made of; only called when it has to be made. */
  needs(): Promise<Needs>;
  /** Fills an empty folder with the output and returns the facts to keep with it. */
  make(folder: string, needs: Needs): Promise<Readonly<Record<string, unknown>>>;
  /** Frees what the system holds in the folder, before it is removed after a failure. */
  abandon?(folder: string): Promise<void>;
}

/** Finds a stage's output, or makes it; only one process makes it at a time. */
export async function ensure<Needs>(context: BuildContext, stage: CachedStage<Needs>): Promise<CacheEntry> {
  const { cache, progress } = context;
  const { name, key } = stage;
  const find = (): CacheEntry | undefined =>
    cache.find(name, key, (problem) => progress.say(`${name.padEnd(10)} is damaged in the cache and made again: ${problem}`));
  const found = find();
  if (found !== undefined) {
    return found;
  }
  // Before the lock and the clock: other stages have their own.
  const needs = await stage.needs();
  const release = await lock(cache.folder, `${name}-${key}`, (owner) => progress.say(`${name.padEnd(10)} waits for process ${owner}, which makes it`));
  try {
    return find() ?? (await progress.stage(name, stage.what, stage.timing ?? name, () => make(context, stage, needs)));
  } finally {
    release();
  }
}

async function make<Needs>(context: BuildContext, stage: CachedStage<Needs>, needs: Needs): Promise<CacheEntry> {
  const folder = context.cache.temporary(stage.name);
  try {
    const facts = await stage.make(folder, needs);
    context.signal?.throwIfAborted();
    return context.cache.commit(stage.name, stage.key, folder, stage.check, facts);
  } catch (error) {
    await stage.abandon?.(folder);
    context.cache.remove(folder);
    throw error;
  }
}
