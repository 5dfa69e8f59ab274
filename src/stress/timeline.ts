import { describeThread } from "../runtime/observer/report.js";
import type { ObservedThread } from "../runtime/observer/threads.js";

/** What a thread did for a while. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly what: "runs" | "waits";
  /** In words: where it was, what it waited for, or what ended the span. */
  readonly note: string;
}

/** What the threads of one iteration did, for the report. */
export interface Timeline {
  readonly unit: "steps" | "seconds";
  readonly threads: readonly { readonly name: string; readonly spans: readonly Span[] }[];
}

/** What the part inside of Python tells: when threads were in the test, and what the schedule did (wasm/python/stress.c). */
export interface Traced {
  readonly spans: readonly (readonly [thread: number, from: number, to: number])[];
  readonly events: readonly (readonly [at: number, duration: number, thread: number, file: string | null, line: number, name: string | null])[];
}

/** Of an iteration that ended; without events it has only when each thread was in the test. */
export function tracedTimeline({ spans, events }: Traced, schedule: "free" | "perturb" | "pct", steps: number): Timeline {
  return schedule === "pct" && events.length > 0 ? ofTurns(events, steps) : ofDelays(spans, events);
}

function place([, , , file, line, name]: Traced["events"][number]): string {
  return file === null ? "" : `${file}:${line} in ${name}`;
}

/** One thread at a time: an event is the beginning of somebody's turn. */
function ofTurns(events: Traced["events"], steps: number): Timeline {
  const threads = new Map<number, Span[]>();
  events.forEach((event, i) => {
    const [from, , thread] = event;
    const next = events[i + 1];
    const where = next ? place(next) : "";
    if (thread >= 0) {
      const own = threads.get(thread) ?? [];
      threads.set(thread, own);
      own.push({ from, to: next ? next[0] : Math.max(steps, from), what: "runs", note: where === "" ? "until it waited or ended" : `interrupted at ${where}` });
    }
  });
  return { unit: "steps", threads: named(threads) };
}

/** All at once: an event is a moment for which a thread was held. */
function ofDelays(spans: Traced["spans"], events: Traced["events"]): Timeline {
  const zero = Math.min(...spans.map(([, from]) => from));
  const threads = new Map<number, Span[]>();
  for (const [thread, from, to] of spans) {
    const own: Span[] = [];
    threads.set(thread, own);
    let at = from - zero;
    const end = to - zero;
    for (const event of events) {
      const begin = event[0] / 1e9 - zero;
      if (event[2] === thread && begin >= at && begin < end) {
        const until = Math.min(begin + event[1] / 1e9, end);
        own.push({ from: at, to: begin, what: "runs", note: "" }, { from: begin, to: until, what: "waits", note: `held at ${place(event)}` });
        at = until;
      }
    }
    own.push({ from: at, to: end, what: "runs", note: "" });
  }
  return { unit: "seconds", threads: named(threads) };
}

function named(threads: ReadonlyMap<number, Span[]>): Timeline["threads"] {
  return [...threads].sort(([a], [b]) => a - b).map(([thread, spans]) => ({ name: `thread ${thread}`, spans }));
}

/** More than this tells a reader nothing more. */
const MOST_SPANS = 500;

/** A timeline from looks at the threads of a program that may hang. */
export class Samples {
  readonly #threads = new Map<number, Span[]>();
  #last = 0;

  /** @param seconds since the iteration's begin. */
  add(seconds: number, threads: readonly ObservedThread[]): void {
    for (const thread of threads) {
      const [frame] = thread.frames;
      if (!frame) {
        continue;
      }
      const note = `${describeThread(thread)} at ${frame.file}:${frame.line} in ${frame.name}`;
      const own = this.#threads.get(thread.ident) ?? [];
      this.#threads.set(thread.ident, own);
      const before = own.at(-1);
      if (before?.note === note && before.to === this.#last) {
        own[own.length - 1] = { ...before, to: seconds };
      } else if (own.length < MOST_SPANS) {
        own.push({ from: this.#last, to: seconds, what: thread.wait === undefined && thread.attachment !== "suspended" ? "runs" : "waits", note });
      }
    }
    this.#last = seconds;
  }

  get timeline(): Timeline {
    return { unit: "seconds", threads: [...this.#threads].map(([ident, spans]) => ({ name: `0x${ident.toString(16)}`, spans })) };
  }
}
