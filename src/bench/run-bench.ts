import { readFileSync, writeFileSync } from "node:fs";
import { BenchError } from "./error.js";

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

/** A mistake in the command line. */
export class UsageError extends BenchError {}

/** Runs a benchmark's program: prints what it returns, or tells in plain words why it cannot be run. */
export async function runBench(name: string, main: (say: (text: string) => void) => Promise<string>): Promise<void> {
  const say = (text: string): void => {
    process.stderr.write(`${name}: ${text}\n`);
  };
  try {
    process.stdout.write(await main(say));
  } catch (error) {
    if (!(error instanceof BenchError)) {
      throw error;
    }
    say(error.message);
    process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
}

/**
 * Writes a whole result where `--json` says, if it does.
 * @throws BenchError when it cannot be written.
 */
export function writeJson(path: string | undefined, result: unknown): void {
  if (path === undefined) {
    return;
  }
  try {
    writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    throw new BenchError(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads what {@link writeJson} wrote.
 * @throws BenchError when it cannot be read.
 */
export function readJsonResult<T>(path: string): T {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    throw new BenchError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
