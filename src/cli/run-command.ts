import { CliError, ExitCode } from "./exit-codes.js";
import { parseRunOptions, RUN_OPTIONS_HELP, splitAtScript } from "./run-options.js";
import { runPython } from "./run-python.js";

/** `weft run [options] SCRIPT [arguments]` */
export async function runScript(args: readonly string[]): Promise<number> {
  const { own, rest } = splitAtScript(args);
  const options = parseRunOptions(own);
  if (options === null) {
    process.stdout.write(`usage: weft run [options] SCRIPT [arguments]\n\nRuns a Python program.\n\n${RUN_OPTIONS_HELP}`);
    return 0;
  }
  if (rest.length === 0) {
    throw new CliError("weft run needs a script: weft run [options] SCRIPT [arguments]", ExitCode.usage);
  }
  return runPython({ ...options, pythonArguments: rest });
}

/** `weft repl [options]` */
export async function runRepl(args: readonly string[]): Promise<number> {
  const { own, rest } = splitAtScript(args);
  const options = parseRunOptions(own);
  if (options === null) {
    process.stdout.write(`usage: weft repl [options]\n\nStarts Python's interactive prompt.\n\n${RUN_OPTIONS_HELP}`);
    return 0;
  }
  if (rest.length > 0) {
    throw new CliError(`weft repl takes no script; did you mean "weft run ${rest[0]}"?`, ExitCode.usage);
  }
  // Lines are edited by the host; Python's own editor cannot work here, and would say so first.
  const environment = { PYTHON_BASIC_REPL: "1", ...options.environment };
  return runPython({ ...options, environment, pythonArguments: process.stdin.isTTY ? [] : ["-i"] });
}
