import { join } from "node:path";
import { expect, test } from "vitest";
import { CASES, kindOf, stress } from "./command.js";
import { findsSeededBugs } from "./seeded.js";

// Races that show when threads really run at once: this file has the machine to itself.

test("perturb finds the seeded bugs, and nothing else", { timeout: 180_000 }, () => findsSeededBugs("perturb"));

test("finds two threads in one generator, and nothing where they take turns", { timeout: 180_000 }, async () => {
  // A race inside of CPython's own code: what comes of it is a number twice, or a broken interpreter.
  const { status, output, verdicts } = await stress("hammer_generator.py", "--timeout", "20", "--parallel-threads", "3");
  expect(["race", "crashes"], output).toContain(kindOf(verdicts.get("HammerGenerator")!));
  expect(verdicts.get("HammerGeneratorFixed")!.class, output).toBe("passes");
  expect(status).toBe(1);
});

test("--module lets Python tests import modules in JavaScript", { timeout: 120_000 }, async () => {
  const module = join(CASES, "es-module/tally.mjs");
  const { output, verdicts } = await stress("es-module", "--module", module, "--schedule", "perturb", "--iterations", "10", "--rate", "10");
  expect(kindOf(verdicts.get("test_reads_and_writes")!), output).toBe("race");
  expect(verdicts.get("test_adds")!.class, output).toBe("passes");
  expect(verdicts.get("test_reads_and_writes")!.failures[0]!.replay).toContain(`--module ${module}`);
});
