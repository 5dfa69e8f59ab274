import { expect, test } from "vitest";
import { stress } from "./command.js";
import { findsSeededBugs } from "./seeded.js";

test("pct finds the seeded bugs, and nothing else", { timeout: 180_000 }, () => findsSeededBugs("pct"));

test("a failure of pct is replayed 10 times of 10, and shrunk", { timeout: 180_000 }, async () => {
  const found = await stress("hammer_seeded.py::HammerCheckThenAct", "--schedule", "pct", "--shrink", "--parallel-threads", "3");
  const [failure] = found.verdicts.get("HammerCheckThenAct")!.failures;
  const shortest = found.verdicts.get("HammerCheckThenAct")!.shortest!;
  for (const [command, times] of [[failure!.replay, 2], [shortest, 10]] as const) {
    const options = command.split(" ").slice(3);
    const texts = new Set<string>();
    for (let i = 0; i < times; i++) {
      const again = await stress("hammer_seeded.py::HammerCheckThenAct", ...options.map((one) => (one === '""' ? "" : one)));
      expect(again.status, again.output).toBe(1);
      texts.add(again.verdicts.get("HammerCheckThenAct")!.failures[0]!.message);
    }
    expect([...texts]).toHaveLength(1);
  }
  const changes = (command: string): number => /--changes (\S+)/.exec(command)![1]!.split(",").length;
  expect(changes(shortest)).toBeLessThanOrEqual(changes(failure!.replay));
});

test("the clocks of pct's threads go on by instructions and timeouts, the same in each run", { timeout: 120_000 }, async () => {
  const { output, verdicts } = await stress("clock", "--schedule", "pct", "--parallel-threads", "2", "--iterations", "5", "--timeout", "20");
  expect(Object.fromEntries([...verdicts].map(([name, one]) => [name, one.class])), output).toMatchObject({
    test_hours_pass_at_once: "passes",
    test_loops_that_look_at_the_clock_end: "passes",
  });
  const [failure] = verdicts.get("test_shows_its_times")!.failures;
  expect(failure!.message).toMatch(/^5\d{8} ns/);
  for (let i = 0; i < 3; i++) {
    const again = await stress("clock/test_clock.py::test_shows_its_times", ...failure!.replay.split(" ").slice(3).map((one) => (one === '""' ? "" : one)));
    expect(again.verdicts.get("test_shows_its_times")!.failures[0]!.message, again.output).toBe(failure!.message);
  }
});
