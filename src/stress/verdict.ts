import type { Diagnosis } from "../runtime/observer/diagnosis.js";
import type { Failing } from "./options.js";
import { tracedTimeline, type Timeline } from "./timeline.js";
import { idOf, type Iteration, type LaneName, type Outcome, type Raised, type TestName } from "./iteration.js";

/** What is the matter with a test. */
export type TestClass =
  | "passes"
  | "skipped"
  | "always fails"
  | "fails only in parallel"
  | "fails under one seed"
  | "broken by an earlier test"
  | "hangs"
  | "crashes"
  | "never overlapped";

const FAILING_CLASSES: Readonly<Record<TestClass, Failing | undefined>> = {
  passes: undefined,
  skipped: undefined,
  "always fails": "fail",
  "fails only in parallel": "flaky",
  "fails under one seed": "flaky",
  "broken by an earlier test": "order",
  hangs: "hang",
  crashes: "crash",
  "never overlapped": "overlap",
};

/** Failures that look the same. */
export interface FailureGroup {
  readonly raised: Raised;
  count: number;
  /** The first of them, what its threads did, and what the test printed. */
  readonly first: Iteration;
  readonly timeline: Timeline;
  readonly output: string;
  /** How often the first one's seed failed when it was tried again. */
  again?: { failed: number; runs: number };
}

/** A test that fails after others and passes by itself, on one thread. */
export interface BrokenByEarlier {
  readonly raised: Raised;
  readonly alone: Iteration;
  /** Of the tests before it. */
  readonly threads: number;
  /** The fewest tests after which it failed again; undefined when it did not. */
  readonly after: readonly TestName[] | undefined;
}

/** Everything that is known of one test after its iterations. */
export class TestVerdict {
  readonly id: string;
  readonly env: LaneName;
  readonly failures: FailureGroup[] = [];
  runs = 0;
  passed = 0;
  failed = 0;
  overlapped = 0;
  seconds = 0;
  skip: string | undefined;
  baselineFailed = false;
  hang: { readonly diagnosis: Diagnosis; readonly report: string; readonly timeline: Timeline; readonly iteration: Iteration } | undefined;
  crash: { readonly message: string; readonly iteration: Iteration } | undefined;
  order: BrokenByEarlier | undefined;
  threads = 1;
  /** About how many steps its threads take together, where they are counted. */
  steps = 0;
  /** The failure's shortest schedule, where one was looked for. */
  shrunk: Iteration | undefined;

  constructor(id: string, env: LaneName) {
    this.id = id;
    this.env = env;
  }

  /** Counts the outcome of an iteration. */
  add(iteration: Iteration, outcome: Outcome): void {
    if (outcome.kind === "hang") {
      this.hang = { diagnosis: outcome.diagnosis, report: outcome.report, timeline: outcome.timeline, iteration };
      return;
    }
    if (outcome.kind === "crash") {
      this.crash = { message: outcome.message, iteration };
      return;
    }
    if (outcome.outcome === "skip") {
      this.skip = outcome.skipped[0] ?? "skipped";
      return;
    }
    this.runs++;
    this.overlapped += outcome.overlapped ? 1 : 0;
    if (outcome.outcome === "pass") {
      this.passed++;
      return;
    }
    this.failed++;
    for (const raised of outcome.errors.slice(0, 1)) {
      const same = this.failures.find((one) => one.raised.type === raised.type && one.raised.test === raised.test && one.raised.where === raised.where && alike(one.raised.message, raised.message));
      if (same) {
        same.count++;
      } else {
        this.failures.push({ raised, count: 1, first: iteration, timeline: tracedTimeline(outcome), output: outcome.output });
      }
    }
  }

  /** Whether more iterations tell more. */
  get goesOn(): boolean {
    return !this.hang && !this.crash && !this.baselineFailed && this.skip === undefined;
  }

  get class(): TestClass {
    if (this.hang) {
      return "hangs";
    }
    if (this.crash) {
      return "crashes";
    }
    if (this.baselineFailed) {
      return "always fails";
    }
    if (this.failed > 0) {
      return this.failed === 1 && this.runs > 1 ? "fails under one seed" : "fails only in parallel";
    }
    if (this.order) {
      return "broken by an earlier test";
    }
    if (this.skip !== undefined) {
      return "skipped";
    }
    return this.threads > 1 && this.overlapped === 0 ? "never overlapped" : "passes";
  }

  /** What is not as it should be, if anything. */
  get failing(): Failing | undefined {
    return FAILING_CLASSES[this.class];
  }

  get bad(): boolean {
    return this.failing !== undefined;
  }
}

/** Whether messages differ in numbers and addresses only. */
function alike(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/0x[0-9a-f]+|\d+/gi, "#");
  return plain(a) === plain(b);
}

/** The options that run an iteration again. */
export function replayArguments(one: Iteration): string[] {
  const parts = [`${one.file}::${one.name}`, "--parallel-threads", String(one.threads), "--iterations", "1", "--seed", String(one.seed)];
  parts.push(...one.companions.flatMap((test) => ["--with", idOf(test)]));
  if (one.env !== "node") {
    parts.push("--env", one.env);
  }
  if (one.schedule !== "free") {
    parts.push("--schedule", one.schedule);
  }
  if (one.schedule === "perturb") {
    parts.push("--rate", String(one.rate));
  }
  if (one.schedule === "pct") {
    parts.push("--changes", one.changes.join(","));
  }
  if (one.shared) {
    parts.push("--shared-fixtures");
  }
  parts.push(...one.where);
  return parts;
}

/** The command that runs an iteration again. */
export function replayCommand(one: Iteration): string {
  return command(replayArguments(one));
}

/** The options that run a test after those that broke it. */
export function orderArguments({ alone, threads, after = [] }: BrokenByEarlier): string[] {
  return [...after.map(idOf), ...replayArguments({ ...alone, threads, schedule: "free" })];
}

export function command(options: readonly string[]): string {
  return ["weft", "stress", ...options.map(quoted)].join(" ");
}

function quoted(text: string): string {
  return text === "" ? '""' : /^[\w./:@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
