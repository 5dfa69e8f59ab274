import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "../../src/build/cache.js";
import { ensureTree, treeKey, type PythonOrigin } from "../../src/build/tree.js";
import { pathWorkspace, type Toolchain } from "../../src/build/toolchain.js";
import { temporaryFolder, testContext } from "./fixture.js";

const ARCHIVE = /^python3\.13_3\.13\.\d+\.orig\.tar\.xz$/;

/** Upstream's archive, where a build has downloaded it. */
function archive(): string | undefined {
  const cache = cacheFolder();
  const folders = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("sources-")).map((name) => join(cache, name, "python3.13")) : [];
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder).filter((name) => ARCHIVE.test(name)).map((name) => join(folder, name)))[0];
}

test("--source: every patch applies to upstream's tree, of which a copy is used", { timeout: 120_000 }, async (test) => {
  const upstream = archive();
  if (upstream === undefined) {
    return test.skip(`no build has put CPython's source into ${cacheFolder()}`);
  }
  const missing = ["tar", "xz", "patch"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);
  if (missing.length > 0) {
    return test.skip(`this machine has no ${missing.join(", no ")}`);
  }
  const { context } = testContext();
  const patches = readdirSync(join(context.folders.recipe, "patches")).filter((name) => name.endsWith(".patch")).sort();
  const text = patches.map((name) => readFileSync(join(context.folders.recipe, "patches", name), "utf8")).join("\n");
  const named = (pattern: RegExp): Set<string> => new Set([...text.matchAll(pattern)].map((match) => match[1]!));
  // Some patch what another one has made; the rest of the tree would only take time.
  const made = named(/^--- \/dev\/null\n\+\+\+ b\/(\S+)/gm);
  const files = ["Include/patchlevel.h", ...[...named(/^--- a\/(\S+)/gm)].filter((file) => !made.has(file))];
  const folder = temporaryFolder();
  execFileSync("tar", ["-xJf", upstream, "-C", folder, "--strip-components=1", "--wildcards", ...files.map((file) => `*/${file}`)]);

  const toolchain = { workspace: (name: string) => pathWorkspace(context, name, "cc") } as Toolchain;
  const origin: PythonOrigin = { kind: "folder", folder };
  const key = treeKey(context, origin);
  const before = readFileSync(join(folder, "Python/lock.c"), "utf8");
  const tree = await ensureTree(context, toolchain, origin, key);
  expect(tree.facts).toMatchObject({ version: expect.stringMatching(/^3\.13\.\d+$/) as string, patches: { debian: [], ours: patches } });
  expect(readFileSync(join(tree.folder, "Python/lock.c"), "utf8")).toContain("_PyParkingLot_SetInterruptible");
  expect(readFileSync(join(folder, "Python/lock.c"), "utf8")).toBe(before);

  // What a build inside of the tree leaves behind is no change; a change of a file is.
  mkdirSync(join(folder, "Lib/__pycache__"), { recursive: true });
  writeFileSync(join(folder, "Lib/__pycache__/os.pyc"), "");
  expect(treeKey(context, origin)).toBe(key);
  writeFileSync(join(folder, "Python/lock.c"), `${before}\n`);
  expect(treeKey(context, origin)).not.toBe(key);
});
