import { element, escapeXml as escape } from "../tools/xml.js";
import type { Verdict } from "./judge.js";
import type { TestRecord } from "./result.js";

function testCase(file: string, test: TestRecord, problem: string | undefined): string {
  const attributes = { classname: file, name: test.id, time: test.seconds.toFixed(3) };
  if (problem !== undefined) {
    const details = { message: problem, type: test.outcome };
    return element("testcase", attributes, [element("failure", details, [escape(test.detail ?? "")])]);
  }
  switch (test.outcome) {
    case "passed":
      return element("testcase", attributes);
    case "skipped":
      return element("testcase", attributes, [element("skipped", { message: test.detail ?? "" })]);
    case "excluded":
      return element("testcase", attributes, [element("skipped", { message: "left out by the expectations" })]);
    case "failed":
    case "unfinished":
      return element("testcase", attributes, [element("skipped", { message: "failed, as expected" })]);
  }
}

function testSuite(verdict: Verdict): string {
  const { result, counts, problems } = verdict;
  const ids = new Set(result.tests.map((test) => test.id));
  const byTest = new Map(problems.map((problem) => [problem.test, problem.message]));
  const cases = result.tests.map((test) => testCase(result.name, test, byTest.get(test.id)));
  // What no single test is to blame for goes to a case that stands for the file.
  const whole = problems.filter((problem) => problem.test === undefined || !ids.has(problem.test));
  const children = whole.map((problem) =>
    element("failure", { message: `${problem.test ?? result.name} ${problem.message}` }, [escape(result.tail)]),
  );
  cases.push(
    element("testcase", { classname: result.name, name: "(file)", time: result.seconds.toFixed(3) }, children),
  );
  const failures = result.tests.filter((test) => byTest.has(test.id)).length;
  return element(
    "testsuite",
    {
      name: result.name,
      tests: cases.length,
      failures: failures + (whole.length > 0 ? 1 : 0),
      skipped: counts.skipped + counts.excluded,
      time: result.seconds.toFixed(3),
    },
    cases,
  );
}

/** The verdicts as a JUnit report. */
export function junitReport(verdicts: readonly Verdict[]): string {
  const suites = verdicts.map(testSuite);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: "cpython" }, suites)}\n`;
}
