/** How one test of a file ended. */
export type TestOutcome =
  | "passed"
  | "failed"
  /** The test skipped itself, for the reason in `detail`. */
  | "skipped"
  /** Left out because the expectations say so. */
  | "excluded"
  /** Was running when its process ended. */
  | "unfinished";

/** One test of a file. */
export interface TestRecord {
  /** Its unittest id, such as `test.test_os.FileTests.test_access`. */
  readonly id: string;
  readonly outcome: TestOutcome;
  readonly seconds: number;
  /** Why it failed or was skipped. */
  readonly detail?: string;
}

/** How one file ended. */
export type FileState =
  /** Ran to its end; single tests may have failed. */
  | "completed"
  /** Skipped as a whole, for the reason in `detail`. */
  | "skipped"
  /** Had no test to run. */
  | "empty"
  /** Could not be imported, or raised outside of a test. */
  | "broken"
  /** Its process ended early or with a status that says so. */
  | "crashed"
  /** Its process did not end before the deadline and was killed. */
  | "hung"
  /** Not started because the expectations say so. */
  | "excluded";

/** What is known about one file after it ran. */
export interface FileResult {
  /** Its name as regrtest gives it, such as `test_os` or `test.test_asyncio.test_locks`. */
  readonly name: string;
  readonly state: FileState;
  readonly tests: readonly TestRecord[];
  readonly seconds: number;
  /** Why the file is skipped or broken, or how its process ended. */
  readonly detail?: string;
  /** Regrtest noticed that the file did not restore what it changed. */
  readonly environmentChanged: boolean;
  /** The last output of its process, kept where the file did not simply pass. */
  readonly tail: string;
}

/** Numbers of tests by outcome. */
export type TestCounts = Record<TestOutcome, number>;

/** Counts the tests of a file by outcome. */
export function countTests(tests: readonly TestRecord[]): TestCounts {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0, excluded: 0, unfinished: 0 };
  for (const test of tests) {
    counts[test.outcome]++;
  }
  return counts;
}

/** The file's name among those of the tree: a package whose parts run alone counts once. */
export function treeName(name: string): string {
  return name.startsWith("test.") ? name.split(".")[1]! : name;
}
