import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { CASES, kindOf, ROOT, stress, weft } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "weft-stress-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("tests of every kind", () => {
  test("are found and told apart", { timeout: 120_000 }, async () => {
    const junit = join(folder, "junit.xml");
    const { status, output, verdicts } = await stress("kinds", "--iterations", "3", "--schedule", "perturb", "--timeout", "20", "--junit-xml", junit, "--github");
    expect(Object.fromEntries([...verdicts].map(([name, one]) => [name, one.class])), output).toEqual({
      test_function: "passes",
      test_needs_fixture: "skipped",
      test_marked: "skipped",
      "TestClass::test_method": "passes",
      "Suite::test_fails_always": "always fails",
      "Suite::test_passes": "passes",
      "Suite::test_skips_itself": "skipped",
      "Suite::test_warning_as_error": "always fails",
      test_aborts: "crashes",
      test_after_the_crash: "passes",
    });
    expect(status).toBe(1);
    // A broken file does not keep the others from running.
    expect(output).toMatch(/BROKEN {2}.*test_broken\.py[^]*SyntaxError/);
    expect(verdicts.get("test_aborts")!.crash!.message).not.toBe("");
    // Once more, by itself: another test might have been the cause.
    expect(output).toMatch(/interpreters replaced in node: 2, in \d+ to \d+ ms/);
    const xml = readFileSync(junit, "utf8");
    expect(xml).toContain('tests="11"');
    expect(xml).toContain('errors="1"');
    expect(output).toContain("::error file=");
  });

  test("a loop that never ends is reported as such, with its place", { timeout: 60_000 }, async () => {
    const { verdicts, status } = await stress("hammer_endless.py", "--timeout", "2", "--iterations", "1");
    const { hang } = verdicts.get("HammerEndless")!;
    expect(hang!.verdict).toBe("livelock or slow");
    expect(hang!.report).toMatch(/hammer_endless\.py", line \d+, in HammerEndless\.op/);
    expect(status).toBe(1);
  });
});

describe("tests that are no danger to themselves", () => {
  test("one that an earlier test breaks is told apart, with that test and a command that shows it", { timeout: 120_000 }, async () => {
    const { status, output, verdicts } = await stress("order", "--iterations", "1", "--parallel-threads", "2", "--schedule", "perturb");
    const found = verdicts.get("test_wants_nothing_left")!;
    expect(found.class, output).toBe("broken by an earlier test");
    expect(found.order!.after).toEqual([join(CASES, "order/test_order.py::test_leaves_something")]);
    expect(found.order!.message).toContain("there is something");
    // In its single iteration a test's threads need not meet.
    const fine = expect.stringMatching(/^(passes|never overlapped)$/);
    expect([verdicts.get("test_leaves_something")!.class, verdicts.get("test_left")!.class, status]).toEqual([fine, fine, 1]);
    const again = await weft(found.order!.replay.split(" ").slice(1));
    expect([again.status, again.output]).toEqual([1, expect.stringContaining("broken by an earlier test")]);
  });

  test("--mix finds two tests that fail together only, and how to run them again", { timeout: 120_000 }, async () => {
    const { status, output, verdicts } = await stress("order", "--mix", "--schedule", "pct", "--iterations", "40", "--parallel-threads", "3");
    const found = verdicts.get("test_left")!;
    expect(kindOf(found), output).toBe("race");
    expect(found.failures[0]!.replay).toMatch(/--with \S+::test_right/);
    expect(status).toBe(1);
    const again = await weft(found.failures[0]!.replay.split(" ").slice(1));
    expect([again.status, again.output]).toEqual([1, expect.stringMatching(/in \S+::test_(left|right): AssertionError/)]);
  });

  test("an interpreter that has grown is replaced", { timeout: 60_000 }, async () => {
    // What the first test leaves would break the last one.
    const { output, verdicts } = await stress("order", "--iterations", "1", "--parallel-threads", "2", "--memory-budget", "1", "--schedule", "perturb");
    expect(verdicts.get("test_wants_nothing_left")!.class, output).toMatch(/^(passes|never overlapped)$/);
  });
});

describe("modules in TypeScript and JavaScript", () => {
  test("one is a target of its own, in Node", { timeout: 120_000 }, async () => {
    const { output, verdicts } = await stress("es-module/tally.mjs", "--iterations", "5");
    expect(verdicts.get("op")!.class, output).toBe("passes");
    const refused = await weft(["stress", join(CASES, "es-module/tally.mjs"), "--env", "chromium"]);
    expect([refused.status, refused.output]).toEqual([4, expect.stringContaining("is an ES module")]);
  });
});

