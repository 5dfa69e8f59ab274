import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

// V8 aborts the process when a worker is ended while it begins a module with a top-level await;
// esbuild refuses to make a classic script of such a module.
test.each(["dist/realm-worker.js", "dist/runtime/release/weft.mjs", "dist/runtime/test/weft.mjs"])(
  "%s, which workers begin with, has no top-level await",
  async (path) => {
    await expect(transform(readFileSync(`${ROOT}${path}`, "utf8"), { format: "iife", logLevel: "silent" })).resolves.toBeDefined();
  },
);

test("a top-level await would be found", async () => {
  await expect(transform("await 1;", { format: "iife", logLevel: "silent" })).rejects.toThrow("Top-level await");
});
