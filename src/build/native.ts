import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inSnapshot, type ContextOptions } from "./build.js";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { hashFile, keyOf } from "./hash.js";
import { compileLibraries, libsKey } from "./libs.js";
import type { RootContents } from "./private-root.js";
import { ensureSources, type Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import { findToolchain, type NativeProgram, type Toolchain, type ToolchainChoice } from "./toolchain.js";
import { ensureTree, treeKey, type PythonOrigin } from "./tree.js";
import { copyInto } from "./unpack.js";

/** What {@link buildNative} is asked for. */
export interface NativeOptions extends ContextOptions {
  readonly toolchain?: ToolchainChoice | undefined;
  /** Whether it is built with `--enable-optimizations`. */
  readonly pgo: boolean;
}

/** CPythons for this machine, to compare with. */
export interface NativePythons {
  /** From our pinned source, without our patches. */
  readonly freeThreaded: NativeProgram;
  /** The toolchain's own, which has the GIL and all of its distribution's optimisations. */
  readonly withGil: NativeProgram;
  readonly compiler: string;
}

/** Entries of each stage that stay in the cache when they are no longer used. */
const KEPT_ENTRIES = 2;

/** Flags that CPython's own configure would choose, and code that shared modules can hold. */
const CFLAGS = ["-O3", "-g0", "-fPIC", "-fwrapv", "-Wall"];

/**
 * Builds the free-threaded CPython natively, or finds it in the cache.
 * @throws BuildError
 */
export async function buildNative(options: NativeOptions): Promise<NativePythons> {
  return inSnapshot(options, async (context) => {
    const toolchain = await findToolchain(options.toolchain ?? "auto", context, options.pgo ? profiling(context) : undefined);
    const sources = await ensureSources(context, undefined);
    const { folder } = await ensureNative(context, toolchain, sources, options.pgo);
    for (const stage of ["native", "native-libs"]) {
      context.cache.prune(stage, KEPT_ENTRIES);
    }
    return {
      freeThreaded: { ...toolchain.native(join(folder, "bin/python3.13t")), home: folder },
      withGil: toolchain.python(),
      compiler: toolchain.identity["clang-19"] === undefined ? toolchain.identity["hostCompiler"]! : `clang ${toolchain.identity["clang-19"]}`,
    };
  });
}

/** A private root in which clang has its library for programs that count, which those for wasm need not. */
function profiling({ pins }: BuildContext): RootContents {
  return {
    compiler: "clang and its profiling library",
    packages: pins.toolchain["native-pgo"],
    otherwise: "Emscripten and a C compiler for this machine on PATH",
    finish: () => undefined,
  };
}

/** zlib and sqlite for this machine, by the rules that make them for wasm. */
function ensureLibraries(context: BuildContext, toolchain: Toolchain, sources: Sources, key: string): Promise<CacheEntry> {
  return ensure(context, {
    name: "native-libs",
    key,
    what: "compiling zlib and sqlite for this machine",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      await compileLibraries(context, toolchain, sources, folder, {
        stage: "native-libs",
        make: (workspace, here) => [
          "sh", "-c", 'exec make "CC=$HOSTCC" "$@"', "make", "-f", `${here}/Makefile`, "AR=ar", `WEFT_CFLAGS=${CFLAGS.join(" ")} -pthread`, `${workspace.inside}/out/lib/libz.a`,
          `${workspace.inside}/out/lib/libsqlite3.a`,
          // Nobody downloads it: by the flags of all.
          "SQLITE_CFLAGS=",
        ],
        inside: "work",
      });
      return {};
    },
  });
}

function ensureNative(context: BuildContext, toolchain: Toolchain, sources: Sources, pgo: boolean): Promise<CacheEntry> {
  const script = join(context.folders.recipe, "native.sh");
  const origin: PythonOrigin = { kind: "pinned", sources, ours: false };
  const tree = treeKey(context, origin);
  const libs = keyOf({ libs: libsKey(context, toolchain, sources), flags: CFLAGS });
  return ensure(context, {
    name: "native",
    key: keyOf({ toolchain: toolchain.identity, tree, libs, script: hashFile(script), flags: CFLAGS, pgo }),
    what: `compiling CPython for this machine${pgo ? " with --enable-optimizations" : ""}`,
    check: "sizes",
    timing: pgo ? "native-pgo" : "native",
    needs: async () => ({ libs: await ensureLibraries(context, toolchain, sources, libs), source: await ensureTree(context, toolchain, origin, tree) }),
    make: async (folder, needs) => {
      const workspace = toolchain.workspace("native");
      try {
        copyInto(workspace, needs.source.folder, "src");
        const here = copyInto(workspace, script, "native.sh");
        mkdirSync(join(workspace.folder, "work"));
        await workspace.run(["sh", here], "building CPython for this machine", {
          cwd: `${workspace.inside}/work`,
          env: {
            SOURCE: "../src",
            NATIVE_LIBS: copyInto(workspace, needs.libs.folder, "libs"),
            OUT: `${workspace.inside}/out`,
            JOBS: String(context.jobs),
            PGO: pgo ? "yes" : "no",
            BUILD_CFLAGS: CFLAGS.join(" "),
          },
        });
        // With their times, by which Python knows that its bytecode is up to date: it would write it anew, and damage the entry.
        cpSync(join(workspace.folder, "out"), folder, { recursive: true, preserveTimestamps: true });
        return {};
      } finally {
        workspace.dispose();
      }
    },
  });
}
