import { describeThread } from "../runtime/observer/report.js";
import type { ObservedThread } from "../runtime/observer/threads.js";

/** What a thread did for a while. */
export interface Span {
  /** Seconds. */
  readonly from: number;
  readonly to: number;
  readonly what: "runs" | "waits";
  /** In words: where it was, or what it waited for. */
  readonly note: string;
}

/** What the threads of one iteration did, for the report. */
export interface Timeline {
  readonly threads: readonly { readonly name: string; readonly spans: readonly Span[] }[];
}

/** What the part inside of Python tells of a failure: when each thread was in the test, in seconds. */
export interface Traced {
  readonly spans: readonly (readonly [thread: number, from: number, to: number])[];
}

/** Of an iteration that ended. */
export function tracedTimeline({ spans }: Traced): Timeline {
  const zero = Math.min(...spans.map(([, from]) => from));
  const threads = [...spans].sort(([a], [b]) => a - b);
  return { threads: threads.map(([thread, from, to]) => ({ name: `thread ${thread}`, spans: [{ from: from - zero, to: to - zero, what: "runs", note: "in the test" }] })) };
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
    return { threads: [...this.#threads].map(([ident, spans]) => ({ name: `0x${ident.toString(16)}`, spans })) };
  }
}
