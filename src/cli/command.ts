import { CliError, ExitCode } from "./exit-codes.js";

/** Node's oldest version that Weft supports. */
const OLDEST_NODE = 20;

/** @throws CliError when this engine lacks what threads need. */
export function checkEngine(): void {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < OLDEST_NODE) {
    throw new CliError(
      `Node ${process.versions.node} is too old; install Node ${OLDEST_NODE} or newer`,
      ExitCode.unsupported,
    );
  }
  if (typeof SharedArrayBuffer === "undefined") {
    throw new CliError(
      "this engine has no SharedArrayBuffer, which Python's threads share; start it without options that disable it",
      ExitCode.unsupported,
    );
  }
}

/**
 * Runs a command to the end of this process: with the status it returns, or after one
 * line about why it failed. Ends running workers too.
 */
export async function runCommand(name: string, main: (args: string[]) => Promise<number>): Promise<never> {
  let status: number;
  try {
    checkEngine();
    status = await main(process.argv.slice(2));
  } catch (error) {
    if (error instanceof CliError) {
      process.stderr.write(`${name}: ${error.message}\n`);
      status = error.exitCode;
    } else {
      process.stderr.write(`${name}: internal error, please report it: ${(error as Error).stack ?? String(error)}\n`);
      status = ExitCode.crash;
    }
  }
  process.exit(status);
}
