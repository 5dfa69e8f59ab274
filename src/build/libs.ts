import { join } from "node:path";
import { cpSync } from "node:fs";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, keyOf, type Inputs } from "./hash.js";
import type { Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { copyInto, unpack } from "./unpack.js";

/** Source packages of the libraries, with the names that the Makefile has for their folders. */
export const LIBRARIES = { zlib: "ZLIB", bzip2: "BZIP2", "xz-utils": "XZ", sqlite3: "SQLITE", libffi: "FFI" } as const;

/** Key of the libraries. */
export function libsKey(context: BuildContext, toolchain: Toolchain, sources: Sources): string {
  return keyOf({
    toolchain: toolchain.identity,
    sources: Object.fromEntries(
      Object.keys(LIBRARIES).map((name) => [name, { files: sources.packages[name]!.files, patches: context.pins.sources[name]!.patches }]),
    ) as Inputs,
    recipe: describeFiles(join(context.folders.recipe, "libs")),
    flags: context.recipe.libs.cflags,
    epoch: context.recipe.epoch,
  });
}

/** The C libraries that standard modules need: `include/` and `lib/`. */
export async function ensureLibs(context: BuildContext, toolchain: Toolchain, sources: Sources): Promise<CacheEntry> {
  return ensure(context, {
    name: "libs",
    key: libsKey(context, toolchain, sources),
    what: "compiling zlib, bzip2, xz, sqlite and libffi",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      const workspace = toolchain.workspace("libs");
      try {
        const variables: string[] = [];
        for (const [name, variable] of Object.entries(LIBRARIES)) {
          await unpack(sources, name, context.pins.sources[name]!.patches, workspace);
          variables.push(`${variable}=${workspace.inside}/${name}`);
        }
        const here = copyInto(workspace, join(context.folders.recipe, "libs"), "recipe");
        const cflags = [...context.recipe.libs.cflags, `-ffile-prefix-map=${workspace.inside}=.`];
        await workspace.run(
          [
            "make", `-j${context.jobs}`, "-f", `${here}/Makefile`, ...variables, `HERE=${here}`, `OUT=${workspace.inside}/out`, "CC=emcc", "AR=emar", "TCLSH=tclsh",
            `FFI_VERSION=${sources.packages["libffi"]!.upstream}`, `WEFT_CFLAGS=${cflags.join(" ")}`,
          ],
          "compiling the libraries",
        );
        cpSync(join(workspace.folder, "out"), folder, { recursive: true });
        return {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
