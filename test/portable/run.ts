/** Runs one bundled test file where there is no vitest. */
import { startTests, type File, type Suite, type Test, type VitestRunner } from "@vitest/runner";

/** How a test ended. */
export interface TestOutcome {
  /** The names of its suites and its own. */
  readonly name: string;
  readonly state: "pass" | "fail" | "skip";
  readonly milliseconds: number;
  /** Messages with stacks; what a suite's hooks threw counts as the suite's. */
  readonly errors: readonly string[];
}

/** What {@link runFile} reports as things happen: a hang shows in what began and did not end. */
export interface Progress {
  begin?(name: string): void;
  end?(outcome: TestOutcome): void;
}

/** Which tests of a file are run, and how. */
export interface Selection {
  /** Part of the names of the tests to run. */
  readonly only?: string;
  /** Full names of tests to leave out. */
  readonly without?: readonly string[];
  /** Shuffles the tests. */
  readonly seed?: number;
}

/** Milliseconds, as in vitest.config.ts. */
const TIMEOUT = 120_000;

function nameOf(task: { name: string; suite?: Suite | undefined }): string {
  return task.suite && task.suite.name !== "" ? `${nameOf(task.suite)} > ${task.name}` : task.name;
}

/** A pattern that matches the text. */
function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function outcome(task: Test | Suite): TestOutcome {
  const { result } = task;
  const state = task.mode === "skip" || task.mode === "todo" ? "skip" : result?.state === "pass" ? "pass" : "fail";
  const text = (error: { message?: string; stack?: string; cause?: unknown; diff?: string }): string =>
    [error.stack?.includes(error.message ?? "") === true ? error.stack : `${error.message}\n${error.stack ?? ""}`, error.diff ?? "", error.cause === undefined ? "" : `caused by ${JSON.stringify(error.cause)}`]
      .filter((part) => part !== "")
      .join("\n");
  return { name: nameOf(task), state, milliseconds: Math.round(result?.duration ?? 0), errors: (result?.errors ?? []).map(text) };
}

/**
 * Runs the tests of one file. A hook's failure is an outcome of its own.
 * @param load imports the file, which collects its tests.
 */
export async function runFile(name: string, load: () => Promise<unknown>, progress: Progress = {}, { only, without = [], seed }: Selection = {}): Promise<TestOutcome[]> {
  const runner: VitestRunner = {
    config: {
      root: "/",
      setupFiles: [],
      passWithNoTests: false,
      ...(only === undefined ? {} : { testNamePattern: new RegExp(escape(only)) }),
      sequence: { shuffle: seed !== undefined, seed: seed ?? 0, hooks: "stack", setupFiles: "list" },
      maxConcurrency: 1,
      testTimeout: TIMEOUT,
      hookTimeout: TIMEOUT,
      retry: 0,
    },
    importFile: load,
    onCollected: (files) => {
      files.forEach(leaveOut);
    },
    onBeforeTryTask: (test) => {
      progress.begin?.(nameOf(test));
    },
    onAfterRunTask: (test) => {
      progress.end?.(outcome(test));
    },
  };
  const leaveOut = (task: File | Suite | Test): void => {
    if (task.type === "suite") {
      task.tasks.forEach(leaveOut);
    } else if (without.includes(nameOf(task))) {
      task.mode = "skip";
    }
  };
  const outcomes: TestOutcome[] = [];
  const visit = (task: File | Suite | Test): void => {
    if (task.type === "test") {
      outcomes.push(outcome(task));
      return;
    }
    // A suite fails also because a test of its did; errors of its own are its hooks'.
    if ((task.result?.errors?.length ?? 0) > 0) {
      outcomes.push({ ...outcome(task), state: "fail" });
    }
    task.tasks.forEach(visit);
  };
  (await startTests([{ filepath: `/${name}`, testLocations: undefined }], runner)).forEach(visit);
  return outcomes;
}
