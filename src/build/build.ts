import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Cache, cacheFolder, type CacheEntry } from "./cache.js";
import { provideCode, provideCodeIfPossible } from "./code.js";
import { cpythonKey, ensureCpython } from "./cpython.js";
import { ensureLibs, libsKey } from "./libs.js";
import { ensureLink, linkKey } from "./link.js";
import { BuildError } from "./errors.js";
import { ensureFinish, finishKey } from "./finish.js";
import { explain } from "./machine-trouble.js";
import { describeBuild, outputPlaces, publish, readManifest, type Manifest, type StageKeys } from "./output.js";
import { Progress, type ProgressOutput } from "./progress.js";
import { readPins, readRecipe, recipeFolders, type RecipeFolders, type Variant } from "./recipe.js";
import { ensureSnapshot, snapshotKey } from "./snapshot.js";
import { buildSolo } from "./solo/build.js";
import { ensureSources, type Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import { ensureStdlib, stdlibKey } from "./stdlib.js";
import { findToolchain, type Toolchain, type ToolchainChoice } from "./toolchain.js";
import { ensureTree, treeKey, type PythonOrigin } from "./tree.js";

/** Entries of each stage that stay in the cache when they are no longer used; a tree has 110 MB. */
const KEPT_ENTRIES = { tree: 3, libs: 3, cpython: 9, stdlib: 9, link: 12, finish: 12, snapshot: 12, code: 12 } as const;

/** Builds whose logs are kept. */
const KEPT_LOGS = 10;

/** `threaded` has threads on workers, `solo` is a WASI component with one. */
export const PROFILES = ["threaded", "solo"] as const;
export type Profile = (typeof PROFILES)[number];

/** What every build is told. */
export interface ContextOptions {
  /** Folder of the package that holds `cpython-build/` and `wasm/`. */
  readonly packageRoot: string;
  readonly cache?: string | undefined;
  readonly jobs?: number | undefined;
  readonly output: ProgressOutput;
  /** Receives everything that commands print. */
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BuildOptions extends ContextOptions {
  /** `threaded` by default. */
  readonly profile?: Profile | undefined;
  readonly variant: Variant;
  /** Where the output goes. */
  readonly out: string;
  /** A CPython 3.13 tree to build instead of the pinned source. */
  readonly source?: string | undefined;
  /** A folder with the files that `pins.json` lists, instead of downloading them. */
  readonly sources?: string | undefined;
  readonly toolchain?: ToolchainChoice | undefined;
  /** Makes CPython's part, the archive and the program again even if the cache has them. */
  readonly force?: boolean | undefined;
}

/** What a build has made or found. */
export interface BuildResult {
  readonly out: string;
  readonly manifest: Pick<Manifest, "files" | "python">;
  /** Whether the output folder was already what the inputs demand. */
  readonly unchanged: boolean;
}

/**
 * Builds the runtime: toolchain, libraries, CPython, standard library and program, each
 * from the cache if its inputs have not changed.
 *
 * @throws BuildError with a message for people
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  return inSnapshot(options, (context) => (options.profile === "solo" ? buildSolo(context, options) : buildThreaded(context, options)));
}

/** Calls `use` with a context over a copy of the recipe, which is there as long as that takes. */
export async function inSnapshot<T>(options: ContextOptions, use: (context: BuildContext) => Promise<T>): Promise<T> {
  const cache = new Cache(options.cache ?? cacheFolder());
  cache.sweep();
  // Keys and stages must see the same files, even if someone edits them during the build.
  const snapshot = cache.temporary("inputs");
  try {
    const folders = copyRecipe(options.packageRoot, snapshot);
    return await use({
      cache,
      progress: new Progress(cache.folder, options.output),
      pins: readPins(folders.recipe),
      recipe: readRecipe(folders.recipe),
      folders,
      logs: startLogs(cache.folder),
      jobs: options.jobs ?? availableParallelism(),
      signal: options.signal,
      onOutput: options.onOutput,
    });
  } catch (error) {
    throw explain(error, cache.folder);
  } finally {
    cache.remove(snapshot);
  }
}

async function buildThreaded(context: BuildContext, options: BuildOptions): Promise<BuildResult> {
  const { cache } = context;
  const { variant } = options;
  const toolchain = await findToolchain(options.toolchain ?? "auto", context);
  const sources = await ensureSources(context, options.sources);
  const origin: PythonOrigin = options.source === undefined ? { kind: "pinned", sources } : { kind: "folder", folder: resolve(options.source) };
  const keys = stageKeys(context, toolchain, sources, origin, variant);
  if (options.force === true) {
    for (const stage of ["cpython", "stdlib", "link", "finish", "snapshot"] as const) {
      cache.remove(cache.path(stage, keys[stage]));
    }
  }

  // Each stage asks for the ones before it only when it has to be made itself.
  const libs = (): Promise<CacheEntry> => ensureLibs(context, toolchain, sources);
  const tree = (): Promise<CacheEntry> => ensureTree(context, toolchain, origin, keys.tree);
  const cpython = (): Promise<CacheEntry> => ensureCpython(context, toolchain, variant, keys, async () => ({ libs: await libs(), tree: await tree() }));
  const stdlib = await ensureStdlib(context, toolchain, variant, keys, async () => ({ tree: await tree(), cpython: await cpython() }));
  const link = await ensureLink(context, toolchain, variant, keys, async () => ({ cpython: await cpython(), libs: await libs() }));
  const finish = await ensureFinish(context, variant, keys.finish, link);
  const snapshot = await ensureSnapshot(context, variant, keys.snapshot, { stdlib, link, finish });

  const manifest = await describeBuild(context, { variant, toolchain, origin, sources, keys, stdlib, link, finish, snapshot, tree });
  const unchanged = publish(resolve(options.out), manifest, outputPlaces({ stdlib, link, finish, snapshot }));
  await provideCodeIfPossible(context, variant, keys, resolve(options.out));
  for (const [stage, keep] of Object.entries(KEPT_ENTRIES)) {
    cache.prune(stage, keep);
  }
  return { out: resolve(options.out), manifest, unchanged };
}

/**
 * Has this engine compile what programs use of a runtime that is built already, by whomever: for other versions of Node than the one that
 * built it.
 * @throws BuildError when there is no runtime, or this engine cannot keep code.
 */
export async function buildCode(options: ContextOptions & Pick<BuildOptions, "out">): Promise<void> {
  const out = resolve(options.out);
  const manifest = readManifest(out);
  await inSnapshot(options, (context) => provideCode(context, manifest.variant, manifest.keys, out));
}

/** Keys of the stages after the toolchain and the sources. */
export function stageKeys(context: BuildContext, toolchain: Toolchain, sources: Sources, origin: PythonOrigin, variant: Variant): StageKeys {
  const libs = libsKey(context, toolchain, sources);
  const tree = treeKey(context, origin);
  const cpython = cpythonKey(context, toolchain, variant, tree, libs);
  const stdlib = stdlibKey(context, toolchain, variant, tree, cpython);
  const link = linkKey(context, toolchain, variant, cpython, libs);
  // What is changed of a finished module changes nothing of what it does, so the snapshot does not depend on them.
  return { libs, tree, cpython, stdlib, link, finish: finishKey(context, variant, link), snapshot: snapshotKey({ stdlib, link }) };
}

function copyRecipe(packageRoot: string, to: string): RecipeFolders {
  const from = recipeFolders(packageRoot);
  const copy = recipeFolders(to);
  for (const name of ["recipe", "wasm"] as const) {
    if (!existsSync(from[name])) {
      throw new BuildError(`${from[name]} is missing; build from a checkout of the repository`);
    }
    cpSync(from[name], copy[name], { recursive: true });
  }
  return copy;
}

/** A new folder for this build's logs; those of old builds are removed. */
function startLogs(cache: string): string {
  const logs = join(cache, "logs");
  mkdirSync(logs, { recursive: true });
  for (const old of readdirSync(logs).sort().slice(0, 1 - KEPT_LOGS)) {
    rmSync(join(logs, old), { recursive: true, force: true });
  }
  const own = join(logs, `${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}`);
  mkdirSync(own, { recursive: true });
  return own;
}