describe("in headless Chromium", () => {
  test("tests run in a page; a hang and a crash keep what is known", { timeout: 240_000 }, async () => {
    const { status, output, verdicts } = await stress("page", "--env", "chromium", "--schedule", "pct", "--parallel-threads", "3", "--timeout", "20", "--iterations", "30");
    expect(Object.fromEntries([...verdicts].map(([name, one]) => [name, kindOf(one)])), output).toEqual({
      test_aborts: "crashes",
      test_in_a_page: "passes",
      HammerLockOrder: "hangs",
      HammerTwice: "race",
      test_at_last: "passes",
    });
    const deadlock = verdicts.get("HammerLockOrder")!.hang!;
    expect(deadlock.verdict, output).toBe("deadlock");
    expect(deadlock.report).toMatch(/test_page\.py", line \d+, in HammerLockOrder\.op/);
    expect(deadlock.replay).toContain("--env chromium");
    expect(status).toBe(1);
  });

  test("tests run in the browser of a Playwright server", { timeout: 240_000 }, async () => {
    const server = await chromium.launchServer({ executablePath: findBrowser("chromium"), args: ["--no-sandbox", "--disable-gpu"] });
    try {
      const { status, output, verdicts } = await stress("page/test_page.py::test_in_a_page", "--env", "chromium", "--browser-ws", server.wsEndpoint(), "--schedule", "pct", "--iterations", "2");
      expect(verdicts.get("test_in_a_page")!.class, output).toBe("passes");
      expect(status).toBe(0);
    } finally {
      await server.close();
    }
  });

  test("says what to install, or that nobody listens", { timeout: 120_000 }, async () => {
    const none = await weft(["stress", join(CASES, "page"), "--env", "chromium", "--browser-ws", "ws://127.0.0.1:9/"]);
    expect([none.status, none.output]).toEqual([3, expect.stringContaining("there is no Playwright server at ws://127.0.0.1:9/")]);
  });
});

describe("reports", () => {
  test("--artifacts has all of them, and replay files that --replay takes", { timeout: 120_000 }, async () => {
    const artifacts = join(folder, "artifacts");
    const { output } = await weft(["stress", join(CASES, "hammer_seeded.py::HammerCheckThenAct"), "--schedule", "pct", "--parallel-threads", "3", "--artifacts", artifacts, "--retries", "2"]);
    expect(output).toContain("the same seed failed again in 2 of 2 runs");
    const html = readFileSync(join(artifacts, "report.html"), "utf8");
    expect(html).toContain("AssertionError: made ");
    expect(readFileSync(join(artifacts, "junit.xml"), "utf8")).toContain("<failure ");
    const replayed = await weft(["stress", "--replay", join(artifacts, "hammer_seeded.py-HammerCheckThenAct-node-1.replay.json")]);
    expect([replayed.status, replayed.output]).toEqual([1, expect.stringContaining("AssertionError: made ")]);
    expect((await weft(["stress", "--replay", join(artifacts, "junit.xml")])).status).toBe(4);
  });

  test("--fail-on decides what fails the command", { timeout: 60_000 }, async () => {
    const race = join(CASES, "hammer_seeded.py::HammerCheckThenAct");
    expect((await weft(["stress", race, "--schedule", "pct", "--fail-on", "hang,crash"])).status).toBe(0);
    expect((await weft(["stress", race, "--fail-on", "luck"])).status).toBe(4);
  });

  test("Control-C ends --forever with what is known", { timeout: 60_000 }, async () => {
    const child = spawn(process.execPath, [join(ROOT, "dist/bin/weft.js"), "stress", join(CASES, "hammer_seeded.py::HammerCheckThenActFixed"), "--forever", "--schedule", "perturb", "--iterations", "5"], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stderr.resume();
    let interrupted = false;
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (!interrupted && output.includes("round 2 is over")) {
        interrupted = child.kill("SIGINT");
      }
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect([status, output]).toEqual([2, expect.stringContaining("1 passed, 0 failed, 0 skipped")]);
  });
});

describe("the command line", () => {
  test("-k, --shard and --list-tests choose", { timeout: 60_000 }, async () => {
    const all = await weft(["stress", join(CASES, "hammer_seeded.py"), "--list-tests"]);
    expect(all.output.trim().split("\n")).toHaveLength(8);
    const shards = await Promise.all(["1/2", "2/2"].map((shard) => weft(["stress", join(CASES, "hammer_seeded.py"), "--list-tests", "--shard", shard])));
    expect(shards.flatMap(({ output }) => output.trim().split("\n")).sort()).toEqual(all.output.trim().split("\n").sort());
    const some = await weft(["stress", join(CASES, "hammer_seeded.py"), "--list-tests", "-k", "Fixed"]);
    expect(some.output.trim().split("\n")).toHaveLength(4);
  });

  test("statuses are pytest's", { timeout: 60_000 }, async () => {
    expect((await weft(["stress", "--help"])).status).toBe(0);
    const wrong = await weft(["stress", "--schedule", "lucky", CASES]);
    expect([wrong.status, wrong.output]).toEqual([4, 'weft stress: --schedule is free, perturb or pct, not "lucky"\n']);
    expect((await weft(["stress", join(folder, "nowhere")])).status).toBe(4);
    writeFileSync(join(folder, "test_nothing.py"), "");
    expect((await weft(["stress", folder])).status).toBe(5);
  });
});
