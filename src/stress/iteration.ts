import type { Diagnosis } from "../runtime/observer/diagnosis.js";
import type { Timeline, Traced } from "./timeline.js";

/** Where tests run. */
export type LaneName = "node" | "chromium";

/** How threads are scheduled; see wasm/python/stress.c. */
export type Schedule = "free" | "perturb" | "pct";

/** What a failed thread, or a file that cannot be loaded, raised. */
export interface Raised {
  readonly type: string;
  readonly message: string;
  /** File and line, or nothing. */
  readonly where: string;
  readonly traceback: string;
  /** File and name of the test that raised it, where an iteration has several. */
  readonly test?: string;
}

/** A test of a file. */
export interface Collected {
  readonly name: string;
  /** Why it is not run. */
  readonly skip: string | null;
  /** The most threads that it allows. */
  readonly threads: number | null;
  /** How often it wants to be run. */
  readonly iterations: number | null;
}

/** File and name. */
export type TestName = readonly [file: string, name: string];

/** A test as the command line names it. */
export function idOf([file, name]: TestName): string {
  return `${file}::${name}`;
}

/** How one iteration is run. */
export interface Iteration {
  readonly env: LaneName;
  readonly file: string;
  readonly name: string;
  readonly threads: number;
  /** Tests, by file and name, that the other threads run meanwhile, in turn; without any, all run the same. */
  readonly companions: readonly TestName[];
  readonly schedule: Schedule;
  readonly seed: number;
  readonly rate: number;
  readonly changes: readonly number[];
  /** Seconds. */
  readonly timeout: number;
  /** Whether threads share what each one else has of its own: function-scoped fixtures, the test class's instance. */
  readonly shared: boolean;
  /** Options of the command line that say where modules are: for the command that runs it again. */
  readonly where: readonly string[];
}

/** An iteration that ended. */
export interface Ran extends Traced {
  readonly kind: "ran";
  readonly outcome: "pass" | "fail" | "skip";
  readonly errors: readonly (Raised & { readonly thread: number | null })[];
  readonly skipped: readonly string[];
  /** Whether threads were in the test at the same time. */
  readonly overlapped: boolean;
  readonly steps: number;
  readonly switches: number;
  /** Bytes of the interpreter's heap, which never shrinks. */
  readonly memory: number;
  /** What a deterministic run can be compared by. */
  readonly trace: string;
  readonly output: string;
}

/** What became of an iteration. */
export type Outcome =
  | Ran
  | { readonly kind: "hang"; readonly diagnosis: Diagnosis; readonly report: string; readonly timeline: Timeline }
  | { readonly kind: "crash"; readonly message: string };

/** Whether it was not as it should be. */
export function failed(outcome: Outcome): boolean {
  return outcome.kind !== "ran" || outcome.outcome === "fail";
}

/** What a failed outcome is, in words. */
export function raisedBy(outcome: Outcome, file: string): Raised {
  if (outcome.kind === "ran") {
    return outcome.errors[0]!;
  }
  const message = outcome.kind === "crash" ? outcome.message : `does not end:\n${outcome.report}`;
  return { type: outcome.kind, message, where: file, traceback: message };
}
