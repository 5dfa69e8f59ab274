/** The playground's page: puts its parts together. */
import "@xterm/xterm/css/xterm.css";
import "./style.css";
import { requireIsolation } from "../hosts/browser/isolation.js";
import { Console } from "./console.js";
import { DisplayArea } from "../hosts/browser/display-area.js";
import { setUpDivider } from "./divider.js";
import { element } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { Interpreter, Realm, type State } from "./interpreter.js";
import type { Ended, Problem } from "./protocol.js";
import { decodeShare, encodeShare } from "./share.js";
import { StagePane } from "./stage-pane.js";
import { storage } from "./storage.js";
import { Tabs } from "./tabs.js";
import { ThreadsPane } from "./threads-pane.js";
import { Theme } from "./theme.js";
import { toast } from "./toast.js";
import { Workspace } from "./workspace.js";

const runButton = element<HTMLButtonElement>("run");
const stopButton = element<HTMLButtonElement>("stop");
const restartButton = element<HTMLButtonElement>("restart");
const status = element("status");
const progress = element("progress");

const workspace = new Workspace(storage);
let problems: readonly Problem[] = [];
let interpreter: Interpreter | undefined;

const display = new DisplayArea(element("display"), {
  onUse: () => {
    element("display-pane").hidden = false;
  },
  dark: () => document.documentElement.dataset.theme === "dark",
});

const stage = new StagePane(element("stage-place"), () => {
  element("display-pane").hidden = false;
});

/** Python is loaded beside the page's own parts. Where the page is not isolated, that is told later. */
const firstRealm = globalThis.crossOriginIsolated ? new Realm() : undefined;

async function clearDisplay(): Promise<void> {
  display.clear();
  element("display-pane").hidden = true;
  await stage.clear();
}

