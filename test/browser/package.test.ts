import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript-compiler-api";
import { expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("../../dist/browser/", import.meta.url));

test("the browser's package imports files of its own only", () => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  expect(files).toEqual(expect.arrayContaining(["index.js", "realm-worker.js"]));
  const foreign = files.flatMap((name) =>
    ts
      .preProcessFile(readFileSync(join(FOLDER, name), "utf8"))
      .importedFiles.map(({ fileName }) => fileName)
      .filter((specifier) => !specifier.startsWith("."))
      .map((specifier) => `${name}: ${specifier}`),
  );
  expect(foreign).toEqual([]);
});

test("a realm has each class once, at whatever addresses it imports the package", async () => {
  const [one, other] = (await Promise.all(["", "?v=1"].map((query) => import(`${new URL(`file://${FOLDER}index.js`).href}${query}`)))) as [object, object];
  expect(one).not.toBe(other);
  expect(Object.keys(one)).toContain("PyAny");
  expect({ ...one }).toEqual({ ...other });
  expect(Object.entries(one).filter(([name, value]) => (other as Record<string, unknown>)[name] !== value)).toEqual([]);
});
