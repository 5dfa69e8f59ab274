import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { describeFiles, hashText, keyOf, listFiles, type Inputs } from "./hash.js";
import type { Sources } from "./sources.js";
import type { BuildContext } from "./stage.js";
import type { Toolchain } from "./toolchain.js";
import { applyPatch, unpack, writeInto } from "./unpack.js";

/** Folders of CPython's tree that no stage reads. */
const UNUSED = ["debian", "Doc", "Mac", "PC", "PCbuild", "Android", "iOS", ".git", ".github", "Lib/idlelib", "Lib/turtledemo"];

/** The folders of our patches, below the recipe's, for the threaded profile. */
const PATCHES: readonly string[] = ["patches"];

/** Where CPython comes from: the pinned source package, or a folder of the user's. */
export type PythonOrigin =
  | {
      readonly kind: "pinned";
      readonly sources: Sources;
      /** Whether our patches are applied too; they are by default. */
      readonly ours?: boolean;
    }
  | { readonly kind: "folder"; readonly folder: string };

/** Key of the patched tree. */
export function treeKey(context: BuildContext, origin: PythonOrigin, folders: readonly string[] = PATCHES): string {
  if (origin.kind === "folder") {
    pythonVersion(origin.folder);
  }
  return keyOf({
    python:
      origin.kind === "pinned"
        ? ({ files: origin.sources.packages["python3.13"]!.files, patches: context.pins.sources["python3.13"]!.patches } as Inputs)
        : { folder: hashText(JSON.stringify(describeFiles(origin.folder, keepSource))) },
    patches: patchesFor(context, origin, folders).map(([name, text]) => [name, hashText(text)]),
    unused: UNUSED,
  });
}

/**
 * CPython's tree with our patches, and for the pinned source also Debian's security patches.
 *
 * @throws BuildError when a patch does not apply, or the folder is not CPython 3.13
 */
export async function ensureTree(context: BuildContext, toolchain: Toolchain, origin: PythonOrigin, key: string, folders: readonly string[] = PATCHES): Promise<CacheEntry> {
  return ensure(context, {
    name: "tree",
    key,
    what: "unpacking and patching CPython",
    check: "sizes",
    needs: async () => undefined,
    make: async (folder) => {
      const workspace = toolchain.workspace("tree");
      try {
        let debian: string[] = [];
        if (origin.kind === "pinned") {
          debian = (await unpack(origin.sources, "python3.13", context.pins.sources["python3.13"]!.patches, workspace)).applied;
        } else {
          cpSync(origin.folder, join(workspace.folder, "python3.13"), { recursive: true, verbatimSymlinks: true, filter: (path) => keepSource(path.slice(origin.folder.length + 1)) });
          if (treeKey(context, { kind: "folder", folder: join(workspace.folder, "python3.13") }, folders) !== key) {
            throw new BuildError(`${origin.folder} changed during the build; start it again`);
          }
        }
        const version = pythonVersion(join(workspace.folder, "python3.13"));
        const ours = patchesFor(context, origin, folders);
        for (const [name, text] of ours) {
          await applyPatch(workspace, "python3.13", writeInto(workspace, name, text));
        }
        for (const name of UNUSED) {
          rmSync(join(workspace.folder, "python3.13", name), { recursive: true, force: true });
        }
        cpSync(join(workspace.folder, "python3.13"), folder, { recursive: true, verbatimSymlinks: true });
        return { version, patches: { debian, ours: ours.map(([name]) => name) } };
      } finally {
        workspace.dispose();
      }
    },
  });
}

/** @throws BuildError unless the folder is CPython 3.13 */
export function pythonVersion(folder: string): string {
  const header = join(folder, "Include/patchlevel.h");
  const version = existsSync(header) ? /#define PY_VERSION\s+"([^"]+)"/.exec(readFileSync(header, "utf8"))?.[1] : undefined;
  if (version === undefined || !version.startsWith("3.13.")) {
    throw new BuildError(`${folder} holds ${version === undefined ? "no CPython source tree" : `CPython ${version}`}; --source takes a tree of CPython 3.13.x`);
  }
  return version.replace(/\+$/, "");
}

/** What builds inside of a user's tree leave behind must not change its key. */
function keepSource(path: string): boolean {
  return !/(^|\/)(__pycache__|\.git)$|\.(o|a|so|pyc)$/.test(path);
}

/**
 * Our headers that patched CPython includes, with those that they include: only changes of
 * these compile CPython again, not every change of our C.
 */
export function headersOfPatches(context: BuildContext): string[] {
  const folder = join(context.folders.wasm, "include");
  const found = new Set<string>();
  const collect = (text: string, line: RegExp): void => {
    for (const [, name] of text.matchAll(line)) {
      if (!found.has(name!) && existsSync(join(folder, name!))) {
        found.add(name!);
        collect(readFileSync(join(folder, name!), "utf8"), /^\s*#\s*include\s+"([^"]+)"/gm);
      }
    }
  };
  for (const [, text] of ourPatches(context, PATCHES)) {
    collect(text, /^\+\s*#\s*include\s+"(weft[^"]*)"/gm);
  }
  return [...found].sort();
}

function patchesFor(context: BuildContext, origin: PythonOrigin, folders: readonly string[]): [string, string][] {
  return origin.kind === "pinned" && origin.ours === false ? [] : ourPatches(context, folders);
}

/** Names and texts of our patches in the order in which they are applied. */
function ourPatches(context: BuildContext, folders: readonly string[]): [string, string][] {
  return folders.flatMap((name) => {
    const folder = join(context.folders.recipe, name);
    return existsSync(folder)
      ? listFiles(folder, (path) => path.endsWith(".patch")).map((file): [string, string] => [file, readFileSync(join(folder, file), "utf8")])
      : [];
  });
}
