import { selfSkipReasons, type Expectations } from "./expectations.js";
import { describeProblem, type Verdict } from "./judge.js";
import { treeName, type TestCounts } from "./result.js";

/** A run's totals. */
export interface Totals {
  /** Files by what their results mean. */
  readonly files: Readonly<Record<Verdict["kind"], number>>;
  readonly tests: TestCounts;
  /** Files of the tree, where a package counts once: passed only if all its parts did. */
  readonly tree: { readonly total: number; readonly passed: number; readonly withoutExceptions: number };
  /** How many tests skipped themselves, by the short name of the reason. */
  readonly selfSkips: ReadonlyMap<string, number>;
  readonly seconds: number;
}

function treeTotals(verdicts: readonly Verdict[]): Totals["tree"] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const name = treeName(verdict.result.name);
    groups.set(name, [...(groups.get(name) ?? []), verdict]);
  }
  const all = [...groups.values()];
  // Parts of a package that are expected to have no work do not undo the others' work.
  const passed = all.filter(
    (group) => group.some((v) => v.kind === "passed") && group.every((v) => v.kind !== "failed"),
  );
  const withoutExceptions = passed.filter((group) => group.every((v) => v.kind === "passed" && v.exceptions === 0));
  return { total: all.length, passed: passed.length, withoutExceptions: withoutExceptions.length };
}

/** Adds up a run. */
export function totals(verdicts: readonly Verdict[], expectations: Expectations): Totals {
  const files = { passed: 0, "no-work": 0, excluded: 0, failed: 0 };
  const tests: TestCounts = { passed: 0, failed: 0, skipped: 0, excluded: 0, unfinished: 0 };
  const selfSkips = new Map<string, number>();
  const reasonOf = selfSkipReasons(expectations);
  let seconds = 0;
  for (const verdict of verdicts) {
    files[verdict.kind]++;
    seconds += verdict.result.seconds;
    for (const outcome of Object.keys(tests) as (keyof TestCounts)[]) {
      tests[outcome] += verdict.counts[outcome];
    }
    for (const test of verdict.result.tests) {
      if (test.outcome === "skipped") {
        const own = reasonOf(test.detail ?? "");
        const reason = own ?? expectations.files[verdict.result.name]?.reason ?? "unlisted";
        selfSkips.set(reason, (selfSkips.get(reason) ?? 0) + 1);
      }
    }
  }
  return { files, tests, tree: treeTotals(verdicts), selfSkips, seconds };
}

/** Problems of one file that are printed; the reports have all. */
const SHOWN_PROBLEMS = 12;
/** Last lines of a process's output that are printed where it did not end by itself. */
const SHOWN_LINES = 25;

function fileLines(verdict: Verdict, expectations: Expectations): string[] {
  const { name } = verdict.result;
  switch (verdict.kind) {
    case "passed":
      return verdict.exceptions > 0 ? [`  ${name}: ${verdict.exceptions} tests failed or left out, as expected`] : [];
    case "no-work":
    case "excluded": {
      const reason = expectations.files[name]!.reason;
      return [`  ${name}: ${verdict.kind}: ${expectations.reasons[reason]}`];
    }
    case "failed": {
      const shown = verdict.problems.slice(0, SHOWN_PROBLEMS).map((problem) => `    ${describeProblem(problem)}`);
      const more = verdict.problems.length - shown.length;
      const tail = ["crashed", "hung"].includes(verdict.result.state) ? verdict.result.tail.trimEnd().split("\n").slice(-SHOWN_LINES) : [];
      return [
        `  ${name}:`,
        ...shown,
        ...(more > 0 ? [`    and ${more} more`] : []),
        ...(tail.length > 0 ? ["    its last output:", ...tail.map((line) => `      ${line}`)] : []),
      ];
    }
  }
}

/** The end of a run for people; its last line is the result alone. */
export function summary(verdicts: readonly Verdict[], expectations: Expectations): string {
  const sums = totals(verdicts, expectations);
  const lines: string[] = [];
  const section = (title: string, kinds: readonly Verdict["kind"][]): void => {
    const found = verdicts.filter((v) => kinds.includes(v.kind)).flatMap((v) => fileLines(v, expectations));
    if (found.length > 0) {
      lines.push("", `${title}:`, ...found);
    }
  };
  section("Files with listed exceptions", ["passed"]);
  section("Files without work", ["no-work", "excluded"]);
  section("Failed files", ["failed"]);
  lines.push("", "Tests that skipped themselves, by reason:");
  for (const [reason, count] of [...sums.selfSkips].sort((a, b) => b[1] - a[1])) {
    lines.push(`  ${String(count).padStart(6)}  ${reason}`);
  }
  const row = (name: string, values: Readonly<Record<string, number>>): string =>
    `${name.padEnd(8)}${Object.entries(values)
      .map(([key, value]) => `${value} ${key}`)
      .join(", ")}`;
  lines.push(
    "",
    row("files", sums.files),
    row("tests", sums.tests),
    `tree    ${sums.tree.passed} of ${sums.tree.total} test files succeeded with work done, ` +
      `${sums.tree.withoutExceptions} of them without any exception`,
    `time    ${sums.seconds.toFixed(0)} s of processes`,
    "",
    `${sums.files.passed} passed, ${sums.files.failed} failed`,
  );
  return `${lines.join("\n")}\n`;
}
