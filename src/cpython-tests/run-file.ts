import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseReport, fileResult, type ProcessEnd, type ReportEvent } from "./report-events.js";
import { runProcess } from "./process.js";
import type { FileResult } from "./result.js";

/** How files are run. */
export interface FileRunner {
  /** Command of a Python; `-m driver` and its argument are appended. */
  readonly python: readonly string[];
  /** Variables that it gets besides ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** Our driver, which runs in that Python. */
  readonly driver: string;
  /** Folder for what the files' processes write. */
  readonly folder: string;
  /** Regrtest's resources that tests may use. */
  readonly resources: readonly string[];
  readonly deadline: number;
}

/** Which part of a file to run. */
export interface Selection {
  /** Patterns over test ids that are left out. */
  readonly ignore: readonly string[];
  /** Patterns over test ids of which one must fit; empty for all. */
  readonly match: readonly string[];
}

/** Seconds that a Python gets to write all threads' tracebacks before it is killed. */
const TRACEBACK_SECONDS = 10;

/** Without settings for a Python that happen to be around. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));
}

async function runDriver(
  runner: FileRunner,
  name: string | null,
  selection: Selection,
): Promise<{ events: ReportEvent[]; end: ProcessEnd }> {
  // The process's current folder: the only one that the runtime shows to Python unasked.
  const folder = join(runner.folder, name ?? "list");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const report = join(folder, "report.jsonl");
  copyFileSync(runner.driver, join(folder, "driver.py"));
  writeFileSync(report, "");
  writeFileSync(
    join(folder, "request.json"),
    JSON.stringify({
      name,
      report: "report.jsonl",
      ignore: selection.ignore,
      match: selection.match,
      resources: runner.resources,
      timeout: runner.deadline > 3 * TRACEBACK_SECONDS ? runner.deadline - TRACEBACK_SECONDS : null,
      // The same numbers in every run: a failure can be repeated.
      seed: 20250611,
    }),
  );
  const end = await runProcess({
    // As a module: tests look at `__main__.__spec__`, which a script does not have.
    command: [...runner.python, "-m", "driver", "request.json"],
    folder,
    environment: { ...cleanEnvironment(), ...runner.environment },
    deadline: runner.deadline,
    log: join(folder, "output.log"),
  });
  return { events: parseReport(readFileSync(report, "utf8")), end };
}

/**
 * Asks the Python for the names of its test files, in regrtest's order.
 * @throws Error with the process's last output when it cannot tell.
 */
export async function listFiles(runner: FileRunner): Promise<readonly string[]> {
  const { events, end } = await runDriver(runner, null, { ignore: [], match: [] });
  const names = events.find((event) => event.event === "names");
  if (names === undefined || end.status !== 0) {
    throw new Error(
      `${runner.python.join(" ")} cannot list CPython's tests (exit status ${end.status}); ` +
        `is it a runtime with the tests?\n${end.tail}`,
    );
  }
  return names.names;
}

/** Runs one test file in a process of its own. */
export async function runFile(runner: FileRunner, name: string, selection: Selection): Promise<FileResult> {
  const { events, end } = await runDriver(runner, name, selection);
  return fileResult(name, events, end);
}
