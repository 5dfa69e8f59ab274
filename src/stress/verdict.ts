import type { Diagnosis } from "../runtime/observer/diagnosis.js";
import type { Iteration, LaneName, Outcome, Raised } from "./iteration.js";

/** What is the matter with a test. */
export type TestClass =
  | "passes"
  | "skipped"
  | "always fails"
  | "fails only in parallel"
  | "hangs"
  | "crashes"
  | "never overlapped";

/** Failures that look the same. */
export interface FailureGroup {
  readonly raised: Raised;
  count: number;
  /** The first of them. */
  readonly first: Iteration;
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
  hang: { readonly diagnosis: Diagnosis; readonly report: string; readonly iteration: Iteration } | undefined;
  crash: { readonly message: string; readonly iteration: Iteration } | undefined;
  threads = 1;
  /** The failure's shortest schedule, where one was looked for. */
  shrunk: Iteration | undefined;

  constructor(id: string, env: LaneName) {
    this.id = id;
    this.env = env;
  }

  /** Counts the outcome of an iteration. */
  add(iteration: Iteration, outcome: Outcome): void {
    if (outcome.kind === "hang") {
      this.hang = { diagnosis: outcome.diagnosis, report: outcome.report, iteration };
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
      const same = this.failures.find((one) => one.raised.type === raised.type && one.raised.where === raised.where && alike(one.raised.message, raised.message));
      if (same) {
        same.count++;
      } else {
        this.failures.push({ raised, count: 1, first: iteration });
      }
    }
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
      return "fails only in parallel";
    }
    if (this.skip !== undefined) {
      return "skipped";
    }
    return this.threads > 1 && this.overlapped === 0 ? "never overlapped" : "passes";
  }

  /** Whether the command has to fail for it. */
  get bad(): boolean {
    return !["passes", "skipped"].includes(this.class);
  }
}

/** Whether messages differ in numbers and addresses only. */
function alike(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/0x[0-9a-f]+|\d+/gi, "#");
  return plain(a) === plain(b);
}

/** The command that runs an iteration again. */
export function replayCommand(one: Iteration): string {
  const parts = ["weft stress", quoted(`${one.file}::${one.name}`), `--parallel-threads ${one.threads}`, "--iterations 1", `--seed ${one.seed}`];
  if (one.env !== "node") {
    parts.push(`--env ${one.env}`);
  }
  if (one.schedule !== "free") {
    parts.push(`--schedule ${one.schedule}`);
  }
  if (one.schedule === "perturb") {
    parts.push(`--rate ${one.rate}`);
  }
  if (one.schedule === "pct") {
    parts.push(`--changes ${one.changes.length === 0 ? '""' : one.changes.join(",")}`);
  }
  return parts.join(" ");
}

function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
