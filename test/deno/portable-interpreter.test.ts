import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { bundleForCommand, HOSTS, problems, runBundle } from "../../scripts/portable.mjs";

/** Milliseconds. */
const DEADLINE = 170_000;

test("test/portable-interpreter on deno", { timeout: DEADLINE + 10_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-deno-"));
  try {
    const bundle = join(folder, "portable-interpreter.mjs");
    await bundleForCommand(fileURLToPath(new URL("../portable-interpreter/portable-interpreter.test.ts", import.meta.url)), bundle);
    const run = await runBundle(HOSTS.deno, bundle, { deadline: DEADLINE });
    expect(problems(run)).toEqual([]);
    expect(run.outcomes.length).toBeGreaterThan(30);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
