import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { ProcessEnd } from "./report-events.js";

/** How much of a process's output stays in memory. */
const TAIL_BYTES = 16 * 1024;
/** How much of it a log file keeps: a test that floods must not fill the disk. */
const LOG_BYTES = 8 * 1024 * 1024;
/** How long the streams of an ended process may stay open, held by a process of its own. */
const DRAIN_MS = 2000;

/** What to run. */
export interface ProcessRequest {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Seconds until it is killed. */
  readonly deadline: number;
  /** File for the whole output. */
  readonly log: string;
}

const running = new Set<ChildProcess>();

function kill(child: ChildProcess): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    // Its whole group: it was started as the leader of one.
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}

/** Kills what is running, for the end of this process. */
export function killAll(): void {
  running.forEach(kill);
}

/** Keeps the last bytes that were added. */
class Tail {
  #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size - this.#chunks[0]!.length >= TAIL_BYTES) {
      this.#size -= this.#chunks.shift()!.length;
    }
  }

  toString(): string {
    const all = Buffer.concat(this.#chunks);
    return all.subarray(Math.max(0, all.length - TAIL_BYTES)).toString("utf8");
  }
}

/**
 * Runs a command to its end or deadline. Its standard input is empty; both outputs go to one log.
 * @throws Error when the command cannot be started or the log not written.
 */
export function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const tail = new Tail();
    const log = createWriteStream(request.log);
    const [program, ...args] = request.command;
    const child = spawn(program!, args, {
      cwd: request.folder,
      env: request.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    running.add(child);
    let timedOut = false;
    let logged = 0;
    let drain: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      timedOut = true;
      kill(child);
    }, request.deadline * 1000);

    const fail = (error: Error): void => {
      clearTimeout(timer);
      clearTimeout(drain);
      running.delete(child);
      kill(child);
      // Not while the log is still being opened: the caller may remove its folder.
      log.once("close", () => {
        reject(error);
      });
      log.destroy();
    };
    log.on("error", fail);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk: Buffer) => {
        tail.add(chunk);
        if (logged < LOG_BYTES) {
          logged += chunk.length;
          log.write(chunk);
        }
      });
    }
    child.on("error", (error) => fail(new Error(`cannot start ${program}: ${error.message}`, { cause: error })));
    child.on("exit", () => {
      drain = setTimeout(() => {
        child.stdout!.destroy();
        child.stderr!.destroy();
      }, DRAIN_MS);
    });
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      clearTimeout(drain);
      running.delete(child);
      const seconds = (performance.now() - started) / 1000;
      log.end(() => resolve({ timedOut, status, signal, seconds, tail: tail.toString() }));
    });
  });
}
