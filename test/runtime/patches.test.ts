import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { run } from "./harness.js";

/** One file for each bug of CPython that a patch of ours fixes; each fails without it. */
const FOLDER = fileURLToPath(new URL("../cpython/", import.meta.url));
/** `npm run test:debug` names the debug variant. */
const RUNTIME = resolve(process.env["WEFT_RUNTIME"] ?? fileURLToPath(new URL("../../dist/runtime/test", import.meta.url)));
const { variant } = JSON.parse(readFileSync(join(RUNTIME, "manifest.json"), "utf8")) as { readonly variant: string };
/** It counts what threads leave behind, and in the debug variant each that ends leaves 64 KiB, whatever it did. */
const NOT_IN_DEBUG = "test_gh_151065.py";
const FILES = readdirSync(FOLDER).filter((name) => /^test_.*\.py$/.test(name) && (variant !== "debug" || name !== NOT_IN_DEBUG));

describe("patches of CPython", () => {
  test.each(FILES)(
    "%s",
    async (name) => {
      const outcome = await run("weft-python", [name], {
        cwd: FOLDER,
        env: { WEFT_RUNTIME: RUNTIME, PYTHONDONTWRITEBYTECODE: "1" },
        deadline: 170_000,
      });
      expect(outcome.stderr, outcome.stdout).toMatch(/^Ran [1-9]\d* tests? in /m);
      expect(outcome.status, outcome.stderr).toBe(0);
    },
    180_000,
  );
});
