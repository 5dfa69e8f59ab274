import { copyFileSync } from "node:fs";
import { join } from "node:path";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, hashFile, keyOf } from "./hash.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { copyInto } from "./unpack.js";

/** Name of the archive in the stage's output and in the final one. */
export const ARCHIVE = "python313.zip";

/** Key of the standard library's archive. */
export function stdlibKey(context: BuildContext, toolchain: Toolchain, variant: Variant, tree: string, cpython: string): string {
  return keyOf({
    toolchain: toolchain.identity,
    tree,
    cpython,
    variant,
    script: hashFile(join(context.folders.recipe, "stdlib.py")),
    own: describeFiles(join(context.folders.wasm, "library"), (path) => path.endsWith(".py")),
    place: context.recipe.stdlib,
    epoch: context.recipe.epoch,
  });
}

/** The standard library with its bytecode as one archive. */
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
        const script = copyInto(workspace, join(context.folders.recipe, "stdlib.py"), "stdlib.py");
        await workspace.run(
          [
            `python${context.pins.toolchain.python}`, "-I", script, "--lib", lib, "--sysconfig", sysconfig, "--variant", variant, "--prefix", context.recipe.stdlib,
            "--epoch", String(context.recipe.epoch), "--strip", String(cpython.facts["place"]), "--scratch", `${workspace.inside}/scratch`, "--out", `${workspace.inside}/${ARCHIVE}`,
          ],
          "packing the standard library",
        );
        copyFileSync(join(workspace.folder, ARCHIVE), join(folder, ARCHIVE));
        return {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
