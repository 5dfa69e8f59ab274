import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { run } from "./harness.js";

/** One file for each bug of CPython that a patch of ours fixes; each fails without it. */
const FOLDER = fileURLToPath(new URL("../cpython/", import.meta.url));
const RUNTIME = fileURLToPath(new URL("../../dist/runtime/test", import.meta.url));

describe("patches of CPython", () => {
  test.each(readdirSync(FOLDER).filter((name) => /^test_.*\.py$/.test(name)))(
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
