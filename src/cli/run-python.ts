import { statSync, accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { LayoutError } from "../abi/layout.js";
import { RuntimeAssets } from "../hosts/node/assets.js";
import { RuntimeFilesError } from "../hosts/shared/runtime-files-error.js";
import { runProgram } from "../hosts/node/run.js";
import { GuestError, type GuestLimits, type Mount } from "../runtime/guest.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { defaultMounts } from "./mounts.js";
import { prepareEngine } from "./prepare-engine.js";
import { parsePythonCommandLine } from "./python-command-line.js";
import { runtimeFolder } from "../hosts/node/runtime-folder.js";

/** What the commands that run Python have in common. */
export interface RunOptions {
  /** CPython's command line, without `argv[0]`. */
  readonly pythonArguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Whether `import js` works, which reaches all of the machine. */
  readonly javascript?: boolean;
  readonly limits?: Partial<GuestLimits>;
  /** Folder of the runtime; the default is the one that was built. */
  readonly runtime?: string | undefined;
}

function checkScript(script: string): void {
  let isDirectory: boolean;
  let isFile: boolean;
  try {
    const status = statSync(script);
    isDirectory = status.isDirectory();
    isFile = status.isFile();
  } catch (error) {
    throw new CliError(`there is no script ${script}; check the path`, ExitCode.noInput, { cause: error });
  }
  // A pipe or device has no folder that the guest could see it in.
  if (!isDirectory && !isFile) {
    throw new CliError(`${script} is neither a file nor a folder; \`weft-python -\` runs what its standard input says`, ExitCode.noInput);
  }
  if (isDirectory && !existsSync(join(script, "__main__.py"))) {
    throw new CliError(
      `${script} is a folder without a __main__.py; name a script in it`,
      ExitCode.noInput,
    );
  }
  try {
    accessSync(script, constants.R_OK);
  } catch (error) {
    throw new CliError(`${script} may not be read; check its permissions`, ExitCode.noInput, { cause: error });
  }
}

/** Runs Python with this process's streams and returns the exit status. */
export async function runPython(options: RunOptions): Promise<number> {
  const args = [...options.pythonArguments];
  const { scriptIndex } = parsePythonCommandLine(args);
  const script = scriptIndex < 0 ? undefined : args[scriptIndex]!;
  if (script !== undefined) {
    checkScript(script);
  }
  const defaults = defaultMounts(script);
  if (defaults.script !== undefined) {
    // The path as it was given, where it means the same in the guest.
    const given = args[scriptIndex]!;
    const moved = !defaults.mounts.every((mount) => mount.host === mount.guest);
    args[scriptIndex] = moved ? defaults.script : given;
  }
  try {
    const folder = options.runtime ?? runtimeFolder();
    prepareEngine(folder);
    const assets = new RuntimeAssets(folder);
    const end = await runProgram({
      assets,
      arguments: ["python", ...args],
      environment: options.environment,
      workingDirectory: defaults.workingDirectory,
      mounts: [...defaults.mounts, ...options.mounts],
      javascript: options.javascript ?? false,
      ...(options.limits ? { limits: options.limits } : {}),
    });
    if (end.kind === "exit") {
      return end.status;
    }
    if (end.error instanceof RuntimeFilesError) {
      throw end.error;
    }
    const reason = end.error instanceof Error ? (end.error.stack ?? end.error.message) : String(end.error);
    throw new CliError(
      `the Python runtime crashed; this is a bug of the runtime, please report it with the program:\n${reason}`,
      ExitCode.crash,
      { cause: end.error },
    );
  } catch (error) {
    if (error instanceof RuntimeFilesError || error instanceof LayoutError) {
      throw new CliError(error.message, ExitCode.runtimeFiles, { cause: error });
    }
    if (error instanceof GuestError) {
      throw new CliError(error.message, ExitCode.mount, { cause: error });
    }
    throw error;
  }
}
