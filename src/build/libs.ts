import { join } from "node:path";
import { cpSync, mkdirSync } from "node:fs";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { describeFiles, keyOf, type Inputs } from "./hash.js";
import type { Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain, Workspace } from "./toolchain.js";
import { copyInto, unpack } from "./unpack.js";

/** Source packages of the libraries, with the names that the Makefile has for their folders. */
export const LIBRARIES = { zlib: "ZLIB", bzip2: "BZIP2", "xz-utils": "XZ", sqlite3: "SQLITE", libffi: "FFI" } as const;

/** What the libraries' sources are, for a key. */
export function librarySources(context: BuildContext, sources: Sources): Inputs {
  return Object.fromEntries(Object.keys(LIBRARIES).map((name) => [name, { files: sources.packages[name]!.files, patches: context.pins.sources[name]!.patches }])) as Inputs;
}

/** How one of the builds compiles the libraries. */
export interface LibrariesBuild {
  /** Name of its stage. */
  readonly stage: string;
  /** The command `make` with its makefile, tools, flags and targets. @param here the folder with the rules. */
  readonly make: (workspace: Workspace, here: string) => readonly [string, ...string[]];
  /** Name of a folder in the workspace in which it runs; the workspace itself by default. */
  readonly inside?: string;
}

/** Compiles the libraries by the rules in `cpython-build/libs`, and puts `include/` and `lib/` into a folder. */
export async function compileLibraries(context: BuildContext, toolchain: Toolchain, sources: Sources, folder: string, { stage, make, inside }: LibrariesBuild): Promise<void> {
  const workspace = toolchain.workspace(stage);
  try {
    const variables: string[] = [];
    for (const [name, variable] of Object.entries(LIBRARIES)) {
      await unpack(sources, name, context.pins.sources[name]!.patches, workspace);
      variables.push(`${variable}=${workspace.inside}/${name}`);
    }
    const here = copyInto(workspace, join(context.folders.recipe, "libs"), "recipe");
    if (inside !== undefined) {
      mkdirSync(join(workspace.folder, inside));
    }
    await workspace.run(
      [...make(workspace, here), `-j${context.jobs}`, ...variables, `HERE=${here}`, `OUT=${workspace.inside}/out`, "TCLSH=tclsh", `FFI_VERSION=${sources.packages["libffi"]!.upstream}`],
      "compiling the libraries",
      inside === undefined ? {} : { cwd: `${workspace.inside}/${inside}` },
    );
    cpSync(join(workspace.folder, "out"), folder, { recursive: true });
  } finally {
    workspace.dispose();
  }
}

/** Key of the libraries. */
export function libsKey(context: BuildContext, toolchain: Toolchain, sources: Sources): string {
  return keyOf({
    toolchain: toolchain.identity,
    sources: librarySources(context, sources),
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
      await compileLibraries(context, toolchain, sources, folder, {
        stage: "libs",
        make: (workspace, here) => ["make", "-f", `${here}/Makefile`, "CC=emcc", "AR=emar", `WEFT_CFLAGS=${[...context.recipe.libs.cflags, `-ffile-prefix-map=${workspace.inside}=.`].join(" ")}`],
      });
      return {};
    },
  });
}
