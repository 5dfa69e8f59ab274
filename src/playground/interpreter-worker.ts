/**
 * The worker that owns Python, so that the page never waits for it: not while the collector stops all threads, not
 * for a program that hangs. Python's own threads are workers of this one and end with it.
 */
import { IsolationError, loadWeft, type HostWeft, type ObservedThread } from "../browser.js";
import { OutputBudget } from "../hosts/browser/output-budget.js";
import type { Call, FromWorker, Load, ThreadSample, ToWorker } from "./protocol.js";
import playgroundSource from "./python/playground.py";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: { readonly data: ToWorker }) => void): void;
};
const post = (message: FromWorker): void => {
  scope.postMessage(message);
};

/** Makes the playground's module importable. */
const SETUP = `
import sys, types
def _install(name, source):
    module = types.ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    sys.modules[name] = module
    return module
`;

let weft: HostWeft | undefined;
/** Aborts what runs. */
let running: AbortController | undefined;
let answerInput: ((text: string | Uint8Array | null) => void) | undefined;

scope.addEventListener("message", ({ data }) => {
  switch (data.kind) {
    case "load":
      void load(data);
      return;
    case "call":
      void answer(data);
      return;
    case "interrupt":
      running?.abort();
      return;
    case "input":
      answerInput?.(data.text);
      answerInput = undefined;
      return;
    case "watch":
      watch(data.interval);
      return;
    case "stack":
      post({ kind: "stack", id: data.id, lines: stack(data.thread) });
      return;
  }
});

async function load({ runtime, worker, modules, budget: word, page, workers }: Load): Promise<void> {
  const budget = new OutputBudget(word);
  const output = (stream: 1 | 2, text: string): void => {
    budget.take(text.length, true);
    post({ kind: "output", stream, text });
  };
  // playground.py calls it.
  (globalThis as { announceThread?: (thread: number, name: string) => void }).announceThread = (thread, name) => {
    post({ kind: "name", thread, name });
  };
  try {
    weft = await loadWeft({
      runtime,
      worker,
      modules,
      ...(workers ? { workers } : {}),
      env: { HOME: "/home/playground", TERM: "xterm-256color", PYTHON_COLORS: "1" },
      onProgress: (progress) => {
        post({ kind: "progress", ...progress });
      },
      stdout: (text) => {
        output(1, text);
      },
      display: (message) => {
        post({ kind: "display", message });
      },
      network: true,
      // The page's service worker has them.
      keep: false,
      page: () => {
        post({ kind: "page" });
        return page;
      },
      stderr: (text) => {
        output(2, text);
      },
      stdin: () =>
        new Promise((resolve) => {
          answerInput = resolve;
          post({ kind: "input" });
        }),
    });
    own = weft.attach((py) => Number(py.import("threading").callMethod("get_ident").toJs()));
    await weft.run(SETUP);
    await weft.run(`
_install("playground", ${JSON.stringify(playgroundSource)})
del _install, sys, types
`);
    const version = await call("warm", []);
    post({ kind: "ready", version: JSON.parse(version) as string });
  } catch (error) {
    const missing = error instanceof IsolationError ? error.missing : null;
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error), missing });
    return;
  }
}

/** Calls a function of playground.py on Python's main thread. */
function call(name: string, values: readonly string[], signal?: AbortSignal): Promise<string> {
  return weft!.call(
    (py) => ({ callable: py.import("playground").getAttr(name), positional: values }),
    signal,
    (result) => result.toJs() as string,
  );
}

async function answer({ id, name, values }: Call): Promise<void> {
  const abort = (running = new AbortController());
  try {
    const json = await call(name, values, abort.signal);
    post({ kind: "answer", id, json });
  } catch (error) {
    if (weft!.lifecycle !== "running") {
      post({ kind: "gone", message: error instanceof Error ? error.message : String(error) });
      return;
    }
    post({ kind: "refused", id, message: error instanceof Error ? error.message : String(error), interrupted: abort.signal.aborted });
  } finally {
    // An answer that comes later has no reader any more; nothing of it may reach the next one.
    answerInput?.(new Uint8Array(0));
    answerInput = undefined;
  }
}

/** This realm's thread, which waits for messages: no thread of the user's. */
let own: number | undefined;

let watching: ReturnType<typeof setInterval> | undefined;

/** Posts what the threads do, again and again. */
function watch(interval: number): void {
  clearInterval(watching);
  const look = (): void => {
    const samples = weft?.threads().filter(({ ident }) => ident !== own).map(sample) ?? [];
    post({ kind: "threads", samples });
  };
  if (interval > 0) {
    look();
    watching = setInterval(look, interval);
  }
}

function sample({ ident, wait, attachment, waitsFor }: ObservedThread): ThreadSample {
  const activity = wait ?? ({ attached: "running", detached: "detached", suspended: "stopped", none: "starting" } as const)[attachment];
  return { id: ident, activity, holder: waitsFor === ident ? undefined : waitsFor };
}

/** Where a thread is, as text, innermost first. The playground's own frames are not the user's business. */
function stack(thread: number): string[] {
  const frames = weft?.threads().find(({ ident }) => ident === thread)?.frames ?? [];
  return frames
    .filter(({ file }) => file !== "<playground>")
    .map(({ file, line, name }) => `${name}  ${file.replace("/home/playground/", "").replace(/^.*\/python3\.\d+t?\//, "")}:${line}`);
}
