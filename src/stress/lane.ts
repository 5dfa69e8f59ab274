import type { Collected, Iteration, LaneName, Outcome, Raised, Ran } from "./iteration.js";

/** What a file's loading gave. */
export type Collection = { readonly error: Raised | null; readonly tests: readonly Collected[] } | Exclude<Outcome, Ran>;

/** One interpreter that runs tests. After a hang or a crash it is over. */
export interface TestSession {
  /** Whether it can still be used, as far as is known. */
  readonly alive: boolean;
  /** Loads a file, in so many seconds. */
  collect(file: string, seconds: number): Promise<Collection>;
  run(one: Iteration): Promise<Outcome>;
  /** Ends everything, whatever the threads do. */
  end(): Promise<void>;
}

/** A host that starts interpreters. */
export interface Lane {
  readonly name: LaneName;
  /** @throws Error when no interpreter can be started. */
  start(): Promise<TestSession>;
  /** Ends what sessions share. */
  close(): Promise<void>;
}

/** A lane that cannot be had: no browser, no package that drives it, no server at the other end. */
export class LaneError extends Error {
  override readonly name = "LaneError";
}

/** What the part of the runner inside of Python is told. */
export interface GuestOptions {
  readonly pytest_args: readonly string[];
  readonly run_unsafe: boolean;
}

/** The environment in which tests run: the same order of sets in every run, and no files beside the tests. */
export function testEnvironment(pythonPath: readonly string[], options: GuestOptions): Record<string, string> {
  return { PYTHONHASHSEED: "0", PYTHONPATH: pythonPath.join(":"), PYTHONDONTWRITEBYTECODE: "1", WEFT_STRESS: JSON.stringify(options) };
}
