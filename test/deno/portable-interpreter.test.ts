import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForCommand, HOSTS, problems, runBundle } from "../../scripts/portable.mjs";
import { ON_ALL_HOSTS } from "../portable/extent.js";

/** Milliseconds. */
const DEADLINE = 170_000;

test("test/portable-interpreter on deno", { timeout: DEADLINE + 10_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-deno-"));
  try {
    const bundle = join(folder, "portable-interpreter.mjs");
    await bundleForCommand(fileURLToPath(new URL("../portable-interpreter/portable-interpreter.test.ts", import.meta.url)), bundle);
    if (!ON_ALL_HOSTS) {
      // What the threaded profile is made of is tried by portable.test.ts.
      writeFileSync(bundle, `globalThis.testedProfiles = ["solo"];\n${readFileSync(bundle, "utf8")}`);
    }
    const run = await runBundle(HOSTS.deno, bundle, { deadline: DEADLINE });
    expect(problems(run)).toEqual([]);
    expect(run.outcomes.length).toBeGreaterThan(ON_ALL_HOSTS ? 30 : 20);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
