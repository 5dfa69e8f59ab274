/** What the page and the worker that owns Python tell each other. */
import type { DisplayMessage, ObservedThread } from "../browser.js";

/** A place in a file where a program failed. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 0; `null` for the whole line. */
  readonly column: number | null;
  readonly end: number | null;
  readonly message: string;
  /** Whether the columns count bytes of UTF-8 instead of characters. */
  readonly bytes?: boolean;
}

/** How a program, or a line of the prompt, ended. */
export interface Ended {
  /** `done`, `error`, `interrupted`, `more` (the line goes on), or `exit status N`. */
  readonly status: string;
  readonly problems: readonly Problem[];
  /** Python threads that still run. */
  readonly threads: number;
}

/** What a thread does: it waits for something, or it computes, in Python or outside of it. */
export type Activity = NonNullable<ObservedThread["wait"]> | "running" | "detached" | "stopped" | "starting";

/** A Python thread and what it does. */
export interface ThreadSample {
  readonly id: number;
  readonly activity: Activity;
  /** The thread that has the lock it waits for, where that is known and another one. */
  readonly holder: number | undefined;
}

/** A question to Python: a function of playground.py and its text arguments. */
export interface Call {
  readonly kind: "call";
  readonly id: number;
  readonly name: "run" | "push" | "complete" | "describe";
  readonly values: readonly string[];
}

/** To the frame that programs use as their page. */
export type ToStage =
  | { readonly kind: "port"; readonly port: MessagePort }
  | { readonly kind: "clear" }
  | { readonly kind: "scheme"; readonly scheme: "dark" | "light" };

export type FromStage =
  | { readonly kind: "stage-ready" }
  | { readonly kind: "cleared" }
  /** Height of its content, in pixels; a frame that is not shown has none. */
  | { readonly kind: "stage"; readonly empty: boolean; readonly height: number };

/**
 * The first message: where the parts of Python are, the shared word of an OutputBudget, what serves `weft.page` (see `FromWorker`'s
 * "page"), and what starts workers, where it is not the worker itself.
 */
export interface Load {
  readonly kind: "load";
  readonly runtime: string;
  readonly worker: string;
  readonly modules: readonly string[];
  readonly budget: Int32Array;
  readonly page: MessagePort;
  readonly workers: MessagePort | undefined;
}

export type ToWorker =
  | Load
  | Call
  | { readonly kind: "interrupt" }
  | { readonly kind: "input"; readonly text: string | null }
  | { readonly kind: "watch"; readonly interval: number }
  | { readonly kind: "stack"; readonly id: number; readonly thread: number };

export type FromWorker =
  | { readonly kind: "progress"; readonly stage: string; readonly bytes: number; readonly total: number }
  | { readonly kind: "ready"; readonly version: string }
  | { readonly kind: "failed"; readonly message: string; readonly missing: readonly string[] | null }
  /** Python has ended or crashed after it was ready. */
  | { readonly kind: "gone"; readonly message: string }
  | { readonly kind: "output"; readonly stream: 1 | 2; readonly text: string }
  | { readonly kind: "display"; readonly message: DisplayMessage }
  /** A thread begins. */
  | { readonly kind: "name"; readonly thread: number; readonly name: string }
  | { readonly kind: "input" }
  /** A program uses the page. */
  | { readonly kind: "page" }
  | { readonly kind: "answer"; readonly id: number; readonly json: string }
  | { readonly kind: "refused"; readonly id: number; readonly message: string; readonly interrupted: boolean }
  | { readonly kind: "threads"; readonly samples: readonly ThreadSample[] }
  | { readonly kind: "stack"; readonly id: number; readonly lines: readonly string[] };
