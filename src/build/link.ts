import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { functionsHeader } from "../abi/functions-header.js";
import { FUNCTIONS } from "../abi/functions.js";
import { layoutHeader } from "../abi/layout-header.js";
import { LAYOUT } from "../abi/layout.js";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, hashFile, keyOf, listFiles } from "./hash.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { copyInto, writeInto } from "./unpack.js";

/** Our files below `wasm/` that are compiled or linked. */
export function wasmFiles(context: BuildContext): string[] {
  const { exclude } = context.recipe.link;
  return listFiles(context.folders.wasm, (path) => !exclude.includes(path)).filter((path) => /\.[ch]$|-library\.js$|\.mjs$/.test(path));
}

/** Key of the linked program. */
export function linkKey(context: BuildContext, toolchain: Toolchain, variant: Variant, cpython: string, libs: string): string {
  const files = new Set(wasmFiles(context));
  const { cflags, flags } = context.recipe.link;
  return keyOf({
    toolchain: toolchain.identity,
    cpython,
    libs,
    wasm: describeFiles(context.folders.wasm, (path) => files.has(path) || [...files].some((file) => file.startsWith(`${path}/`))),
    recipe: ["link.mk", "symbols.py"].map((name) => hashFile(join(context.folders.recipe, name))),
    stdlib: context.recipe.stdlib,
    functions: functionsHeader(FUNCTIONS),
    layout: layoutHeader(LAYOUT),
    flags: { cflags, flags, variant: context.recipe.link[variant] },
    epoch: context.recipe.epoch,
  });
}

/** `weft.mjs` and `weft.wasm`: our C, CPython and the libraries. */
export async function ensureLink(
  context: BuildContext,
  toolchain: Toolchain,
  variant: Variant,
  keys: { cpython: string; libs: string },
  needs: () => Promise<{ cpython: CacheEntry; libs: CacheEntry }>,
): Promise<CacheEntry> {
  return ensure(context, {
    name: "link",
    key: linkKey(context, toolchain, variant, keys.cpython, keys.libs),
    what: `compiling our C and linking (${variant})`,
    check: "hashes",
    timing: `link-${variant}`,
    needs,
    make: async (folder, { cpython, libs }) => {
      const workspace = toolchain.workspace("link");
      try {
        for (const path of wasmFiles(context)) {
          mkdirSync(join(workspace.folder, "wasm", path, ".."), { recursive: true });
          cpSync(join(context.folders.wasm, path), join(workspace.folder, "wasm", path));
        }
        const recipe = copyInto(workspace, join(context.folders.recipe, "link.mk"), "link.mk");
        const symbols = copyInto(workspace, join(context.folders.recipe, "symbols.py"), "symbols.py");
        const python = copyInto(workspace, cpython.folder, "cpython");
        const prefix = copyInto(workspace, libs.folder, "libs");
        writeInto(workspace, "wasm/include/weft_functions.h", functionsHeader(FUNCTIONS));
        writeInto(workspace, "wasm/include/weft_layout.h", layoutHeader(LAYOUT));
        for (const name of ["work", "out"]) {
          mkdirSync(join(workspace.folder, name));
        }
        const files = wasmFiles(context);
        const { cflags, flags } = context.recipe.link;
        // A file keeps the dollar signs of JavaScript symbols from make and the shell.
        const ldflags = writeInto(workspace, "ldflags", `${[...flags, ...context.recipe.link[variant]].join("\n")}\n`);
        await workspace.run(
          [
            "make", `-j${context.jobs}`, "-f", recipe, `WASM=${workspace.inside}/wasm`, `CPYTHON=${python}`, `WEFT_LIBS=${prefix}`,
            `SOURCES=${files.filter((path) => path.endsWith(".c")).join(" ")}`, `JS_LIBRARIES=${files.filter((path) => path.endsWith(".js")).join(" ")}`,
            `OUT=${workspace.inside}/out`, "CC=emcc", "NM=emnm", `SYMBOLS=${symbols}`, `PYTHON=python${context.pins.toolchain.python}`,
            `WEFT_CFLAGS=${[...cflags, `-DWEFT_STDLIB='"${context.recipe.stdlib}"'`, `-ffile-prefix-map=${workspace.inside}=.`].join(" ")}`,
            `WEFT_LDFLAGS=@${ldflags}`,
          ],
          "compiling our C and linking",
          { cwd: `${workspace.inside}/work` },
        );
        cpSync(join(workspace.folder, "out"), folder, { recursive: true });
        const profile = join(cpython.folder, "profile.json");
        return existsSync(profile) ? { profile: JSON.parse(readFileSync(profile, "utf8")) } : {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
