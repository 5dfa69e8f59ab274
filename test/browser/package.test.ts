import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
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
