import { parseArgs, type ParseArgsConfig } from "node:util";
import { baseEnvironment, hostEnvironment, parseEnvOption, readEnvFile } from "./environment.js";
import { LEAST_MEMORY, MOST_MEMORY } from "../runtime/guest-memory.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { parseMount } from "./mounts.js";
import type { RunOptions } from "./run-python.js";

const OPTIONS = {
  mount: { type: "string", multiple: true },
  env: { type: "string", multiple: true },
  "env-file": { type: "string", multiple: true },
  "env-all": { type: "boolean" },
  js: { type: "boolean" },
  threads: { type: "string" },
  memory: { type: "string" },
  runtime: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

/** The part of `weft run --help` and `weft repl --help` about their common options. */
export const RUN_OPTIONS_HELP = `Options:
  --mount HOST:GUEST[:ro]  show the folder HOST to Python at the absolute path GUEST
  --env NAME[=VALUE]       pass an environment variable (default: this process's value)
  --env-file FILE          pass the NAME=VALUE lines of FILE
  --env-all                pass the whole environment
  --js                     let Python use JavaScript (import js): Node, and by that all of this machine
  --threads N              Python threads at once (default 256)
  --memory N               MiB that Python's memory grows to at most (128 to 4096, the default)
  --runtime FOLDER         use this built runtime
  -h, --help               show this help

Python sees its standard library, an in-memory file system, the current folder and the
script's folder. Nothing else of this machine is visible to it.
`;

/** Splits `weft run`'s arguments at the first that is not an option of ours. */
export function splitAtScript(args: readonly string[]): { own: string[]; rest: string[] } {
  let i = 0;
  while (i < args.length && args[i]!.startsWith("-") && args[i] !== "-") {
    const arg = args[i]!;
    if (arg === "--") {
      return { own: args.slice(0, i), rest: args.slice(i + 1) };
    }
    const name = arg.replace(/^--?/, "");
    const option = (OPTIONS as Record<string, { type: string } | undefined>)[name];
    i += option?.type === "string" ? 2 : 1;
  }
  return { own: args.slice(0, i), rest: args.slice(i) };
}

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new CliError(`--${option} takes a whole number from ${least} to ${most}, not ${text}`, ExitCode.usage);
  }
  return number;
}

/**
 * Parses our own options of a command that runs Python.
 * @returns `null` when help was asked for.
 */
export function parseRunOptions(own: readonly string[]): Omit<RunOptions, "pythonArguments"> | null {
  let values;
  try {
    ({ values } = parseArgs({ args: [...own], options: OPTIONS, strict: true }));
  } catch (error) {
    throw new CliError(`${(error as Error).message}; see --help`, ExitCode.usage, { cause: error });
  }
  if (values.help) {
    return null;
  }
  let environment: Record<string, string> = baseEnvironment();
  if (values["env-all"]) {
    environment = hostEnvironment(() => true);
  }
  for (const file of values["env-file"] ?? []) {
    Object.assign(environment, readEnvFile(file));
  }
  for (const text of values.env ?? []) {
    Object.assign(environment, parseEnvOption(text));
  }
  const threads = wholeNumber("threads", values.threads, 1, 2000);
  const memory = wholeNumber("memory", values.memory, LEAST_MEMORY, MOST_MEMORY);
  return {
    environment,
    mounts: (values.mount ?? []).map(parseMount),
    javascript: values.js ?? false,
    limits: { ...(threads === undefined ? {} : { threads }), ...(memory === undefined ? {} : { memory }) },
    runtime: values.runtime,
  };
}
