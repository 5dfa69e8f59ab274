import { describe, expect, it } from "vitest";
import { ExpectationsError, matcher, parseExpectations } from "../../src/cpython-tests/expectations.js";
import { describeProblem, judge } from "../../src/cpython-tests/judge.js";
import { junitReport } from "../../src/cpython-tests/junit.js";
import { UsageError, parseOptions } from "../../src/cpython-tests/options.js";
import { runPool } from "../../src/cpython-tests/pool.js";
import type { FileResult, FileState, TestOutcome } from "../../src/cpython-tests/result.js";
import { longestFirst, selectFiles } from "../../src/cpython-tests/selection.js";
import { summary, totals } from "../../src/cpython-tests/summary.js";

const REASONS = { fork: "there is no fork on this platform" };

function expectations(fields: object) {
  return parseExpectations(JSON.stringify({ reasons: {}, files: {}, tests: {}, selfSkips: {}, ...fields }));
}

function result(
  name: string,
  state: FileState,
  tests: Record<string, TestOutcome | [TestOutcome, string]> = {},
): FileResult {
  return {
    name,
    state,
    tests: Object.entries(tests).map(([id, value]) => {
      const [outcome, detail] = typeof value === "string" ? [value, ""] : value;
      return { id, outcome, detail, seconds: 0 };
    }),
    seconds: 1,
    detail: "why",
    environmentChanged: false,
    tail: "",
  };
}

describe("parseExpectations", () => {
  it.each([
    ["no JSON", "{", /not JSON/],
    ["an unknown key", '{"reasons":{},"files":{},"tests":{},"selfSkips":{},"more":1}', /unknown key more/],
    ["an unknown reason", '{"reasons":{},"files":{"t":{"kind":"skip","reason":"x"}},"tests":{},"selfSkips":{}}', /not in reasons/],
    ["an unused reason", '{"reasons":{"x":"a reason that nothing needs"},"files":{},"tests":{},"selfSkips":{}}', /not used/],
    ["a reason that says nothing", '{"reasons":{"x":"fails"},"files":{},"tests":{},"selfSkips":{}}', /too short/],
    ["an unknown kind", '{"reasons":{},"files":{"t":{"kind":"flaky","reason":"x"}},"tests":{},"selfSkips":{}}', /kind must be/],
    ["an empty list", '{"reasons":{},"files":{},"tests":{"t":[]},"selfSkips":{}}', /list with something/],
  ])("rejects %s", (_, text, message) => {
    expect(() => parseExpectations(text)).toThrow(ExpectationsError);
    expect(() => parseExpectations(text)).toThrow(message);
  });
});

describe("matcher", () => {
  it("takes only * as special", () => {
    expect(matcher("a.b[c]*")("a.b[c] and\nmore")).toBe(true);
    expect(matcher("a.b")("aXb")).toBe(false);
  });
});

