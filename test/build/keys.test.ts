import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stageKeys } from "../../src/build/build.js";
import { keyOf } from "../../src/build/hash.js";
import { readPins, readRecipe } from "../../src/build/recipe.js";
import type { StageKeys } from "../../src/build/output.js";
import type { Sources } from "../../src/build/sources.js";
import type { BuildContext } from "../../src/build/stage.js";
import type { Toolchain } from "../../src/build/toolchain.js";
import { headersOfPatches } from "../../src/build/tree.js";
import { testContext } from "./fixture.js";

const ALL = ["libs", "tree", "cpython", "stdlib", "link", "finish"];

function toolchain(version: string): Toolchain {
  const unused = (): never => {
    throw new Error("keys need no tools");
  };
  return { identity: { emscripten: version }, workspace: unused, native: unused, python: unused };
}

function keys(context: BuildContext, version = "3.1.69"): StageKeys {
  const packages: Sources["packages"] = context.pins.sources;
  const sources = { folder: "/nowhere", packages };
  return stageKeys(context, toolchain(version), sources, { kind: "pinned", sources }, "release");
}

/** Names of the stages whose keys differ after a change. */
function changedBy(change: (root: string) => void): string[] {
  const { context, root } = testContext();
  const before = keys(context);
  change(root);
  const after = keys({ ...context, pins: readPins(context.folders.recipe), recipe: readRecipe(context.folders.recipe) });
  return ALL.filter((stage) => before[stage as keyof StageKeys] !== after[stage as keyof StageKeys]);
}

function editJson(path: string, edit: (value: any) => void): void {
  const value = JSON.parse(readFileSync(path, "utf8"));
  edit(value);
  writeFileSync(path, JSON.stringify(value));
}

describe("stageKeys", () => {
  test("stay the same when nothing changes", () => {
    expect(changedBy(() => undefined)).toEqual([]);
  });

  test("our C only links again", () => {
    expect(changedBy((root) => appendFileSync(join(root, "wasm/main/main.c"), "\n"))).toEqual(["link", "finish"]);
  });

  test("a new C file links again", () => {
    expect(changedBy((root) => writeFileSync(join(root, "wasm/main/new.c"), ""))).toEqual(["link", "finish"]);
  });

  test("a file that is not compiled changes nothing", () => {
    expect(changedBy((root) => writeFileSync(join(root, "wasm/notes.md"), "x"))).toEqual([]);
  });

  test("a header that patched CPython includes compiles CPython again", () => {
    const { context } = testContext();
    const [header] = headersOfPatches(context);
    expect(header).toBeDefined();
    expect(changedBy((root) => appendFileSync(join(root, "wasm/include", header!), "\n"))).toEqual(["cpython", "stdlib", "link", "finish"]);
  });

  test("a patch leaves the libraries alone", () => {
    expect(changedBy((root) => writeFileSync(join(root, "cpython-build/patches/9999-new.patch"), "x"))).toEqual(["tree", "cpython", "stdlib", "link", "finish"]);
  });

  test("an answer of configure leaves the libraries and the tree alone", () => {
    expect(changedBy((root) => appendFileSync(join(root, "cpython-build/config.site"), "ac_cv_x=no\n"))).toEqual(["cpython", "stdlib", "link", "finish"]);
  });

  test("the profile compiles CPython again, that of branches only finishes the module again, and the script that makes them nothing", () => {
    expect(changedBy((root) => appendFileSync(join(root, "cpython-build/profile/counts.txt"), "#\n"))).toEqual(["cpython", "stdlib", "link", "finish"]);
    expect(changedBy((root) => appendFileSync(join(root, "cpython-build/profile/branches.txt"), "#\n"))).toEqual(["finish"]);
    expect(changedBy((root) => appendFileSync(join(root, "cpython-build/profile/count.py"), "#\n"))).toEqual([]);
  });

  test("link flags only link again", () => {
    expect(changedBy((root) => editJson(join(root, "cpython-build/recipe.json"), (recipe) => recipe.link.flags.push("-sX=1")))).toEqual(["link", "finish"]);
  });

  test("flags of another variant change nothing", () => {
    expect(changedBy((root) => editJson(join(root, "cpython-build/recipe.json"), (recipe) => recipe.cpython.debug.cflags.push("-g")))).toEqual([]);
  });

  test("the packing script only packs again", () => {
    expect(changedBy((root) => appendFileSync(join(root, "cpython-build/stdlib.py"), "\n"))).toEqual(["stdlib"]);
  });

  test("modules of ours only pack again, also those of the package", () => {
    expect(changedBy((root) => appendFileSync(join(root, "wasm/library/js.py"), "\n"))).toEqual(["stdlib"]);
    expect(changedBy((root) => appendFileSync(join(root, "wasm/library/weft/page.py"), "\n"))).toEqual(["stdlib"]);
    expect(changedBy((root) => mkdirSync(join(root, "wasm/library/weft/__pycache__")))).toEqual([]);
  });

  test("another zlib compiles everything but the tree again", () => {
    const edit = (pins: any): void => {
      const [file] = Object.keys(pins.sources.zlib.files);
      pins.sources.zlib.files[file!] = "0".repeat(64);
    };
    expect(changedBy((root) => editJson(join(root, "cpython-build/pins.json"), edit))).toEqual(["libs", "cpython", "stdlib", "link", "finish"]);
  });

  test("another CPython leaves the libraries alone", () => {
    const edit = (pins: any): void => {
      const [file] = Object.keys(pins.sources["python3.13"].files);
      pins.sources["python3.13"].files[file!] = "0".repeat(64);
    };
    expect(changedBy((root) => editJson(join(root, "cpython-build/pins.json"), edit))).toEqual(["tree", "cpython", "stdlib", "link", "finish"]);
  });

  test("another toolchain compiles all but the tree again", () => {
    const { context } = testContext();
    const [before, after] = [keys(context), keys(context, "3.1.70")];
    expect(ALL.filter((stage) => before[stage as keyof StageKeys] !== after[stage as keyof StageKeys])).toEqual(["libs", "cpython", "stdlib", "link", "finish"]);
  });

  test("variants share the libraries and the tree", () => {
    const { context } = testContext();
    const sources = { folder: "/nowhere", packages: context.pins.sources };
    const of = (variant: "release" | "test" | "debug"): StageKeys => stageKeys(context, toolchain("1"), sources, { kind: "pinned", sources }, variant);
    const [release, variantTest, debug] = [of("release"), of("test"), of("debug")];
    expect(new Set([release.libs, variantTest.libs, debug.libs]).size).toBe(1);
    expect(new Set([release.tree, variantTest.tree, debug.tree]).size).toBe(1);
    expect(new Set([release.cpython, variantTest.cpython, debug.cpython]).size).toBe(3);
  });
});

describe("keyOf", () => {
  test("does not depend on the order of properties", () => {
    expect(keyOf({ a: "1", b: { c: 2, d: [3] } })).toBe(keyOf({ b: { d: [3], c: 2 }, a: "1" }));
  });

  test("tells values of different types and places apart", () => {
    const all = [keyOf({ a: "1" }), keyOf({ a: 1 }), keyOf({ a: ["1"] }), keyOf({ b: "1" }), keyOf({ a: ["1", ""] }), keyOf({ a: null })];
    expect(new Set(all).size).toBe(all.length);
  });
});
