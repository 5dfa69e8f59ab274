import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BuildError } from "../../src/build/errors.js";
import { hashText } from "../../src/build/hash.js";
import { outputPlaces, publish, type Manifest } from "../../src/build/output.js";
import { ensureSources, sameUpstream } from "../../src/build/sources.js";
import { LIBRARY } from "../../src/build/stdlib.js";
import { pythonVersion } from "../../src/build/tree.js";
import { chosenPatches } from "../../src/build/unpack.js";
import { temporaryFolder, testContext } from "./fixture.js";

describe("chosenPatches", () => {
  test("keeps the order of the series and skips comments", () => {
    const series = "#CVE-1.patch\nlayout.diff\nCVE-3.patch -p1\n\nssl-crash.patch # reason\nCVE-2.patch\n";
    expect(chosenPatches(series, ["^CVE-", "^ssl-"])).toEqual(["CVE-3.patch", "ssl-crash.patch", "CVE-2.patch"]);
  });
});

test("sameUpstream ignores Debian's revision only", () => {
  expect(sameUpstream("3.13.5-2+deb13u5", "3.13.5-2+deb13u6")).toBe(true);
  expect(sameUpstream("1:1.3.dfsg+really1.3.1-1", "1:1.3.dfsg+really1.3.1-2")).toBe(true);
  expect(sameUpstream("3.13.5-2", "3.13.6-1")).toBe(false);
});

describe("ensureSources from a folder", () => {
  function pinned(): { context: ReturnType<typeof testContext>["context"]; folder: string } {
    const { context } = testContext();
    const folder = temporaryFolder();
    writeFileSync(join(folder, "zlib.orig.tar.gz"), "tar");
    const sources = { zlib: { version: "1-1", upstream: "1", files: { "zlib.orig.tar.gz": hashText("tar") }, patches: [] } };
    return { context: { ...context, pins: { ...context.pins, sources } }, folder };
  }

  test("takes verified files", async () => {
    const { context, folder } = pinned();
    expect((await ensureSources(context, folder)).packages["zlib"]?.version).toBe("1-1");
  });

  test("refuses a file with another content", async () => {
    const { context, folder } = pinned();
    writeFileSync(join(folder, "zlib.orig.tar.gz"), "bad");
    await expect(ensureSources(context, folder)).rejects.toThrow(/has the sha256 .* instead of/);
  });

  test("names a missing file", async () => {
    const { context } = pinned();
    await expect(ensureSources(context, temporaryFolder())).rejects.toThrow("zlib.orig.tar.gz is missing");
  });
});

describe("pythonVersion", () => {
  test("accepts 3.13 only", () => {
    const folder = temporaryFolder();
    expect(() => pythonVersion(folder)).toThrow("holds no CPython source tree");
    mkdirSync(join(folder, "Include"));
    writeFileSync(join(folder, "Include/patchlevel.h"), '#define PY_VERSION              "3.14.0"\n');
    expect(() => pythonVersion(folder)).toThrow("holds CPython 3.14.0");
    writeFileSync(join(folder, "Include/patchlevel.h"), '#define PY_VERSION              "3.13.7+"\n');
    expect(pythonVersion(folder)).toBe("3.13.7");
  });
});

describe("publish", () => {
  function output(text: string): { manifest: Manifest; stages: Parameters<typeof publish>[2] } {
    const [stdlib, link] = [temporaryFolder(), temporaryFolder()];
    for (const name of LIBRARY) {
      writeFileSync(join(stdlib, name), text);
    }
    writeFileSync(join(link, "weft.mjs"), text);
    writeFileSync(join(link, "weft.wasm"), text);
    const file = { size: text.length, sha256: hashText(text) };
    const manifest = { name: "weft", files: { "weft.mjs": file, "weft.wasm": file, ...Object.fromEntries(LIBRARY.map((name) => [name, file])) } } as unknown as Manifest;
    return { manifest, stages: outputPlaces({ stdlib: { folder: stdlib, facts: {} }, link: { folder: link, facts: {} }, finish: { folder: link, facts: {} } }) };
  }

  test("replaces an older output and notices an unchanged or damaged one", () => {
    const out = join(temporaryFolder(), "a/b");
    const [one, two] = [output("one"), output("two")];
    expect(publish(out, one.manifest, one.stages)).toBe(false);
    expect(publish(out, one.manifest, one.stages)).toBe(true);
    expect(publish(out, two.manifest, two.stages)).toBe(false);
    writeFileSync(join(out, "weft.wasm"), "xxx");
    expect(publish(out, two.manifest, two.stages)).toBe(false);
    expect(publish(out, two.manifest, two.stages)).toBe(true);
  });

  test("does not replace a folder that is not an output", () => {
    const out = temporaryFolder();
    writeFileSync(join(out, "thesis.txt"), "");
    const one = output("one");
    expect(() => publish(out, one.manifest, one.stages)).toThrow(BuildError);
  });
});
