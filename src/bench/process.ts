import { spawn, type ChildProcess } from "node:child_process";
import { BenchError } from "./error.js";
import { memoryAtRest, type Memory } from "./memory.js";

/** The Node that runs this. */
export const NODE = process.execPath;

/** A command to measure. */
export interface Command {
  /** For messages. */
  readonly name: string;
  /** {@link NODE} by default. */
  readonly program?: string;
  readonly arguments: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Milliseconds from the start of a process. */
export interface Times {
  /** The first byte of standard output. */
  readonly output: number;
  readonly end: number;
}

/** Milliseconds after which a process counts as hanging. */
const DEADLINE = 120_000;

/** How much of a failed command's messages is shown. */
const STDERR_LINES = 12;

/** Runs a command to its end; `use` is called at its first output. */
async function run(
  command: Command,
  stdin: "ignore" | "pipe",
  use?: (child: ChildProcess, signal: AbortSignal) => Promise<void>,
): Promise<{ times: Times; stdout: string }> {
  const abort = new AbortController();
  const start = performance.now();
  const child = spawn(command.program ?? NODE, command.arguments, {
    cwd: command.folder,
    env: command.environment,
    stdio: [stdin, "pipe", "pipe"],
  });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, DEADLINE);
  let stdout = "";
  let stderr = "";
  let output: number | undefined;
  let using: Promise<void> | undefined;
  child.stdout!.on("data", (data: Buffer) => {
    if (output === undefined) {
      output = performance.now() - start;
      // Its failure is told below, after that of the process, which explains it.
      using = use?.(child, abort.signal).finally(() => child.stdin?.end("\n"));
      using?.catch(() => undefined);
    }
    stdout += data.toString();
  });
  child.stderr!.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  // A program may end without reading its input.
  child.stdin?.on("error", () => undefined);
  let end: number | undefined;
  child.on("exit", () => {
    end = performance.now() - start;
    abort.abort();
  });
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (...how) => {
      resolve(how);
    });
  }).finally(() => {
    clearTimeout(timer);
  });
  if (late) {
    throw new BenchError(`${command.name} did not end within ${DEADLINE / 1000} s`);
  }
  if (status !== 0) {
    // Node tells what failed first, Python last.
    const lines = stderr.trim().split("\n").slice(-STDERR_LINES).map((line) => `\n  | ${line}`);
    throw new BenchError(`${command.name} failed with ${signal ?? `status ${status}`}${stderr === "" ? "" : lines.join("")}`);
  }
  if (output === undefined) {
    throw new BenchError(`${command.name} printed nothing`);
  }
  await using;
  return { times: { output, end: end! }, stdout };
}

/**
 * Runs a command that prints something and ends.
 * @throws BenchError when it fails or hangs.
 */
export async function measureTimes(command: Command): Promise<Times> {
  return (await run(command, "ignore")).times;
}

/**
 * Runs a command that prints something and then waits for a line of standard input.
 * @throws BenchError when it fails or hangs.
 */
export async function measureMemory(command: Command): Promise<Memory> {
  let memory: Memory | undefined;
  await run(command, "pipe", async (child, signal) => {
    memory = await memoryAtRest(child.pid!, signal).catch((error: unknown) => {
      throw new BenchError(`${command.name} ended instead of waiting for input`, { cause: error });
    });
  });
  return memory!;
}

/**
 * What a command prints.
 * @throws BenchError when it fails or hangs.
 */
export async function outputOf(command: Command): Promise<string> {
  return (await run(command, "ignore")).stdout;
}
