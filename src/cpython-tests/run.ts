import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ignoredTests, type Expectations } from "./expectations.js";
import { junitReport } from "./junit.js";
import { judge, type Verdict } from "./judge.js";
import { LiveLine, type ProgressStream } from "./live-line.js";
import { runPool } from "./pool.js";
import { runFile, type FileRunner, type Selection } from "./run-file.js";
import { longestFirst } from "./selection.js";
import { resultKey, ResultStore } from "./store.js";
import { totals } from "./summary.js";
import type { FileResult } from "./result.js";

/** What a run is about. */
export interface RunRequest {
  readonly runner: FileRunner;
  readonly files: readonly string[];
  /** Patterns of the tests to run; empty for all. */
  readonly match: readonly string[];
  readonly expectations: Expectations;
  readonly jobs: number;
  readonly failFast: boolean;
  /** Ignore kept results: all of them, or those that failed. */
  readonly forget: "none" | "failed" | "all";
  /** What all results depend on besides the file: the runtime. */
  readonly identity: readonly (string | Buffer)[];
  readonly progress: ProgressStream;
}

function excludedResult(name: string, reason: string): FileResult {
  return { name, state: "excluded", tests: [], seconds: 0, detail: reason, environmentChanged: false, tail: "" };
}

function storeOf(request: RunRequest): ResultStore {
  const store = new ResultStore(join(request.runner.folder, "results.jsonl"));
  if (request.forget === "all") {
    store.clear();
  }
  return store;
}

/**
 * Runs the files that have no kept result yet.
 * @returns the verdicts of all files that have a result, in the files' order.
 */
export async function runFiles(request: RunRequest): Promise<Verdict[]> {
  const { runner, expectations } = request;
  mkdirSync(runner.folder, { recursive: true });
  const store = storeOf(request);
  const driver = readFileSync(runner.driver);
  const verdicts = new Map<string, Verdict>();
  const partial = request.match.length > 0;
  const selection = (name: string): Selection => ({ ignore: ignoredTests(expectations, name), match: request.match });
  const key = (name: string): string =>
    resultKey([...request.identity, driver, JSON.stringify([selection(name), runner.resources, runner.deadline])]);

  for (const name of request.files) {
    const expected = expectations.files[name];
    const kept = partial ? undefined : store.get(name, key(name));
    if (expected?.kind === "skip") {
      verdicts.set(name, judge(excludedResult(name, expected.reason), expectations));
    } else if (kept !== undefined) {
      const verdict = judge(kept, expectations);
      if (request.forget === "none" || verdict.kind !== "failed") {
        verdicts.set(name, verdict);
      }
    }
  }

  const open = request.files.filter((name) => !verdicts.has(name));
  const line = new LiveLine(request.progress, open.length);
  const ordered = longestFirst(open, (name) => store.seconds(name));
  try {
    await runPool(ordered, request.jobs, async (name) => {
      line.start(name);
      const result = await runFile(runner, name, selection(name));
      if (!partial) {
        store.add(key(name), result);
      }
      const verdict = judge(result, expectations, partial);
      verdicts.set(name, verdict);
      line.finish(verdict);
      return !(request.failFast && verdict.kind === "failed");
    });
  } finally {
    line.close();
  }
  return request.files.flatMap((name) => verdicts.get(name) ?? []);
}

/** Writes `report.json` and `junit.xml` to the run's folder. */
export function writeReports(folder: string, verdicts: readonly Verdict[], expectations: Expectations): void {
  const sums = totals(verdicts, expectations);
  const report = {
    totals: { ...sums, selfSkips: Object.fromEntries(sums.selfSkips) },
    files: verdicts.map(({ result, ...verdict }) => ({ ...result, ...verdict })),
  };
  writeFileSync(join(folder, "report.json"), `${JSON.stringify(report, null, 1)}\n`);
  writeFileSync(join(folder, "junit.xml"), junitReport(verdicts));
}
