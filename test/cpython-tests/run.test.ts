import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseExpectations, type Expectations } from "../../src/cpython-tests/expectations.js";
import { listFiles, runFile, type FileRunner } from "../../src/cpython-tests/run-file.js";
import { runFiles, writeReports, type RunRequest } from "../../src/cpython-tests/run.js";

const FAKE = fileURLToPath(new URL("fake-python.mjs", import.meta.url));
const ALL = { ignore: [], match: [] };
const NONE: Expectations = { reasons: {}, files: {}, tests: {}, selfSkips: {} };
const FORK = "there is no fork on this platform";

let folder: string;
let runner: FileRunner;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "weft-cpython-tests-"));
  writeFileSync(join(folder, "driver.py"), "");
  runner = {
    python: [process.execPath, FAKE],
    environment: {},
    driver: join(folder, "driver.py"),
    folder: join(folder, "out"),
    resources: [],
    deadline: 20,
  };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function request(fields: Partial<RunRequest>): RunRequest {
  return {
    runner,
    files: [],
    match: [],
    expectations: NONE,
    jobs: 2,
    failFast: false,
    forget: "none",
    identity: ["one runtime"],
    progress: { write: () => true },
    ...fields,
  };
}

describe("runFile", () => {
  it("kills a file at its deadline and says which test was running", async () => {
    const result = await runFile({ ...runner, deadline: 1 }, "test_hang", ALL);
    expect(result.state).toBe("hung");
    expect(result.tests).toEqual([{ id: "test.test_hang.A.test_wait", outcome: "unfinished", seconds: 0 }]);
    expect(result.tail).toContain("about to wait");
  }, 15_000);

  it("kills the processes that a hanging file started", async () => {
    const result = await runFile({ ...runner, deadline: 1 }, "test_hang_child", ALL);
    expect(result.state).toBe("hung");
  }, 15_000);

  it("reports a process that dies, with the test that was running", async () => {
    const result = await runFile(runner, "test_crash", ALL);
    expect(result).toMatchObject({ state: "crashed", detail: "killed by SIGKILL before its end" });
    expect(result.tests[0]).toMatchObject({ id: "test.test_crash.A.test_abort", outcome: "unfinished" });
  });

  it("reads a report whose last line is cut off", async () => {
    const result = await runFile(runner, "test_torn", ALL);
    expect(result).toMatchObject({ state: "crashed", detail: "exit status 3 before its end" });
    expect(result.tests).toHaveLength(1);
  });

  it("takes a bad exit status after the last test as a crash", async () => {
    const result = await runFile(runner, "test_exit_late", ALL);
    expect(result).toMatchObject({ state: "crashed", detail: "exit status 9 after its last test" });
  });

  it("keeps the end of a flood of output and bounds its log", async () => {
    const result = await runFile(runner, "test_flood", ALL);
    expect(result.tail.endsWith("the end\n")).toBe(true);
    expect(result.tail.length).toBeLessThanOrEqual(16 * 1024);
    expect(statSync(join(runner.folder, "test_flood", "output.log")).size).toBeLessThan(9 * 1024 * 1024);
  }, 15_000);

  it.each([
    ["test_skipped", "skipped", "No module named '_tkinter'"],
    ["test_empty", "empty", undefined],
    ["test_broken", "broken", "Traceback\nImportError: no such thing"],
  ])("%s is %s", async (name, state, detail) => {
    const result = await runFile(runner, name, ALL);
    expect(result.state).toBe(state);
    expect(result.detail).toBe(detail);
  });

  it("fails with the command's name when it cannot be started", async () => {
    const broken = { ...runner, python: [join(folder, "no-such-python")] };
    await expect(runFile(broken, "test_good", ALL)).rejects.toThrow(/cannot start .*no-such-python/);
  });
});

describe("listFiles", () => {
  it("gives the names that the Python reports", async () => {
    expect(await listFiles(runner)).toContain("test_good");
  });

  it("fails with the output of a Python that has no tests", async () => {
    const broken = { ...runner, python: [process.execPath, "-e", "console.error('no tests here'); process.exit(1)"] };
    await expect(listFiles(broken)).rejects.toThrow(/no tests here/);
  });
});

describe("runFiles", () => {
  const skips = parseExpectations(
    JSON.stringify({
      reasons: { fork: FORK },
      files: { test_crash: { kind: "skip", reason: "fork" } },
      tests: { test_ignoring: [{ kind: "skip", tests: ["test.test_ignoring.A.test_two"], reason: "fork" }] },
      selfSkips: { fork: ["requires fork *"] },
    }),
  );

  it("gives verdicts in the files' order and leaves out what is listed", async () => {
    const verdicts = await runFiles(
      request({ files: ["test_good", "test_crash", "test_ignoring", "test_bad"], expectations: skips }),
    );
    expect(verdicts.map((v) => [v.result.name, v.kind])).toEqual([
      ["test_good", "passed"],
      ["test_crash", "excluded"],
      ["test_ignoring", "passed"],
      ["test_bad", "failed"],
    ]);
    expect(verdicts[2]!.exceptions).toBe(1);
    expect(verdicts[3]!.problems[0]!.message).toBe("failed: ValueError: 3");
  });

  it("goes on where a run stopped, and starts over for another runtime", async () => {
    const store = join(runner.folder, "results.jsonl");
    await runFiles(request({ files: ["test_good"], expectations: skips }));
    const first = readFileSync(store, "utf8");
    // As a killed run leaves it.
    writeFileSync(store, `${first}{"key": "to`);
    const seen: string[] = [];
    const progress = { write: (text: string) => seen.push(text) };
    const verdicts = await runFiles(request({ files: ["test_good", "test_ignoring"], expectations: skips, progress }));
    expect(verdicts.map((v) => v.kind)).toEqual(["passed", "passed"]);
    expect(seen.join("")).not.toContain("test_good");
    await runFiles(request({ files: ["test_good"], expectations: skips, progress, identity: ["another"] }));
    expect(seen.join("")).toContain("test_good");
  });

  it("runs failed files again when asked to", async () => {
    await runFiles(request({ files: ["test_good", "test_bad"], expectations: skips }));
    const seen: string[] = [];
    const progress = { write: (text: string) => seen.push(text) };
    await runFiles(request({ files: ["test_good", "test_bad"], expectations: skips, forget: "failed", progress }));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain("test_bad");
  });

  it("stops after the first failure when asked to", async () => {
    const verdicts = await runFiles(request({ files: ["test_bad", "test_empty", "test_broken"], jobs: 1, failFast: true }));
    expect(verdicts.map((v) => v.result.name)).toEqual(["test_bad"]);
  });

  it("writes both reports", async () => {
    const verdicts = await runFiles(request({ files: ["test_good", "test_bad"], expectations: skips }));
    writeReports(runner.folder, verdicts, skips);
    const report = JSON.parse(readFileSync(join(runner.folder, "report.json"), "utf8"));
    expect(report.totals.files).toMatchObject({ passed: 1, failed: 1 });
    const junit = readFileSync(join(runner.folder, "junit.xml"), "utf8");
    expect(junit).toContain('<testsuite name="test_bad" tests="3" failures="1"');
    expect(junit).toContain('<skipped message="requires fork support"/>');
  });
});
