import { matcher, selfSkipReasons, type Expectations } from "./expectations.js";
import { countTests, type FileResult, type TestCounts, type TestRecord } from "./result.js";

/** Something that is not as expected. */
export interface Problem {
  /** The test's id or pattern; a problem of the whole file has none. */
  readonly test?: string;
  readonly message: string;
}

/** What a file's result means. */
export interface Verdict {
  readonly result: FileResult;
  /**
   * `passed`: it did work and ended as expected. `no-work`: every test skipped itself, as
   * expected. `excluded`: not started, as expected. `failed`: anything else.
   */
  readonly kind: "passed" | "no-work" | "excluded" | "failed";
  readonly problems: readonly Problem[];
  readonly counts: TestCounts;
  /** Tests that failed or were left out, all as expected. */
  readonly exceptions: number;
}

const MESSAGE_LIMIT = 240;

/** An exception's name at the start of a line, as a traceback ends with. */
const EXCEPTION = /^[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Fail|Skip|Timeout)\w*(?::|$)/;

/** The line of a traceback or text that says what went wrong rather than where. */
function essence(detail: string | undefined): string {
  // Unittest appends what the test wrote.
  const lines = (detail ?? "").split(/\n(?:Stdout|Stderr):\n/)[0]!.trim().split("\n");
  const line = (lines.findLast((candidate) => EXCEPTION.test(candidate)) ?? lines[lines.length - 1]!).trim();
  return line.length > MESSAGE_LIMIT ? `${line.slice(0, MESSAGE_LIMIT)}...` : line;
}

/** Compares listed tests with how they ended, and gives the ids of all that are listed. */
function judgeListed(
  tests: readonly TestRecord[],
  name: string,
  expectations: Expectations,
  partial: boolean,
): { problems: Problem[]; listed: Set<string> } {
  const problems: Problem[] = [];
  const listed = new Set<string>();
  for (const entry of expectations.tests[name] ?? []) {
    for (const pattern of entry.tests) {
      const matches = matcher(pattern);
      const matching = tests.filter((test) => matches(test.id));
      if (matching.length === 0 && !partial) {
        problems.push({ test: pattern, message: `is expected to ${entry.kind}, but there is no such test` });
      }
      for (const test of matching) {
        listed.add(test.id);
        if (entry.kind === "fail" && test.outcome !== "failed") {
          problems.push({ test: test.id, message: `is expected to fail (${entry.reason}), but ${test.outcome}` });
        }
      }
    }
  }
  return { problems, listed };
}

function judgeOthers(tests: readonly TestRecord[], listed: ReadonlySet<string>, expectations: Expectations): Problem[] {
  const reasonOf = selfSkipReasons(expectations);
  return tests.flatMap((test): Problem[] => {
    if (listed.has(test.id)) {
      return [];
    }
    switch (test.outcome) {
      case "failed":
        return [{ test: test.id, message: `failed: ${essence(test.detail)}` }];
      case "unfinished":
        return [{ test: test.id, message: "was running when the process ended" }];
      case "skipped":
        return reasonOf(test.detail ?? "") !== undefined
          ? []
          : [{ test: test.id, message: `skipped itself for an unlisted reason: ${essence(test.detail)}` }];
      case "passed":
      case "excluded":
        return [];
    }
  });
}

/**
 * Compares a file's result with what was expected of it.
 * @param partial only some of its tests were selected, so listed ones may be missing.
 */
export function judge(result: FileResult, expectations: Expectations, partial = false): Verdict {
  const counts = countTests(result.tests);
  const worked = counts.passed + counts.failed > 0;
  const expected = expectations.files[result.name];
  const verdict = (kind: Verdict["kind"], problems: readonly Problem[] = []): Verdict => ({
    result,
    kind: problems.length > 0 ? "failed" : kind,
    problems,
    counts,
    exceptions: problems.length > 0 ? 0 : counts.failed + counts.excluded,
  });

  if (result.state === "excluded") {
    return verdict("excluded");
  }
  if (expected?.kind === "no-work") {
    if (result.state === "skipped" || (result.state === "completed" && !worked)) {
      return verdict("no-work");
    }
    const instead = worked ? `${counts.passed} tests passed and ${counts.failed} failed` : `it is ${result.state}`;
    return verdict("failed", [{ message: `is expected to skip itself (${expected.reason}), but ${instead}` }]);
  }
  const { problems, listed } = judgeListed(result.tests, result.name, expectations, partial);
  const others = judgeOthers(result.tests, listed, expectations);
  switch (result.state) {
    case "completed": {
      const all = [...others, ...problems];
      if (!worked && all.length === 0) {
        all.push({ message: "skipped every test, which nobody expects" });
      }
      return verdict("passed", all);
    }
    case "skipped":
      return verdict("failed", [{ message: `skipped itself, which nobody expects: ${result.detail}` }]);
    case "empty":
      return verdict("failed", [{ message: "has no tests to run" }]);
    case "broken":
    case "crashed":
    case "hung":
      // Tests that did not come to their turn are no further problem.
      return verdict("failed", [{ message: `${result.state}: ${essence(result.detail)}` }, ...others]);
  }
}

/** A problem as one line. */
export function describeProblem(problem: Problem): string {
  return problem.test === undefined ? problem.message : `${problem.test} ${problem.message}`;
}
