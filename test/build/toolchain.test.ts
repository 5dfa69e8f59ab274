import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { findToolchain } from "../../src/build/toolchain.js";
import { temporaryFolder, testContext } from "./fixture.js";

const PATH = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = PATH;
});

const TOOLS = ["emar", "emconfigure", "emmake", "make", "patch", "tclsh", "tar", "xz", "bzip2", "python3.13", "cc"];

/** A PATH with nothing but these programs, each of which prints a line. */
function machine(programs: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${line}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env["PATH"] = folder;
  return folder;
}

const emcc = (version: string): Record<string, string> => ({
  ...Object.fromEntries(TOOLS.map((name) => [name, name])),
  emcc: `emcc (Emscripten gcc/clang-like replacement + linker emulating GNU ld) ${version}`,
});

describe("an Emscripten on PATH", () => {
  test.each(["3.1.60", "3.1.74", "3.2.0"])("%s is taken, and is part of the keys", async (version) => {
    const { context } = testContext();
    const folder = machine(emcc(version));
    const { identity, python } = await findToolchain("auto", context);
    expect(identity).toEqual({ emcc: expect.stringContaining(version) as string, place: join(folder, "emcc"), python: "python3.13", hostCompiler: "cc" });
    expect(python()).toEqual({ program: join(folder, "python3.13"), arguments: [] });
  });

  test.each([
    ["3.1.59", "emcc is 3.1.59, not 3.1.60 or a later 3.x"],
    ["4.0.1", "emcc is 4.0.1, not 3.1.60 or a later 3.x"],
    ["of another kind", "emcc is broken, not 3.1.60 or a later 3.x"],
  ])("%s does not suit", async (version, reason) => {
    const { context } = testContext();
    machine(emcc(version));
    await expect(findToolchain("path", context)).rejects.toThrow(`the toolchain on PATH does not suit: ${reason}`);
  });

  test("without its companions names what is missing", async () => {
    const { context } = testContext();
    machine(Object.fromEntries(Object.entries(emcc("3.1.69")).filter(([name]) => name !== "cc" && name !== "tclsh")));
    await expect(findToolchain("path", context)).rejects.toThrow("emcc 3.1.69 is there, but not tclsh, a C compiler for this machine");
  });

  test("that is not there", async () => {
    const { context } = testContext();
    machine({});
    await expect(findToolchain("path", context)).rejects.toThrow("the toolchain on PATH does not suit: there is no emcc");
  });
});
