import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SNAPSHOT_FILE } from "../abi/runtime-files.js";
import type { HintFacts } from "./branches/hints.js";
import type { CacheEntry } from "./cache.js";
import { BuildError } from "./errors.js";
import { hashFile, hashTree } from "./hash.js";
import type { Variant } from "./recipe.js";
import { LIBRARY } from "./stdlib.js";
import type { Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import type { PythonOrigin } from "./tree.js";

/** The keys of a build's stages. */
export interface StageKeys {
  readonly libs: string;
  readonly tree: string;
  readonly cpython: string;
  readonly stdlib: string;
  readonly link: string;
  readonly finish: string;
  readonly snapshot: string;
}

/** `manifest.json` beside the output: what it is made of. Equal inputs give an equal manifest. */
export interface Manifest {
  readonly name: "weft";
  readonly variant: Variant;
  readonly python: string;
  /** Where the guest has to see the standard library. */
  readonly stdlib: string;
  readonly toolchain: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly patches: { readonly debian: readonly string[]; readonly ours: readonly string[] };
  readonly flags: { readonly cpython: readonly string[]; readonly wasm: readonly string[]; readonly link: readonly string[] };
  /** The functions that the profile counts, and those that are compiled without their counts: they have changed, or are new. */
  readonly profile?: { readonly functions: number; readonly changed: number; readonly new: number };
  /** How much of the branches' profile the module could use. */
  readonly branches?: HintFacts;
  readonly keys: StageKeys;
  readonly files: Readonly<Record<string, { readonly size: number; readonly sha256: string; readonly tree: string }>>;
}

/** Files of the output and the stages that make them. */
const FILES: Readonly<Record<string, "link" | "finish" | "stdlib" | "snapshot">> = {
  "weft.mjs": "link",
  "weft.wasm": "finish",
  ...Object.fromEntries(LIBRARY.map((name) => [name, "stdlib" as const])),
  [SNAPSHOT_FILE]: "snapshot",
};

/** Outputs of the stages that the final one is made of. */
export interface OutputStages {
  readonly stdlib: CacheEntry;
  readonly link: CacheEntry;
  readonly finish: CacheEntry;
  /** Not when it is what the others are for. */
  readonly snapshot?: CacheEntry;
}

/** What a finished build is described with. */
export interface Finished extends OutputStages {
  readonly variant: Variant;
  readonly toolchain: Toolchain;
  readonly sources: Sources;
  readonly keys: StageKeys;
  readonly origin: PythonOrigin;
  tree(): Promise<CacheEntry>;
}

/** The manifest of a finished build. */
export async function describeBuild(context: BuildContext, finished: Finished): Promise<Manifest> {
  const { variant, keys } = finished;
  const { recipe } = context;
  const { profile } = finished.link.facts as Pick<Manifest, "profile">;
  const { branches } = finished.finish.facts as Pick<Manifest, "branches">;
  const facts = (await finished.tree()).facts as { version: string; patches: Manifest["patches"] };
  return {
    name: "weft",
    variant,
    python: facts.version,
    stdlib: recipe.stdlib,
    toolchain: finished.toolchain.identity,
    sources: Object.fromEntries(
      Object.entries(finished.sources.packages).map(([name, { version }]) => [name, name === "python3.13" && finished.origin.kind === "folder" ? "a folder" : version]),
    ),
    patches: facts.patches,
    flags: {
      cpython: [...recipe.cpython[variant].opt, ...recipe.cpython[variant].cflags],
      wasm: recipe.link.cflags,
      link: [...recipe.link.flags, ...recipe.link[variant]],
    },
    ...(profile === undefined ? {} : { profile }),
    ...(branches === undefined ? {} : { branches }),
    keys,
    files: describeOutput(outputPlaces(finished)),
  };
}

/** Where the files of the output are in the cache. */
export function outputPlaces(stages: OutputStages): Record<string, string> {
  return Object.fromEntries(
    Object.entries(FILES).flatMap(([name, stage]) => {
      const entry = stages[stage];
      return entry === undefined ? [] : [[name, join(entry.folder, name)]];
    }),
  );
}

/** Sizes and hashes of an output's files. */
export function describeOutput(places: Readonly<Record<string, string>>): Manifest["files"] {
  return Object.fromEntries(Object.entries(places).map(([name, path]) => [name, { size: statSync(path).size, sha256: hashFile(path), tree: hashTree(path) }]));
}

/**
 * Brings the output to its folder: complete in a folder beside it, then by renaming.
 *
 * @param places the files of the output by their names
 * @returns whether the folder already was as demanded
 * @throws BuildError rather than replace a folder that is not an output of ours
 */
export function publish(out: string, manifest: Pick<Manifest, "files">, places: Readonly<Record<string, string>>): boolean {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (isCurrent(out, text, manifest)) {
    return true;
  }
  if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, "manifest.json"))) {
    throw new BuildError(`${out} holds something else than an earlier build; name another folder with --out, or empty it`);
  }
  mkdirSync(dirname(out), { recursive: true });
  const suffix = `${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
  const fresh = join(dirname(out), `.${basename(out)}-new-${suffix}`);
  const old = join(dirname(out), `.${basename(out)}-old-${suffix}`);
  try {
    mkdirSync(fresh);
    for (const [name, place] of Object.entries(places)) {
      copyFileSync(place, join(fresh, name), constants.COPYFILE_FICLONE);
    }
    writeFileSync(join(fresh, "manifest.json"), text);
    replace(out, fresh, old);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
  return false;
}

/** Another build may replace the folder at the same time; either one's output is complete. */
function replace(out: string, fresh: string, old: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(out, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        throw error;
      }
    }
    try {
      renameSync(fresh, out);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if ((code !== "ENOTEMPTY" && code !== "EEXIST") || attempt === 10) {
        throw error;
      }
      rmSync(old, { recursive: true, force: true });
    }
  }
}

/**
 * The manifest of a runtime.
 * @throws BuildError when the folder has none.
 */
export function readManifest(out: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as Manifest;
  } catch (error) {
    throw new BuildError(`there is no runtime with a readable manifest.json in ${out}; run "weft build" to build it`, { cause: error });
  }
}

function isCurrent(out: string, manifest: string, { files }: Pick<Manifest, "files">): boolean {
  try {
    return (
      readFileSync(join(out, "manifest.json"), "utf8") === manifest &&
      Object.entries(files).every(([name, { size, sha256 }]) => statSync(join(out, name)).size === size && hashFile(join(out, name)) === sha256)
    );
  } catch {
    return false;
  }
}