/** Lets the page draw and answer between two long steps. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

// The two big parts come each in tasks of its own, none longer than a frame or three.
const { Terminal } = await import("./terminal.js");
await pause();
const terminal = new Terminal({
  onInterrupt: () => {
    interpreter?.stop();
  },
});
await pause();
terminal.open(element("terminal"));

await pause();
await import("./editor-base.js");
await pause();
await import("./editor-language.js");
await pause();
const { Editor } = await import("./editor.js");
await pause();
const editor = new Editor(element("editor"), {
  onChange: (name, text) => {
    workspace.write(name, text);
    if (problems.some(({ file }) => file === name)) {
      showProblems(problems.filter(({ file }) => file !== name));
    }
  },
  complete: async (text) => ((await interpreter?.ask("complete", text)) as string[] | undefined) ?? [],
  describe: async (name) =>
    ((await interpreter?.ask("describe", name)) as { signature: string | null; documentation: string | null } | null | undefined) ?? null,
});

await pause();
const tabs = new Tabs(element("tabs"), {
  onOpen: open,
  onRemove: remove,
  onRename: (from, to) => {
    workspace.rename(from, to);
    editor.forget(from);
    open(to);
  },
  onRefuse: toast,
});

const threads = new ThreadsPane({
  watch: (interval) => interpreter?.watch(interval),
  stack: async (thread) => (await interpreter?.stack(thread)) ?? [],
});

const theme = new Theme();
theme.follow((isDark) => {
  terminal.theme = isDark;
});

function open(name: string): void {
  workspace.active = name;
  editor.open(name, workspace.read(name) ?? "");
  tabs.show(workspace.names, name);
  editor.mark(problems);
}

function remove(name: string): void {
  const text = workspace.read(name) ?? "";
  workspace.remove(name);
  editor.forget(name);
  if (workspace.names.length === 0) {
    workspace.write("main.py", "");
  }
  open(workspace.active!);
  if (text.trim() !== "") {
    toast(`${name} was removed.`, {
      label: "Undo",
      run: () => {
        open(workspace.add(name, text));
      },
    });
  }
}

function showProblems(now: readonly Problem[]): void {
  problems = now;
  editor.mark(problems);
  tabs.mark(new Set(problems.map(({ file }) => file)));
}

const STATES: Readonly<Record<State, string>> = {
  loading: "Loading Python",
  ready: "Ready",
  running: "Running",
  stopping: "Stopping",
  failed: "Python could not be loaded",
};

function showState(state: State): void {
  status.dataset.state = state;
  status.lastElementChild!.textContent = STATES[state];
  runButton.disabled = state === "running" || state === "stopping" || state === "failed";
  stopButton.disabled = state !== "running";
  if (state !== "loading") {
    progress.hidden = true;
    element("version").textContent = interpreter?.version ? `Python ${interpreter.version}, free-threaded` : "";
  }
}

function showNotice(title: string, text: string, missing: readonly string[] | null): void {
  const notice = element("notice");
  const parts: HTMLElement[] = [
    Object.assign(document.createElement("h2"), { textContent: title }),
    Object.assign(document.createElement("p"), { textContent: text }),
  ];
  if (missing && missing.length > 0) {
    parts.push(
      Object.assign(document.createElement("p"), { textContent: "The server has to send these headers with this page; “npm start” does." }),
      Object.assign(document.createElement("pre"), { textContent: missing.join("\n") }),
    );
  }
  notice.replaceChildren(...parts);
  notice.hidden = false;
}

function makeInterpreter(): Interpreter {
  const made: Interpreter = new Interpreter({
    onState: (state) => {
      showState(state);
      threads.busy = state === "running" || state === "stopping";
      if (state === "running") {
        terminal.cancel();
      } else if (state === "ready") {
        // offline.ts waits for it.
        dispatchEvent(new Event("weft-idle"));
      }
    },
    onProgress: (stage, bytes, total) => {
      const percent = total === 0 ? 0 : Math.round((100 * bytes) / total);
      progress.hidden = false;
      progress.setAttribute("aria-valuenow", String(percent));
      (progress.firstElementChild as HTMLElement).style.width = `${percent}%`;
      const size = (count: number): string => (count / 1e6).toFixed(1);
      status.lastElementChild!.textContent =
        stage === "download" ? `Downloading Python, ${size(bytes)} of ${size(total)} MB` : stage === "compile" ? "Compiling Python" : "Starting Python";
    },
    onOutput: (stream, text, drawn) => {
      terminal.write(stream === 2 ? `\x1b[31m${text.replaceAll("\x1b[0m", "\x1b[0m\x1b[31m")}\x1b[0m` : text, drawn);
    },
    onDisplay: (message) => {
      display.show(message);
    },
    onThreadName: (thread, name) => {
      threads.name(thread, name);
    },
    onPage: (port) => {
      stage.connect(port);
    },
    onInput: () => {
      terminal.input((result) => {
        if (result.kind === "line") {
          made.answer(result.text);
        } else if (result.kind === "end") {
          made.answer(null);
        } else {
          made.stop();
        }
      });
      terminal.focus();
    },
    onThreads: (samples) => {
      threads.show(samples);
    },
    onRestart: (reason) => {
      terminal.cancel();
      threads.clear();
      terminal.note(`Python was restarted: ${reason}.`);
      // Where a program ran, its end does this.
      void prompt();
    },
    onFailure: (message, missing) => {
      showNotice("Python could not be loaded", message, missing);
    },
  }, firstRealm ?? new Realm());
  return made;
}

async function run(): Promise<void> {
  const python = interpreter;
  const name = workspace.active;
  if (!python || name === undefined || (python.state !== "ready" && python.state !== "loading") || waiting) {
    return;
  }
  if (!name.endsWith(".py")) {
    toast(`${name} is not a Python program.`);
    return;
  }
  waiting = true;
  showProblems([]);
  await clearDisplay();
  terminal.cancel();
  terminal.note(`Run ${name}`);
  const begin = performance.now();
  let ended: Ended;
  try {
    ended = await python.run(workspace.files, name);
  } catch (error) {
    terminal.note(error instanceof Error ? error.message : String(error));
    return;
  } finally {
    waiting = false;
  }
  showProblems(ended.problems);
  if (ended.status !== "restarted") {
    const seconds = ((performance.now() - begin) / 1000).toFixed(2);
    const how = { done: `Done in ${seconds} s`, error: `Failed after ${seconds} s`, interrupted: `Stopped after ${seconds} s` }[ended.status];
    const left = ended.threads === 0 ? "" : `; ${ended.threads === 1 ? "one thread is" : `${ended.threads} threads are`} still running`;
    terminal.note((how ?? `Ended with ${ended.status}`) + left);
  }
  await prompt();
}
/** A program is on its way. */
let waiting = false;

