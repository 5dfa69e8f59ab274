import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { run } from "./harness.js";

/** One file for each bug of CPython that a patch of ours fixes; each fails without it. */
const FOLDER = fileURLToPath(new URL("../cpython/", import.meta.url));
/** `npm run test:debug` runs them in the debug variant, which is several times slower. */
const VARIANT = process.env["WEFT_TEST_VARIANT"] ?? "test";
const RUNTIME = fileURLToPath(new URL(`../../dist/runtime/${VARIANT}`, import.meta.url));
const DEADLINE = VARIANT === "test" ? 170_000 : 900_000;
/** What cannot pass in the debug variant: each thread that ends there leaves 64 KiB behind, whatever it did, and this counts what is left. */
const NOT_IN_DEBUG = ["test_gh_151065.py"];
const FILES = readdirSync(FOLDER).filter((name) => /^test_.*\.py$/.test(name) && (VARIANT !== "debug" || !NOT_IN_DEBUG.includes(name)));

describe("patches of CPython", () => {
  test.each(FILES)(
    "%s",
    async (name) => {
      const outcome = await run("weft-python", [name], {
        cwd: FOLDER,
        env: { WEFT_RUNTIME: RUNTIME, PYTHONDONTWRITEBYTECODE: "1" },
        deadline: DEADLINE,
      });
      expect(outcome.stderr, outcome.stdout).toMatch(/^Ran [1-9]\d* tests? in /m);
      expect(outcome.status, outcome.stderr).toBe(0);
    },
    DEADLINE + 10_000,
  );
});
