import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Manifest } from "../../src/build/output.js";
import { run } from "../runtime/harness.js";
import { PACKAGE_ROOT, temporaryFolder } from "./fixture.js";

const PROFILE = join(PACKAGE_ROOT, "cpython-build/profile");

/** Runs counts.py with a folder of its own. */
async function counts(folder: string, ...args: string[]): Promise<string> {
  const outcome = await run("weft", ["run", "--mount", `${folder}:/data`, "--mount", `${PROFILE}:/profile:ro`, join(PROFILE, "counts.py"), ...args]);
  expect(outcome.stderr).toBe("");
  expect(outcome.status).toBe(0);
  return outcome.stdout;
}

test.each(["release", "test"])("of the %s variant, few functions have changed since they were counted", (variant) => {
  const manifest = JSON.parse(readFileSync(join(PACKAGE_ROOT, "dist/runtime", variant, "manifest.json"), "utf8")) as Manifest;
  const { functions, changed, new: added } = manifest.profile!;
  expect(functions).toBeGreaterThan(7000);
  // `npm run profile` counts again.
  expect(changed + added).toBeLessThan(functions / 100);
});

test("counts are added up, rounded, and become LLVM's text", async () => {
  const folder = temporaryFolder();
  const nameOf = (name: string): string => createHash("md5").update(name).digest().readBigUInt64LE(0).toString();
  const names = ["PyNumber_Add", "listobject.c:list_append"];
  const joined = Buffer.from(names.join("\x01"));
  const table = Buffer.concat([Buffer.from([joined.length, 0]), joined, Buffer.alloc(3)]).toString("hex");
  // Two runs; hashes and names have 64 bits, more than JavaScript's numbers.
  const record = (add: string, append: string): string =>
    `{"names": ["${table}"], "counters": [[${nameOf(names[0]!)}, 18446744073709551615, ${add}], [${nameOf(names[1]!)}, 17, ${append}]]}`;
  writeFileSync(join(folder, "a.json"), record("[1, 0, 0, 0, 99]", "[1234567]"));
  writeFileSync(join(folder, "b.json"), record("[2, 0, 0, 0, 1]", "[1]"));
  expect(await counts(folder, "collect", "/data", "/data/counts.txt")).toBe("/data/counts.txt: 2 functions, 2 of them ran\n");
  const kept = readFileSync(join(folder, "counts.txt"), "utf8");
  expect(kept.split("\n").filter((line) => !line.startsWith("#"))).toEqual(["-", " PyNumber_Add ffffffffffffffff 3 3*0 100", "listobject.c", " list_append 11 123e4", ""]);
  await counts(folder, "text", "/data/counts.txt", "/data/counts.proftext");
  expect(readFileSync(join(folder, "counts.proftext"), "utf8")).toBe(
    `PyNumber_Add\n18446744073709551615\n5\n3\n0\n0\n0\n100\n\n${names[1]}\n17\n1\n1230000\n\n`,
  );
});

test("what clang says of functions that have changed or are new is added up", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "counts.txt"), "# a comment\n-\n f 1 2\n g 1 2\n");
  writeFileSync(
    join(folder, "log"),
    [
      "warning: profile data may be out of date: of 20 functions, 3 have mismatched data that will be ignored [-Wprofile-instr-out-of-date]",
      "warning: profile data may be incomplete: of 20 functions, 1 has no data [-Wprofile-instr-missing]",
      "warning: profile data may be out of date: of 1 function, 1 has mismatched data that will be ignored [-Wprofile-instr-out-of-date]",
    ].join("\n"),
  );
  expect(JSON.parse(await counts(folder, "stale", "/data/counts.txt", "/data/log"))).toEqual({ functions: 2, changed: 4, new: 1 });
});
