import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./errors.js";
import type { Sources } from "./sources.js";
import type { Workspace } from "./toolchain.js";

/**
 * Unpacks a source package in a workspace and applies the chosen ones of Debian's patches.
 *
 * @param choose expressions; a patch is applied if its name matches one of them
 * @returns the name of the unpacked folder and those of the patches
 */
export async function unpack(
  sources: Sources,
  name: string,
  choose: readonly string[],
  workspace: Workspace,
): Promise<{ folder: string; applied: string[] }> {
  const from = join(sources.folder, name);
  const archives = readdirSync(from);
  const original = archives.find((file) => /\.orig\.tar\./.test(file));
  const debian = archives.find((file) => /\.debian\.tar\./.test(file));
  if (original === undefined || debian === undefined) {
    throw new BuildError(`the source package ${name} has no original or no Debian archive: ${archives.join(", ")}`);
  }
  const packed = join(workspace.folder, "packed");
  mkdirSync(packed, { recursive: true });
  for (const file of [original, debian]) {
    cpSync(join(from, file), join(packed, file));
  }
  mkdirSync(join(workspace.folder, name));
  await workspace.run(["tar", "-x", "--no-same-owner", "--strip-components=1", "-C", `${workspace.inside}/${name}`, "-f", `${workspace.inside}/packed/${original}`], `unpacking ${original}`);
  await workspace.run(["tar", "-x", "--no-same-owner", "-C", `${workspace.inside}/${name}`, "-f", `${workspace.inside}/packed/${debian}`], `unpacking ${debian}`);
  const applied = chosenPatches(readFileSync(join(workspace.folder, name, "debian/patches/series"), "utf8"), choose);
  for (const patch of applied) {
    await applyPatch(workspace, name, `${workspace.inside}/${name}/debian/patches/${patch}`);
  }
  return { folder: name, applied };
}

/** Names of the chosen patches in the order of Debian's series. */
export function chosenPatches(series: string, choose: readonly string[]): string[] {
  const expressions = choose.map((text) => new RegExp(text));
  return series
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*/, "").trim().split(/\s/)[0]!)
    .filter((patch) => patch !== "" && expressions.some((expression) => expression.test(patch)));
}

/** Applies a patch exactly: shifted lines are accepted, different context is not. */
export async function applyPatch(workspace: Workspace, folder: string, patch: string): Promise<void> {
  await workspace.run(["patch", "-p1", "--batch", "--forward", "--fuzz=0", "--no-backup-if-mismatch", "-i", patch], `applying ${patch.replace(/.*\//, "")}`, {
    cwd: `${workspace.inside}/${folder}`,
  });
}

/** Copies files of ours to a workspace. */
export function copyInto(workspace: Workspace, from: string, to: string): string {
  cpSync(from, join(workspace.folder, to), { recursive: true, verbatimSymlinks: true });
  return `${workspace.inside}/${to}`;
}

/** Writes a file in a workspace and returns its path for the tools. */
export function writeInto(workspace: Workspace, path: string, text: string): string {
  writeFileSync(join(workspace.folder, path), text);
  return `${workspace.inside}/${path}`;
}
