import { expect } from "vitest";
import { kindOf, stress } from "./command.js";

/** Bugs that a schedule must find, and the same programs without them, in which it must find nothing. */
export async function findsSeededBugs(schedule: "perturb" | "pct"): Promise<void> {
  const { status, output, verdicts } = await stress("hammer_seeded.py", "--schedule", schedule, "--timeout", "20", "--parallel-threads", "3");
  const kinds = Object.fromEntries([...verdicts].map(([name, one]) => [name, kindOf(one)]));
  // Threads that really run at once also break the list of links inside: one of them then follows it for ever.
  expect(schedule === "pct" ? ["race"] : ["race", "hangs", "crashes"], output).toContain(kinds["HammerOrderedDict"]);
  expect(kinds, output).toMatchObject({
    HammerCheckThenAct: "race",
    HammerCheckThenActFixed: "passes",
    HammerLockOrder: "hangs",
    HammerLockOrderFixed: "passes",
    HammerLostWakeUp: "hangs",
    HammerLostWakeUpFixed: "passes",
    HammerOrderedDictFixed: "passes",
  });
  expect(status).toBe(1);
  const deadlock = verdicts.get("HammerLockOrder")!.hang!;
  expect(deadlock.verdict).toBe("deadlock");
  expect(deadlock.cycle.length, deadlock.report).toBeGreaterThanOrEqual(2);
  expect(deadlock.report).toContain("HammerLockOrder.op");
  expect(deadlock.report).toMatch(/waits for a lock \(0x[0-9a-f]+\) that 0x[0-9a-f]+ has/);
  expect(verdicts.get("HammerLostWakeUp")!.hang!.report).toContain("HammerLostWakeUp.op");
}
