import type { FileResult, TestOutcome, TestRecord } from "./result.js";

/** A line of the report that `driver.py` writes. */
export type ReportEvent =
  | { readonly event: "start"; readonly id: string }
  | { readonly event: "stop"; readonly id: string; readonly seconds: number }
  | { readonly event: "outcome"; readonly id: string; readonly outcome: "passed" | "failed" | "skipped"; readonly detail?: string }
  | { readonly event: "excluded"; readonly id: string }
  | { readonly event: "file-skipped"; readonly reason: string }
  | { readonly event: "file-error"; readonly detail: string }
  | { readonly event: "end"; readonly state: string; readonly seconds: number }
  | { readonly event: "names"; readonly names: readonly string[] };

/** Parses a report. The last line may be cut off where its writer was killed. */
export function parseReport(text: string): ReportEvent[] {
  const lines = text.split("\n");
  // Either empty or a line without its end.
  lines.pop();
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as ReportEvent);
}

/** How the driver's process ended. */
export interface ProcessEnd {
  /** Killed because of its deadline. */
  readonly timedOut: boolean;
  readonly status: number | null;
  readonly signal: string | null;
  readonly seconds: number;
  readonly tail: string;
}

interface OpenTest {
  outcome: TestOutcome;
  seconds: number;
  detail: string | undefined;
}

/** A test with several outcomes, as by its subtests, has the first of these that occurs. */
const SEVERITY: readonly TestOutcome[] = ["failed", "unfinished", "passed", "skipped", "excluded"];

function worse(a: TestOutcome, b: TestOutcome): boolean {
  return SEVERITY.indexOf(a) < SEVERITY.indexOf(b);
}

function collectTests(events: readonly ReportEvent[]): TestRecord[] {
  const tests = new Map<string, OpenTest>();
  const running = new Set<string>();
  const note = (id: string, outcome: TestOutcome, detail?: string): void => {
    const known = tests.get(id);
    if (known === undefined) {
      tests.set(id, { outcome, seconds: 0, detail });
    } else if (worse(outcome, known.outcome)) {
      known.outcome = outcome;
      known.detail = detail;
    }
  };
  for (const event of events) {
    switch (event.event) {
      case "start":
        running.add(event.id);
        break;
      case "stop": {
        running.delete(event.id);
        const test = tests.get(event.id);
        if (test) {
          test.seconds += event.seconds;
        }
        break;
      }
      case "outcome":
        note(event.id, event.outcome, event.detail);
        break;
      case "excluded":
        note(event.id, "excluded");
        break;
      case "file-skipped":
      case "file-error":
      case "end":
      case "names":
        break;
    }
  }
  for (const id of running) {
    note(id, "unfinished");
  }
  return [...tests].map(([id, test]) => ({
    id,
    outcome: test.outcome,
    seconds: test.seconds,
    ...(test.detail !== undefined ? { detail: test.detail } : {}),
  }));
}

function describeEnd(end: ProcessEnd, finished: boolean): string {
  const when = finished ? "after its last test" : "before its end";
  if (end.timedOut) {
    return `still running after ${end.seconds.toFixed(0)} s, ${when}`;
  }
  return end.signal !== null ? `killed by ${end.signal} ${when}` : `exit status ${end.status} ${when}`;
}

/** Puts together what the report and the end of its process say about a file. */
export function fileResult(name: string, events: readonly ReportEvent[], end: ProcessEnd): FileResult {
  const tests = collectTests(events);
  const last = events.find((event) => event.event === "end");
  const base = {
    name,
    tests,
    seconds: end.seconds,
    environmentChanged: last?.state === "ENV_CHANGED",
    tail: end.tail,
  };
  if (end.timedOut) {
    return { ...base, state: "hung", detail: describeEnd(end, last !== undefined) };
  }
  if (end.status !== 0 || last === undefined) {
    return { ...base, state: "crashed", detail: describeEnd(end, last !== undefined) };
  }
  switch (last.state) {
    case "PASSED":
    case "ENV_CHANGED":
    case "FAILED":
      return { ...base, state: "completed", tail: last.state === "PASSED" ? "" : end.tail };
    case "SKIPPED":
    case "RESOURCE_DENIED": {
      const skip = events.find((event) => event.event === "file-skipped");
      return { ...base, state: "skipped", detail: skip?.reason ?? "no reason given", tail: "" };
    }
    case "DID_NOT_RUN":
      return { ...base, state: "empty" };
    default: {
      const error = events.find((event) => event.event === "file-error");
      return { ...base, state: "broken", detail: error?.detail ?? `regrtest's state is ${last.state}` };
    }
  }
}
