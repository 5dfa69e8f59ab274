import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { listFiles } from "../../src/build/hash.js";
import { witHeader } from "../../src/build/solo/wit-header.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

test("the types in src/solo/generated are those of wasm/weft.wit", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-wit-test-"));
  try {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/wit-types.mjs"), folder], { encoding: "utf8", timeout: 100_000 });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const contents = (from: string): object => Object.fromEntries(listFiles(from).map((path) => [path, readFileSync(join(from, path), "utf8")]));
    // `npm run wit` makes them again.
    expect(contents(join(ROOT, "src/solo/generated"))).toEqual(contents(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("witHeader: the canonical ABI's layout of variants, records, enums and results", () => {
  const header = witHeader(`
    interface types {
      /// A comment with a { brace.
      variant node { none, %boolean(bool), wide(s64), text(string) }
      type value = list<node>;
      record mixed { small: u8, wide: u64, name: string }
      enum wait { done, other }
      small: func(a: string) -> result<u8, wait>;
      large: func() -> result<mixed, value>;
      nothing: func() -> result<_, value>;
    }`);
  const values = Object.fromEntries([...header.matchAll(/#define (\w+) (\d+)/g)].map(([, name, value]) => [name, Number(value)]));
  expect(values).toMatchObject({
    WIT_NODE_NONE: 0, WIT_NODE_BOOLEAN: 1, WIT_NODE_TEXT: 3, WIT_NODE_SIZE: 16, WIT_NODE_ALIGN: 8, WIT_NODE_PAYLOAD: 8,
    WIT_MIXED_SMALL: 0, WIT_MIXED_WIDE: 8, WIT_MIXED_NAME: 16, WIT_MIXED_SIZE: 24,
    WIT_WAIT_DONE: 0, WIT_WAIT_OTHER: 1, WIT_WAIT_SIZE: 1,
    WIT_SMALL_RESULT_PAYLOAD: 1, WIT_SMALL_RESULT_SIZE: 2,
    WIT_LARGE_RESULT_PAYLOAD: 8, WIT_LARGE_RESULT_SIZE: 32,
    WIT_NOTHING_RESULT_PAYLOAD: 4, WIT_NOTHING_RESULT_SIZE: 12,
  });
  expect(() => witHeader("interface a { record b { c: f32 } }")).toThrow("f32");
});
