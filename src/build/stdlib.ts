import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { LIBRARY_PARTS } from "../abi/runtime-files.js";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, hashFile, keyOf } from "./hash.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { copyInto } from "./unpack.js";

/** The standard library with its parts, in the stage's output and in the final one. */
export const LIBRARY = ["python313.zip", ...LIBRARY_PARTS] as const;
/** The same as one archive, in the stage's output. */
export const WHOLE_LIBRARY = "python313-whole.zip";
const SCRIPTS = ["stdlib.py", "library_core.txt"] as const;

/** Key of the standard library's archive. */
export function stdlibKey(context: BuildContext, toolchain: Toolchain, variant: Variant, tree: string, cpython: string): string {
  return keyOf({
    toolchain: toolchain.identity,
    tree,
    cpython,
    variant,
    scripts: SCRIPTS.map((name) => hashFile(join(context.folders.recipe, name))),
    own: describeFiles(join(context.folders.wasm, "library"), (path) => !path.endsWith("__pycache__")),
    place: context.recipe.stdlib,
    epoch: context.recipe.epoch,
  });
}

/** The standard library with its bytecode, in archives. */
export async function ensureStdlib(
  context: BuildContext,
  toolchain: Toolchain,
  variant: Variant,
  keys: { tree: string; cpython: string },
  needs: () => Promise<{ tree: CacheEntry; cpython: CacheEntry }>,
): Promise<CacheEntry> {
  return ensure(context, {
    name: "stdlib",
    key: stdlibKey(context, toolchain, variant, keys.tree, keys.cpython),
    what: `compiling and packing the standard library (${variant})`,
    check: "hashes",
    timing: `stdlib-${variant}`,
    needs,
    make: async (folder, { tree, cpython }) => {
      const workspace = toolchain.workspace("stdlib");
      try {
        const lib = copyInto(workspace, join(tree.folder, "Lib"), "Lib");
        copyInto(workspace, join(context.folders.wasm, "library"), "Lib");
        const sysconfig = copyInto(workspace, join(cpython.folder, "sysconfig"), "sysconfig");
        // Only modules that can wait for a file have theirs taken out.
        const tables = existsSync(join(cpython.folder, "tables")) ? ["--tables", copyInto(workspace, join(cpython.folder, "tables"), "tables")] : [];
        const [script] = SCRIPTS.map((name) => copyInto(workspace, join(context.folders.recipe, name), name));
        const out = join(workspace.folder, "archives");
        mkdirSync(out);
        await workspace.run(
          [
            `python${context.pins.toolchain.python}`, "-I", script!, "--lib", lib, "--sysconfig", sysconfig, ...tables, "--variant", variant, "--prefix", context.recipe.stdlib,
            "--epoch", String(context.recipe.epoch), "--strip", String(cpython.facts["place"]), "--scratch", `${workspace.inside}/scratch`, "--out", `${workspace.inside}/archives`,
          ],
          "packing the standard library",
        );
        for (const name of [...LIBRARY, WHOLE_LIBRARY]) {
          copyFileSync(join(out, name), join(folder, name));
        }
        return {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
