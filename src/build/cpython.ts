import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, hashFile, keyOf } from "./hash.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { headersOfPatches } from "./tree.js";
import { copyInto } from "./unpack.js";

/** Files of the recipe that this stage reads. */
const RECIPE = /^(config\.site|cpython\.sh|modules|modules\/.*)$/;

/** The same for variants that are compiled by what was counted. */
const PROFILE = /^(profile|profile\/counts\..*)$/;

/** Key of CPython's static libraries. */
export function cpythonKey(context: BuildContext, toolchain: Toolchain, variant: Variant, tree: string, libs: string): string {
  const counted = variant === "release" || variant === "test";
  return keyOf({
    toolchain: toolchain.identity,
    tree,
    libs,
    variant,
    recipe: describeFiles(context.folders.recipe, (path) => RECIPE.test(path) || (counted && PROFILE.test(path))),
    headers: headersOfPatches(context).map((name) => [name, hashFile(join(context.folders.wasm, "include", name))]),
    flags: { ...context.recipe.cpython[variant], profile: variant === "debug" ? null : context.recipe.profile },
    prefix: context.recipe.prefix,
    epoch: context.recipe.epoch,
  });
}

/** CPython's static libraries, headers and configuration variables. */
export async function ensureCpython(
  context: BuildContext,
  toolchain: Toolchain,
  variant: Variant,
  keys: { tree: string; libs: string },
  needs: () => Promise<{ tree: CacheEntry; libs: CacheEntry }>,
): Promise<CacheEntry> {
  const key = cpythonKey(context, toolchain, variant, keys.tree, keys.libs);
  return ensure(context, {
    name: "cpython",
    key,
    what: `configuring and compiling CPython (${variant})`,
    check: "hashes",
    timing: `cpython-${variant}`,
    needs,
    make: async (folder, { tree, libs }) => {
      const workspace = toolchain.workspace("cpython");
      try {
        copyInto(workspace, tree.folder, "src");
        copyInto(workspace, context.folders.recipe, "recipe");
        const prefix = copyInto(workspace, libs.folder, "libs");
        for (const name of ["work", "headers"]) {
          mkdirSync(join(workspace.folder, name));
        }
        for (const name of headersOfPatches(context)) {
          copyInto(workspace, join(context.folders.wasm, "include", name), `headers/${name}`);
        }
        const flags = context.recipe.cpython[variant];
        await workspace.run(["sh", `${workspace.inside}/recipe/cpython.sh`], "building CPython", {
          cwd: `${workspace.inside}/work`,
          env: {
            SOURCE: "../src",
            WEFT_LIBS: prefix,
            OUT: `${workspace.inside}/out`,
            VARIANT: variant,
            RECIPE: `${workspace.inside}/recipe`,
            PREFIX: context.recipe.prefix,
            JOBS: String(context.jobs),
            BUILD_PYTHON: `python${context.pins.toolchain.python}`,
            COUNTING_CFLAGS: context.recipe.profile.counting.join(" "),
            COUNTED_CFLAGS: context.recipe.profile.counted.join(" "),
            TOGETHER_CFLAGS: context.recipe.profile.together.join(" "),
            WEFT_OPT: flags.opt.join(" "),
            WEFT_CFLAGS: [...flags.cflags, `-I${workspace.inside}/headers`, `-ffile-prefix-map=${workspace.inside}=.`, "-Wno-unused-command-line-argument"].join(" "),
          },
        });
        cpSync(join(workspace.folder, "out"), folder, { recursive: true });
        return { place: workspace.inside };
      } finally {
        workspace.dispose();
      }
    },
  });
}
