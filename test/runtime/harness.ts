import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../dist/bin/", import.meta.url));

/** How a command ended. */
export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Written to standard input, which is then closed. Without it, standard input is empty. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the command counts as hanging. */
  readonly deadline?: number;
  /** Called once the process runs, to send signals or to write. Standard input stays open. */
  readonly interact?: (process: RunningCommand) => Promise<void>;
}

/** A command that a test talks to. */
export class RunningCommand {
  readonly #output = { stdout: "", stderr: "" };
  #waiters: (() => void)[] = [];

  constructor(readonly child: ChildProcess) {
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (data: Buffer) => {
        this.#output[name] += data.toString();
        for (const wake of this.#waiters.splice(0)) {
          wake();
        }
      });
    }
  }

  /** Resolves when the output contains `text`; the command's deadline bounds the wait. */
  async until(text: string, stream: "stdout" | "stderr" = "stdout"): Promise<void> {
    while (!this.#output[stream].includes(text)) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }
}

/** What the tests' own environment says to Python would change what they see. */
const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));

/** Runs one of our commands in a process of its own. */
export async function run(
  command: "weft" | "weft-python",
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(BIN, `${command}.js`), ...args], {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: "pipe",
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (data: Buffer) => out.push(data));
  child.stderr.on("data", (data: Buffer) => err.push(data));
  // A program may end without reading its input.
  child.stdin.on("error", () => undefined);
  const deadline = options.deadline ?? 60_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, deadline);
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      resolve([status, signal]);
    });
  });
  const interaction = options.interact?.(new RunningCommand(child));
  if (!interaction) {
    child.stdin.end(options.input ?? "");
  }
  const [status, signal] = await ended;
  clearTimeout(timer);
  const outcome = {
    status,
    signal,
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
  };
  if (late) {
    throw new Error(
      `${command} ${args.join(" ")} did not end within ${deadline} ms\n--- stdout\n${outcome.stdout.slice(-4000)}\n--- stderr\n${outcome.stderr.slice(-4000)}`,
    );
  }
  return outcome;
}

/** Runs Python code with `weft-python -c`. */
export function python(code: string, options?: RunOptions): Promise<Outcome> {
  return run("weft-python", ["-c", dedent(code)], options);
}

/** Removes the indentation of the first line from every line. */
export function dedent(text: string): string {
  const lines = text.replace(/^\n/, "").split("\n");
  const indent = /^ */.exec(lines[0] ?? "")![0].length;
  return lines.map((line) => line.slice(Math.min(indent, /^ */.exec(line)![0].length))).join("\n");
}

/** A folder for one test, removed when `use` has ended. */
export async function withFolder<T>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  try {
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(folder, name), dedent(content));
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A copy of the built runtime below a folder, with one byte in the middle of a file changed. */
export function damagedRuntime(folder: string, file: string): string {
  const runtime = join(folder, "runtime");
  cpSync(fileURLToPath(new URL("../../dist/runtime/release", import.meta.url)), runtime, { recursive: true });
  const path = join(runtime, file);
  const data = readFileSync(path);
  data[data.length >> 1]! ^= 1;
  writeFileSync(path, data);
  return runtime;
}