describe("judge", () => {
  it("fails on an unexpected failure", () => {
    const verdict = judge(result("test_a", "completed", { "test.a": "passed", "test.b": "failed" }), expectations({}));
    expect(verdict.kind).toBe("failed");
    expect(verdict.problems[0]!.test).toBe("test.b");
  });

  it("fails on an unexpected pass and on a listed test that does not exist", () => {
    const expected = expectations({
      reasons: REASONS,
      tests: { test_a: [{ kind: "fail", tests: ["test.b", "test.gone"], reason: "fork" }] },
    });
    const verdict = judge(result("test_a", "completed", { "test.b": "passed" }), expected);
    expect(verdict.problems.map(describeProblem)).toEqual([
      "test.b is expected to fail (fork), but passed",
      "test.gone is expected to fail, but there is no such test",
    ]);
    expect(judge(result("test_a", "completed", { "test.b": "failed" }), expected, true).kind).toBe("passed");
  });

  it("counts a file as passed with exceptions when listed tests fail", () => {
    const expected = expectations({
      reasons: REASONS,
      tests: { test_a: [{ kind: "fail", tests: ["test.b*"], reason: "fork" }] },
    });
    const verdict = judge(result("test_a", "completed", { "test.a": "passed", "test.b1": "failed" }), expected);
    expect(verdict).toMatchObject({ kind: "passed", exceptions: 1 });
  });

  it("wants a reason for every test that skips itself", () => {
    const file = result("test_a", "completed", { "test.a": "passed", "test.b": ["skipped", "requires fork() here"] });
    expect(judge(file, expectations({})).kind).toBe("failed");
    const listed = expectations({ reasons: REASONS, selfSkips: { fork: ["requires fork()*"] } });
    expect(judge(file, listed).kind).toBe("passed");
  });

  it("does not take a file without work for a success", () => {
    const idle = result("test_a", "completed", { "test.b": ["skipped", "requires fork()"] });
    const skips = { reasons: REASONS, selfSkips: { fork: ["requires fork()"] } };
    expect(judge(idle, expectations(skips)).kind).toBe("failed");
    const listed = expectations({ reasons: REASONS, files: { test_a: { kind: "no-work", reason: "fork" } } });
    expect(judge(idle, listed).kind).toBe("no-work");
    expect(judge(result("test_a", "skipped"), listed).kind).toBe("no-work");
    expect(judge(result("test_a", "completed", { "test.b": "passed" }), listed).kind).toBe("failed");
    expect(judge(result("test_a", "crashed"), listed).kind).toBe("failed");
  });

  it.each(["broken", "crashed", "hung", "empty", "skipped"] as const)("fails a file that is %s", (state) => {
    expect(judge(result("test_a", state), expectations({})).kind).toBe("failed");
  });
});

describe("summary", () => {
  const verdicts = [
    result("test.test_p.test_x", "completed", { "test.a": "passed" }),
    result("test.test_p.test_y", "completed", { "test.b": "failed" }),
    result("test_q", "completed", { "test.c": "passed" }),
  ].map((file) => judge(file, expectations({})));

  it("counts a package as one file of the tree that passes only as a whole", () => {
    expect(totals(verdicts, expectations({})).tree).toEqual({ total: 2, passed: 1, withoutExceptions: 1 });
  });

  it("ends with the result alone on its line", () => {
    expect(summary(verdicts, expectations({})).endsWith("\n2 passed, 1 failed\n")).toBe(true);
  });
});

describe("junitReport", () => {
  it("escapes what XML cannot hold", () => {
    const verdict = judge(result("test_a", "completed", { "test.<\u0001&>": ["failed", "a\n\"b\""] }), expectations({}));
    const xml = junitReport([verdict]);
    expect(xml).toContain('name="test.&lt;\uFFFD&amp;&gt;"');
    expect(xml).toContain("a&#10;&quot;b&quot;");
  });
});

describe("selectFiles", () => {
  const all = ["test_os", "test.test_asyncio.test_locks", "test.test_asyncio.test_tasks"];
  it("takes files and whole packages", () => {
    expect(selectFiles(all, ["test_asyncio"])).toHaveLength(2);
    expect(selectFiles(all, ["test_asyncio.test_tasks", "test_os"])).toEqual(["test_os", all[2]]);
    expect(() => selectFiles(all, ["test_o"])).toThrow(UsageError);
  });
});

describe("longestFirst", () => {
  it("starts with the unknown, then the slowest", () => {
    const seconds: Record<string, number> = { a: 1, b: 5 };
    expect(longestFirst(["a", "b", "c", "d"], (name) => seconds[name])).toEqual(["c", "d", "b", "a"]);
  });
});

describe("runPool", () => {
  it("runs no more than the given number at once and reports the first error", async () => {
    let running = 0;
    let most = 0;
    await runPool([1, 2, 3, 4, 5], 2, async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return true;
    });
    expect(most).toBe(2);
    await expect(runPool([1], 1, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

describe("parseOptions", () => {
  it.each([["--jobs", "0"], ["--timeout", "x"], ["--nothing"], ["--python", " "], ["--python", "a", "--runtime", "b"]])(
    "rejects %s %s",
    (...args) => {
      expect(() => parseOptions(args)).toThrow(UsageError);
    },
  );
});
