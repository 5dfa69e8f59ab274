import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { BenchError } from "../error.js";
import { NODE, type Command } from "../process.js";
import { taskTimes } from "./task-times.js";
import type { Workload } from "./workloads.js";

/** What an engine is asked to do once. */
export interface Request {
  readonly workload: Workload;
  readonly loops: number;
  /** For workloads whose `run` takes a number of threads. */
  readonly threads?: number;
}

/** How long that took, or why it cannot be done there. */
export type Answer =
  | {
      /** By Python's clock. */
      readonly seconds: number;
      /** Processor time of the thread that used most of it, where the system tells. */
      readonly cpu?: number;
    }
  | { readonly error: string };

/** One process or page with a Python in it that answers requests, one at a time. */
export interface Engine {
  /** @throws BenchError when the engine itself fails or hangs. */
  measure(request: Request): Promise<Answer>;
  /** Ends it. */
  close(): Promise<void>;
}

/** A Python that can be measured. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  /** Name of the Weft that it is compared with; none for a Weft. */
  readonly against?: string;
  open(): Promise<Engine>;
  /** Prints "hi", as a whole process; none where that makes no sense. */
  readonly hello?: Command;
}

/** Milliseconds after which a request counts as hanging. */
export const DEADLINE = 120_000;

/** The request as the driver reads it (driver.py). */
export function requestText({ workload, loops, threads }: Request): string {
  return JSON.stringify({ name: workload.name, source: workload.source, loops, ...(threads === undefined ? {} : { threads }) });
}

/** A process that runs the driver on its standard streams. */
export class ProcessEngine implements Engine {
  readonly #name: string;
  readonly #child: ChildProcess;
  #stderr = "";
  #answer: { resolve: (line: string) => void; reject: (error: BenchError) => void } | undefined;
  #ended: string | undefined;
  readonly #closed: Promise<void>;

  constructor(command: Command) {
    this.#name = command.name;
    const child = spawn(command.program ?? NODE, command.arguments, { cwd: command.folder, env: command.environment, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stderr!.on("data", (data: Buffer) => {
      this.#stderr += data.toString();
    });
    // Told by its end.
    child.stdin!.on("error", () => undefined);
    createInterface({ input: child.stdout! }).on("line", (line) => {
      const answer = this.#answer;
      this.#answer = undefined;
      answer?.resolve(line);
    });
    this.#closed = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#ended ??= how;
        this.#answer?.reject(this.#failure(how));
        this.#answer = undefined;
        resolve();
      };
      child.on("error", (error) => {
        end(error.message);
      });
      child.on("close", (status, signal) => {
        end(`ended with ${signal ?? `status ${status}`}`);
      });
    });
  }

  #failure(how: string): BenchError {
    const last = this.#stderr.trim().split("\n").slice(-6).map((line) => `\n  | ${line}`).join("");
    return new BenchError(`${this.#name}: ${how}${last}`);
  }

  async measure(request: Request): Promise<Answer> {
    if (this.#ended !== undefined) {
      throw this.#failure(this.#ended);
    }
    const before = taskTimes(this.#child.pid!);
    const timer = setTimeout(() => {
      this.#ended = `${request.workload.name} did not end within ${DEADLINE / 1000} s`;
      this.#answer?.reject(this.#failure(this.#ended));
      this.#child.kill("SIGKILL");
    }, DEADLINE);
    const line = await new Promise<string>((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#child.stdin!.write(`${requestText(request)}\n`);
    }).finally(() => {
      clearTimeout(timer);
    });
    const answer = parseAnswer(this.#name, line);
    const after = taskTimes(this.#child.pid!);
    if ("error" in answer || !before || !after) {
      return answer;
    }
    let cpu = 0;
    for (const [task, time] of after) {
      cpu = Math.max(cpu, time - (before.get(task) ?? 0));
    }
    return { ...answer, cpu };
  }

  async close(): Promise<void> {
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000);
    await this.#closed;
    clearTimeout(timer);
  }
}

/** @throws BenchError when the driver did not write it. */
export function parseAnswer(name: string, line: string): Answer {
  try {
    return JSON.parse(line) as Answer;
  } catch (error) {
    throw new BenchError(`${name} answered ${JSON.stringify(line.slice(0, 200))}`, { cause: error });
  }
}