async function prompt(): Promise<void> {
  if (interpreter && pythonConsole && !waiting) {
    await interpreter.whenReady();
    if (interpreter.state === "ready" && !waiting) {
      pythonConsole.ask();
    }
  }
}
let pythonConsole: Console | undefined;

async function openShared(): Promise<void> {
  try {
    const shared = await decodeShare(location.hash);
    if (shared) {
      let shown: string | undefined;
      for (const [name, text] of Object.entries(shared.files)) {
        const added = workspace.add(name, text);
        shown = name === shared.active || shown === undefined ? added : shown;
      }
      open(shown!);
      // From now on the files are this browser's own.
      globalThis.history.replaceState(null, "", location.pathname + location.search);
    }
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
  }
}

async function share(): Promise<void> {
  const link = location.origin + location.pathname + (await encodeShare({ files: workspace.files, active: workspace.active! }));
  try {
    await navigator.clipboard.writeText(link);
    toast("The link is in the clipboard. It carries the files themselves; nothing was uploaded.");
  } catch {
    // Not allowed: the address bar has it.
    globalThis.history.replaceState(null, "", link);
    toast("The address of this page is the link now; copy it from there.");
  }
}

function setUpPage(): void {
  setUpDivider(element("divider"), document.querySelector("main")!);
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  runButton.querySelector("kbd")!.textContent = isMac ? "⌘↵" : "Ctrl ↵";
  runButton.title = isMac ? "Run (⌘ Enter)" : "Run (Ctrl+Enter)";
  runButton.addEventListener("click", () => void run());
  stopButton.addEventListener("click", () => interpreter?.stop());
  restartButton.addEventListener("click", () => interpreter?.restart("you asked for it"));
  element("clear").addEventListener("click", () => {
    terminal.clear();
    terminal.focus();
  });
  element("clear-display").addEventListener("click", () => {
    void clearDisplay();
  });
  element("theme").addEventListener("click", () => {
    theme.toggle();
  });
  element("share").addEventListener("click", () => void share());
  element("new").addEventListener("click", () => {
    let n = 1;
    while (workspace.read(`file${n}.py`) !== undefined) {
      n++;
    }
    const name = `file${n}.py`;
    workspace.write(name, "");
    open(name);
    tabs.rename(name);
  });
  const examples = element<HTMLSelectElement>("examples");
  for (const { file, title } of EXAMPLES) {
    examples.append(new Option(title, file));
  }
  examples.addEventListener("change", () => {
    const example = EXAMPLES.find(({ file }) => file === examples.value);
    examples.value = "";
    if (example) {
      for (const [name, text] of Object.entries(example.beside ?? {})) {
        workspace.add(name, text);
      }
      open(workspace.add(example.file, example.text));
      editor.focus();
    }
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      void run();
    }
  });
  addEventListener("hashchange", () => void openShared());
  workspace.onForeignChange = (name, text) => {
    if (text === undefined) {
      editor.forget(name);
    } else {
      editor.replace(name, text);
    }
    if (workspace.names.length > 0) {
      open(workspace.active!);
    }
  };
  workspace.onLoss = () => {
    toast("The browser's storage is full or forbidden: what you write lasts only as long as this page. Share gives a link that keeps it.");
  };
}

async function start(): Promise<void> {
  setUpPage();
  await pause();
  if (workspace.names.length === 0) {
    const first = EXAMPLES[0]!;
    workspace.write(first.file, first.text);
  }
  // As open() does it, in two tasks.
  editor.open(workspace.active!, workspace.read(workspace.active!) ?? "");
  await pause();
  tabs.show(workspace.names, workspace.active!);
  await openShared();
  try {
    await requireIsolation();
  } catch (error) {
    showState("failed");
    restartButton.disabled = true;
    showNotice("This page cannot run Python yet", (error as Error).message, (error as { missing?: readonly string[] }).missing ?? null);
    return;
  }
  interpreter = makeInterpreter();
  pythonConsole = new Console(terminal, interpreter);
  showState(interpreter.state);
  await prompt();
}

// For tests, and for the curious.
Object.assign(globalThis, { playground: { terminal, workspace, open, get state() { return interpreter?.state; }, get reserved() { return interpreter?.reserved === true; } } });
void start();
