import { join, resolve } from "node:path";
import { entryName, type CacheEntry } from "../cache.js";
import { describeOutput, publish, type Manifest } from "../output.js";
import type { Variant } from "../recipe.js";
import { ensureSources } from "../sources.js";
import type { BuildContext } from "../stage.js";
import { ensureStdlib } from "../stdlib.js";
import { ensureTree, treeKey, type PythonOrigin } from "../tree.js";
import { COMPONENT_FILES, ensureComponent } from "./component.js";
import { readSoloRecipe } from "./recipe.js";
import { ensureSoloCore, ensureSoloCpython, ensureSoloLibs } from "./stages.js";
import { findSoloToolchain } from "./toolchain.js";

/** Those of the threaded profile apply, as the tree is the same; what is for Emscripten is left out by the preprocessor. */
const PATCHES = ["patches", "solo/patches"];

/** Entries of each stage that stay in the cache when they are no longer used. */
const KEPT_ENTRIES = { "solo-libs": 2, "solo-cpython": 3, "solo-core": 4, "solo-component": 6 } as const;

/** What a build of the solo profile is told. */
export interface SoloOptions {
  /** Folder of the package, where `npm install` has put jco and wizer. */
  readonly packageRoot: string;
  /** `test` has CPython's tests in its standard library; there is no other difference. */
  readonly variant: Variant;
  readonly out: string;
  readonly source?: string | undefined;
  readonly sources?: string | undefined;
}

/** What it has made or found. */
export interface SoloBuild {
  readonly out: string;
  readonly manifest: Pick<Manifest, "files" | "python">;
  readonly unchanged: boolean;
}

/** Builds the solo profile: the same Python as a WASI component. Each stage comes from the cache if its inputs have not changed. */
export async function buildSolo(context: BuildContext, options: SoloOptions): Promise<SoloBuild> {
  const recipe = readSoloRecipe(context.folders.recipe);
  const toolchain = await findSoloToolchain(context, recipe.target);
  const sources = await ensureSources(context, options.sources);
  const origin: PythonOrigin = options.source === undefined ? { kind: "pinned", sources } : { kind: "folder", folder: resolve(options.source) };
  const stages = { context, toolchain, recipe };
  const keys = { tree: treeKey(context, origin, PATCHES) };
  const tree = (): Promise<CacheEntry> => ensureTree(context, toolchain, origin, keys.tree, PATCHES);

  const libs = await ensureSoloLibs(stages, sources);
  const cpython = await ensureSoloCpython(stages, keys, { tree, libs });
  const stdlib = await ensureStdlib(context, toolchain, options.variant, { tree: keys.tree, cpython: entryName(cpython) }, async () => ({ tree: await tree(), cpython }));
  const core = await ensureSoloCore(stages, { cpython, libs, stdlib });
  const component = await ensureComponent(context, options.packageRoot, core);

  const places = Object.fromEntries(COMPONENT_FILES.map((name) => [name, join(component.folder, name)]));
  const facts = (await tree()).facts as { version: string; patches: { readonly debian: readonly string[]; readonly ours: readonly string[] } };
  const manifest = {
    name: "weft",
    profile: "solo",
    variant: options.variant,
    python: facts.version,
    toolchain: toolchain.identity,
    patches: facts.patches,
    flags: { ...recipe },
    keys: { ...keys, libs: entryName(libs), cpython: entryName(cpython), stdlib: entryName(stdlib), core: entryName(core), component: entryName(component) },
    files: describeOutput(places),
  };
  const unchanged = publish(resolve(options.out), manifest, places);
  for (const [stage, keep] of Object.entries(KEPT_ENTRIES)) {
    context.cache.prune(stage, keep);
  }
  return { out: resolve(options.out), manifest, unchanged };
}
