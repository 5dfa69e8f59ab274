import { copyFileSync, cpSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { entryName, type CacheEntry } from "../cache.js";
import { ensure } from "../ensure.js";
import { describeFiles, hashFile, keyOf } from "../hash.js";
import { compileLibraries, librarySources } from "../libs.js";
import type { Sources } from "../sources.js";
import type { BuildContext } from "../stage.js";
import { WHOLE_LIBRARY } from "../stdlib.js";
import { copyInto, writeInto } from "../unpack.js";
import type { SoloRecipe } from "./recipe.js";
import type { SoloToolchain } from "./toolchain.js";
import { witHeader } from "./wit-header.js";

/** What the stages of the solo profile share. */
export interface SoloStages {
  readonly context: BuildContext;
  readonly toolchain: SoloToolchain;
  readonly recipe: SoloRecipe;
}

/** The headers that patched CPython includes. */
const PATCH_HEADERS = ["solo/include/weft_solo.h", "include/weft_memory.h", "include/weft_interrupt.h"];
/** Files below `wasm/` of which the component is made. */
const OURS = /^(solo|snapshot|sys|include)(\/.*)?$/;

/** The C libraries that standard modules need, without threads. */
export async function ensureSoloLibs({ context, toolchain, recipe }: SoloStages, sources: Sources): Promise<CacheEntry> {
  const folders = context.folders.recipe;
  return ensure(context, {
    name: "solo-libs",
    key: keyOf({
      toolchain: toolchain.identity,
      sources: librarySources(context, sources),
      recipe: [describeFiles(join(folders, "libs")), hashFile(join(folders, "solo/libs.mk"))],
      flags: [...recipe.cflags, ...recipe.libs],
      epoch: context.recipe.epoch,
    }),
    what: "compiling zlib, bzip2, xz and sqlite for WASI",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      await compileLibraries(context, toolchain, sources, folder, {
        stage: "solo-libs",
        make: (workspace) => [
          "make", "-f", copyInto(workspace, join(folders, "solo/libs.mk"), "libs.mk"), "solo", `CC=${toolchain.cc}`, `AR=${toolchain.ar}`,
          `WEFT_CFLAGS=${[...recipe.cflags, ...recipe.libs, `-ffile-prefix-map=${workspace.inside}=.`].join(" ")}`,
        ],
      });
      return {};
    },
  });
}

/** CPython's static libraries, headers and configuration variables. */
export async function ensureSoloCpython(stages: SoloStages, keys: { tree: string }, needs: { tree: () => Promise<CacheEntry>; libs: CacheEntry }): Promise<CacheEntry> {
  const { context, toolchain, recipe } = stages;
  const folders = context.folders.recipe;
  const scripts = ["solo/cpython.sh", "solo/config.site", "modules/static.mk"];
  return ensure(context, {
    name: "solo-cpython",
    key: keyOf({
      toolchain: toolchain.identity,
      tree: keys.tree,
      libs: entryName(needs.libs),
      recipe: scripts.map((name) => hashFile(join(folders, name))),
      headers: PATCH_HEADERS.map((name) => hashFile(join(context.folders.wasm, name))),
      flags: [recipe.target, ...recipe.cflags, ...recipe.opt],
      prefix: context.recipe.prefix,
      epoch: context.recipe.epoch,
    }),
    what: "configuring and compiling CPython for WASI",
    check: "hashes",
    needs: needs.tree,
    make: async (folder, tree) => {
      const workspace = toolchain.workspace("solo-cpython");
      try {
        copyInto(workspace, tree.folder, "src");
        const own = copyInto(workspace, folders, "recipe");
        const prefix = copyInto(workspace, needs.libs.folder, "libs");
        for (const name of ["work", "headers"]) {
          mkdirSync(join(workspace.folder, name));
        }
        for (const name of PATCH_HEADERS) {
          copyInto(workspace, join(context.folders.wasm, name), `headers/${basename(name)}`);
        }
        await workspace.run(["sh", `${own}/solo/cpython.sh`], "building CPython", {
          cwd: `${workspace.inside}/work`,
          env: {
            SOURCE: "../src",
            WEFT_LIBS: prefix,
            OUT: `${workspace.inside}/out`,
            RECIPE: own,
            PREFIX: context.recipe.prefix,
            JOBS: String(context.jobs),
            BUILD_PYTHON: `python${context.pins.toolchain.python}`,
            CC: toolchain.cc,
            AR: toolchain.ar,
            WEFT_OPT: recipe.opt.join(" "),
            WEFT_CFLAGS: [...recipe.cflags, `-I${workspace.inside}/headers`, `-ffile-prefix-map=${workspace.inside}=.`].join(" "),
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

/** The module that becomes the component: our C, CPython, the libraries and the standard library. */
export async function ensureSoloCore({ context, toolchain, recipe }: SoloStages, needs: { cpython: CacheEntry; libs: CacheEntry; stdlib: CacheEntry }): Promise<CacheEntry> {
  const { recipe: folders, wasm } = context.folders;
  return ensure(context, {
    name: "solo-core",
    key: keyOf({
      toolchain: toolchain.identity,
      cpython: entryName(needs.cpython),
      libs: entryName(needs.libs),
      stdlib: entryName(needs.stdlib),
      wasm: describeFiles(wasm, (path) => OURS.test(path)),
      wit: hashFile(join(wasm, "weft.wit")),
      header: witHeader(readFileSync(join(wasm, "weft.wit"), "utf8")),
      recipe: hashFile(join(folders, "solo/link.mk")),
      flags: [...recipe.cflags, ...recipe.wasm, ...recipe.link],
    }),
    what: "compiling our C for WASI and linking",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      const workspace = toolchain.workspace("solo-core");
      try {
        for (const name of ["work", "out", "generated", "wasm"]) {
          mkdirSync(join(workspace.folder, name));
        }
        for (const name of ["solo", "snapshot", "sys", "include"]) {
          copyInto(workspace, join(wasm, name), `wasm/${name}`);
        }
        writeInto(workspace, "generated/weft_wit.h", witHeader(readFileSync(join(wasm, "weft.wit"), "utf8")));
        const makefile = copyInto(workspace, join(folders, "solo/link.mk"), "link.mk");
        const python = copyInto(workspace, needs.cpython.folder, "cpython");
        const prefix = copyInto(workspace, needs.libs.folder, "libs");
        const archive = copyInto(workspace, join(needs.stdlib.folder, WHOLE_LIBRARY), WHOLE_LIBRARY);
        await workspace.run(
          [
            "make", `-j${context.jobs}`, "-f", makefile, `WASM=${workspace.inside}/wasm`, `GENERATED=${workspace.inside}/generated`, `CPYTHON=${python}`, `WEFT_LIBS=${prefix}`, `STDLIB=${archive}`,
            `OUT=${workspace.inside}/out`, `CC=${toolchain.cc}`, `WEFT_CFLAGS=${[...recipe.cflags, ...recipe.wasm, `-ffile-prefix-map=${workspace.inside}=.`].join(" ")}`,
            `WEFT_LDFLAGS=${recipe.link.join(" ")}`,
          ],
          "compiling our C and linking",
          { cwd: `${workspace.inside}/work` },
        );
        copyFileSync(join(workspace.folder, "out/core.wasm"), join(folder, "core.wasm"));
        return {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
