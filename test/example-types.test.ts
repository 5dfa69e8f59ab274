import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "weft-types-"));

beforeAll(() => {
  const made = spawnSync(process.execPath, [join(ROOT, "dist/bin/weft.js"), "stubgen", "src/examples/collections.mjs", "-o", join(folder, "stubs")], { encoding: "utf8", cwd: ROOT, timeout: 60_000 });
  expect({ stderr: made.stderr, status: made.status }).toEqual({ stderr: "", status: 0 });
  writeFileSync(join(folder, "pyrightconfig.json"), JSON.stringify({ typeCheckingMode: "strict", stubPath: "stubs", pythonVersion: "3.13", include: ["."], reportUnknownMemberType: false, reportMissingModuleSource: false }));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What the type checker says of the stubs and of a program that uses them: lines and rules. */
function check(program: string): string[] {
  writeFileSync(join(folder, "program.py"), program);
  // Without a Python of the machine's, which a machine may lack and whose packages are not meant.
  const { stdout } = spawnSync(process.execPath, [join(ROOT, "node_modules/pyright/index.js"), "--outputjson", "--project", folder], { encoding: "utf8", timeout: 120_000, cwd: folder });
  const { generalDiagnostics } = JSON.parse(stdout) as { generalDiagnostics: { file: string; message: string; rule?: string; range: { start: { line: number } } }[] };
  return generalDiagnostics.map(({ file, rule, message, range }) => `${file.slice(folder.length + 1)}:${range.start.line + 1} ${rule ?? message}`);
}

test("a type checker finds nothing wrong with the example's stubs, nor with a program that uses it right", { timeout: 180_000 }, () => {
  expect(
    check(`
from collections_js import Histogram, LruCache, Matrix, Missing

cache: LruCache = LruCache(10)
cache.put("a", 1)
hits: int = cache.hits
length: int = len(cache)
found: bool = "a" in cache
histogram = Histogram(0, 1, bins=4)
counts: list[int] = histogram.counts()
matrix = Matrix([[1.0, 2.0]])
cell: float = matrix[0, 1]
product: list[float] = matrix @ [1.0, 2.0]
view: memoryview = memoryview(matrix)
try:
    cache.get("b")
except Missing as error:
    print(error.args)
`),
  ).toEqual([]);
});

test("and finds what is wrong", { timeout: 180_000 }, () => {
  expect(
    check(`
from collections_js import Histogram, LruCache, Matrix

LruCache("10")
cache = LruCache(10)
cache.hits = 3
Histogram(0, 1, 4).counts().append("x")
Matrix([[1.0]])["a"]
`),
  ).toEqual([
    "program.py:4 reportArgumentType",
    "program.py:6 reportAttributeAccessIssue",
    "program.py:7 reportArgumentType",
    "program.py:8 reportArgumentType",
  ]);
});
