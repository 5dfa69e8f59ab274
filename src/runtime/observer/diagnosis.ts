import type { ObservedThread } from "./threads.js";

/** What keeps a program that does not end. */
export type Verdict = "deadlock" | "waiting" | "livelock or slow";

/** The reason that two looks at a program show. */
export interface Diagnosis {
  readonly verdict: Verdict;
  /** Threads that wait for each other's locks, in order, where there is such a ring. */
  readonly cycle: readonly number[];
}

/** A ring of threads each of which waits for the next one's lock. */
export function findCycle(threads: readonly ObservedThread[]): number[] {
  // Who waits for a lock of its own uses it as a signal that another thread gives (Condition, Event, join).
  const next = new Map(threads.filter((one) => one.waitsFor !== undefined && one.waitsFor !== one.ident).map((one) => [one.ident, one.waitsFor!]));
  for (const start of next.keys()) {
    const path: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && !path.includes(at)) {
      path.push(at);
      at = next.get(at);
    }
    if (at !== undefined) {
      return path.slice(path.indexOf(at));
    }
  }
  return [];
}

/** Whether it waits for a new thread to run, which the host has to start: on a busy machine that takes its time. */
function startsThread(thread: ObservedThread): boolean {
  return thread.frames.some(({ file, name }) => name === "Thread.start" && file.endsWith("/threading.py"));
}

/**
 * Why a program does not go on, from what its threads did at two moments. It is a deadlock where a ring is there both
 * times, or where all threads that count wait for locks; somebody waiting for time, input, the host or a new thread can
 * still wake the others.
 * @example
 * ```js
 * console.log(diagnose(weft.threads(), weft.threads()).cycle.length); // 0
 * ```
 */
export function diagnose(before: readonly ObservedThread[], after: readonly ObservedThread[]): Diagnosis {
  const cycle = findCycle(after);
  const first = new Set(findCycle(before));
  if (cycle.length > 0 && cycle.every((ident) => first.has(ident))) {
    return { verdict: "deadlock", cycle };
  }
  // A thread whose last frame is gone may still be at work: it frees what that frame had.
  const python = after.filter((one) => (one.attachment !== "none" && one.frames.length > 0) || (one.attachment === "attached" && one.wait === undefined));
  if (python.length > 0 && python.every((one) => (one.wait === "lock" || one.wait === "mutex") && !startsThread(one))) {
    return { verdict: "deadlock", cycle: [] };
  }
  if (python.every((one) => one.wait !== undefined)) {
    return { verdict: "waiting", cycle: [] };
  }
  return { verdict: "livelock or slow", cycle: [] };
}
