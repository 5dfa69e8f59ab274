/** The command lines that run bundled test files. */
export const HOSTS: Readonly<Record<"node" | "deno" | "bun", readonly string[]>>;
/** Bundles a test file with its runner into one module for these. */
export function bundleForCommand(path: string, outfile: string): Promise<void>;
/** How a test ended; see test/portable/run.ts. */
export interface TestOutcome {
  readonly name: string;
  readonly state: "pass" | "fail" | "skip";
  readonly milliseconds: number;
  readonly errors: readonly string[];
}
/** One run of a bundled test file. */
export interface FileRun {
  /** Of all tests; those that ended where the run did not come to its end. */
  readonly outcomes: readonly TestOutcome[];
  /** Tests that began and did not end. */
  readonly unfinished: readonly string[];
  readonly status: number | null;
  /** What else was printed. */
  readonly output: string;
  readonly milliseconds: number;
}
/**
 * Runs a bundle of {@link bundleForCommand}. At the deadline the run is killed, and what was
 * under way is in `unfinished`.
 */
export function runBundle(
  command: readonly string[],
  bundle: string,
  options: {
    readonly deadline: number;
    /** Part of the names of the tests to run. */
    readonly only?: string | undefined;
    /** Full names of tests to leave out. */
    readonly without?: readonly string[];
    /** Shuffles the tests. */
    readonly seed?: number;
  },
): Promise<FileRun>;
/** What went wrong in a run, in words; nothing when all went well. */
export function problems(run: FileRun): string[];
