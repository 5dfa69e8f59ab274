import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { BuildError } from "./errors.js";
import { explain, troubleOf } from "./machine-trouble.js";

/** Lines of a failed command's output that are shown. */
const LAST_LINES = 25;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** File to which the command line and all output are appended. */
  readonly log: string;
  /** What the command does, for the error message: "compiling CPython". */
  readonly purpose: string;
  /** Also receives the output as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a command with its output in a log.
 *
 * The command leads a process group of its own, so that an abort ends its children too.
 *
 * @returns its standard output and error
 * @throws BuildError with the last lines of the output and the log's place
 */
export async function run(command: readonly [string, ...string[]], options: CommandOptions): Promise<string> {
  options.signal?.throwIfAborted();
  const log = openSync(options.log, "a");
  try {
    writeSync(log, `+ ${command.join(" ")}\n`);
    const child = spawn(command[0], command.slice(1), {
      cwd: options.cwd,
      env: options.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const abort = (): void => endGroup(child.pid);
    options.signal?.addEventListener("abort", abort);
    let output = "";
    let unwritten: unknown;
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder("utf8");
      stream.on("data", (data: Buffer) => {
        const text = decoder.write(data);
        output += text;
        try {
          writeSync(log, data);
        } catch (error) {
          unwritten ??= error;
          endGroup(child.pid);
        }
        options.onOutput?.(text);
      });
    }
    const end = await new Promise<{ status: number | null; signal: string | null; error?: Error }>((resolve) => {
      child.on("error", (error) => resolve({ status: null, signal: null, error }));
      child.on("close", (status, signal) => resolve({ status, signal }));
    });
    options.signal?.removeEventListener("abort", abort);
    options.signal?.throwIfAborted();
    if (unwritten !== undefined) {
      throw explain(unwritten, dirname(options.log));
    }
    if (end.status !== 0) {
      const how = end.error?.message ?? (end.signal === null ? `exit status ${end.status}` : `signal ${end.signal}`);
      throw new BuildError(`${options.purpose} failed: ${troubleOf(output, dirname(options.log)) ?? `${command[0]}: ${how}`}\n${lastLines(output)}full log: ${options.log}`, {
        log: options.log,
        cause: end.error,
      });
    }
    return output;
  } finally {
    closeSync(log);
  }
}

/** The end of a log, indented, or nothing. */
export function lastLines(text: string, count = LAST_LINES): string {
  const lines = text.trimEnd().split("\n").slice(-count);
  return lines.length === 1 && lines[0] === "" ? "" : `${lines.map((line) => `  | ${line.slice(0, 300)}`).join("\n")}\n`;
}

/** Runs a short command and returns its output, or undefined if it cannot be run or fails. */
export async function probe(command: readonly [string, ...string[]], env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const child = spawn(command[0], command.slice(1), { env, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  return new Promise((resolve) => {
    child.on("error", () => resolve(undefined));
    child.on("close", (status) => resolve(status === 0 ? output.trim() : undefined));
  });
}

/** The first file of this name in PATH. */
export function which(tool: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (folder !== "" && existsSync(join(folder, tool))) {
      return join(folder, tool);
    }
  }
  return undefined;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}
