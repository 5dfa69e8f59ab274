import { availableParallelism } from "node:os";
import { parseArgs, type ParseArgsConfig } from "node:util";

const OPTIONS = {
  jobs: { type: "string", short: "j" },
  timeout: { type: "string" },
  match: { type: "string", short: "m", multiple: true },
  subset: { type: "string" },
  runtime: { type: "string" },
  solo: { type: "boolean" },
  python: { type: "string" },
  out: { type: "string" },
  "fail-fast": { type: "boolean" },
  fresh: { type: "boolean" },
  "retry-failed": { type: "boolean" },
  list: { type: "boolean" },
  table: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

export const HELP = `usage: npm run test:cpython -- [options] [NAME...]

Runs CPython's own test files on the test variant, each in a process of its own, and
compares the results with test/cpython/expectations.json. Results of finished files are
kept: a run that was stopped goes on where it was.

A NAME is a file as regrtest calls it (test_os, test_asyncio.test_locks), or a package of
them (test_asyncio).

Options:
  -j, --jobs N       processes at once (default: one per core)
  --timeout SECONDS  deadline of each file (default 300)
  -m, --match GLOB   run only tests whose full id fits; nothing is kept
  --subset ci        run the short list that continuous integration runs
  --runtime FOLDER   use this built runtime (default: dist/runtime/test)
  --solo             use the solo profile, with the expectations of its own
  --python COMMAND   use this Python instead of a runtime
  --out FOLDER       where results, logs and reports go
  --fail-fast        start nothing more after the first failure
  --fresh            forget kept results
  --retry-failed     run files again whose kept results failed
  --list             print the names and stop
  --table            print the kept results of both profiles side by side, as Markdown, and stop
  -h, --help         show this help
`;

/** A mistake in the command line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The parsed command line. */
export interface Options {
  readonly names: readonly string[];
  readonly jobs: number;
  readonly timeout: number;
  readonly match: readonly string[];
  readonly subset: string | undefined;
  readonly runtime: string | undefined;
  readonly solo: boolean;
  readonly python: readonly string[] | undefined;
  readonly out: string | undefined;
  readonly failFast: boolean;
  readonly fresh: boolean;
  readonly retryFailed: boolean;
  readonly list: boolean;
  readonly table: boolean;
  readonly help: boolean;
}

function positive(text: string | undefined, fallback: number, option: string): number {
  if (text === undefined) {
    return fallback;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`--${option} takes a whole number from 1, not ${text}`);
  }
  return value;
}

/**
 * Parses a command line.
 * @throws UsageError about the first mistake.
 */
export function parseOptions(args: readonly string[]): Options {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  const { values, positionals } = parsed;
  if ([values.runtime, values.python, values.solo].filter((value) => value !== undefined).length > 1) {
    throw new UsageError("--runtime, --solo and --python exclude each other");
  }
  const python = values.python?.split(" ").filter((word) => word !== "");
  if (python?.length === 0) {
    throw new UsageError("--python takes a command");
  }
  return {
    names: positionals,
    jobs: positive(values.jobs, availableParallelism(), "jobs"),
    timeout: positive(values.timeout, 300, "timeout"),
    match: values.match ?? [],
    subset: values.subset,
    runtime: values.runtime,
    solo: values.solo ?? false,
    python,
    out: values.out,
    failFast: values["fail-fast"] ?? false,
    fresh: values.fresh ?? false,
    retryFailed: values["retry-failed"] ?? false,
    list: values.list ?? false,
    table: values.table ?? false,
    help: values.help ?? false,
  };
}
