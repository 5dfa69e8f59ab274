import type { Diagnosis } from "./diagnosis.js";
import type { ObservedThread } from "./threads.js";

const WHAT = {
  lock: "waits for a lock",
  sleep: "sleeps",
  read: "waits for input",
  write: "waits until it can write",
  poll: "waits for sockets or files",
  host: "waits for the host",
  world: "is stopped by another thread",
  turn: "waits for its turn in the schedule",
  mutex: "waits for a mutex of the C library",
} as const;

/** What threads do that wait for nothing. */
const RUNNING = {
  attached: "runs",
  suspended: "is stopped by another thread",
  detached: "runs outside of Python",
  none: "runs outside of Python and has no thread state",
} as const;

const hex = (value: number): string => `0x${value.toString(16)}`;

/**
 * What a thread does, in words.
 * @example
 * ```js
 * await weft.run("import threading; gate = threading.Event(); late = threading.Thread(target=gate.wait); late.start()");
 * const waits = () => weft.threads().some((thread) => /^waits for a lock/.test(describeThread(thread)));
 * while (!waits()) {
 *   await new Promise((resolve) => setTimeout(resolve, 1));
 * }
 * console.log(waits()); // true
 * await weft.run("gate.set(); late.join()");
 * ```
 */
export function describeThread(thread: ObservedThread): string {
  if (thread.wait === undefined) {
    return RUNNING[thread.attachment];
  }
  if (thread.wait !== "lock" && thread.wait !== "mutex") {
    return WHAT[thread.wait];
  }
  const lock = `${WHAT[thread.wait]} (${hex(thread.waitObject)})`;
  if (thread.waitsFor === undefined) {
    return lock;
  }
  return thread.waitsFor === thread.ident ? `${lock} that another thread is to release` : `${lock} that ${hex(thread.waitsFor)} has`;
}

/**
 * All threads with what they do and where, for people.
 * @example
 * ```js
 * await weft.run("import threading; held = threading.Event(); holder = threading.Thread(target=held.wait); holder.start()");
 * console.log(/Thread 0x[0-9a-f]+ /.test(reportThreads(weft.threads()))); // true
 * await weft.run("held.set(); holder.join()");
 * ```
 */
export function reportThreads(threads: readonly ObservedThread[], diagnosis?: Diagnosis): string {
  const lines: string[] = [];
  if (diagnosis) {
    lines.push(
      diagnosis.cycle.length > 0
        ? `deadlock: ${[...diagnosis.cycle, diagnosis.cycle[0]!].map(hex).join(" waits for ")}`
        : diagnosis.verdict === "deadlock"
          ? "deadlock: every Python thread waits for a lock"
          : diagnosis.verdict,
    );
  }
  for (const thread of threads) {
    lines.push("", `Thread ${hex(thread.ident)} ${describeThread(thread)}`);
    for (const { file, line, name } of thread.frames) {
      lines.push(`  File "${file}", line ${line}, in ${name}`);
    }
    if (thread.frames.length === 0) {
      lines.push("  (no Python frames)");
    }
  }
  return lines.join("\n").trimStart();
}
