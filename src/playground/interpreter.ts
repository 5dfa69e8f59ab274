import { serveWorkers, type DisplayMessage } from "../browser.js";
import { OutputBudget } from "../hosts/browser/output-budget.js";
import type { Call, Ended, FromWorker, ThreadSample, ToWorker } from "./protocol.js";

/** What the interpreter does now. */
export type State = "loading" | "ready" | "running" | "stopping" | "failed";

/** How long a program may take to end by itself after Stop, in milliseconds. */
const GRACE = 300;

/** How long the page is idle before it loads an interpreter in reserve, in milliseconds. */
const IDLE = 1500;

/** In Firefox a worker that starts workers can wait for ever, when somebody looks: see `workers` in LoadOptions. */
const STARTS_WORKERS = /\bFirefox\//.test(navigator.userAgent);

/** What the page hears of. */
export interface InterpreterListener {
  onState(state: State): void;
  onProgress(stage: string, bytes: number, total: number): void;
  onOutput(stream: 1 | 2, text: string, drawn: () => void): void;
  onDisplay(message: DisplayMessage): void;
  onThreadName(thread: number, name: string): void;
  /** A program uses the page, which the port asks. */
  onPage(port: MessagePort): void;
  onInput(): void;
  onThreads(samples: readonly ThreadSample[]): void;
  /** A new interpreter takes the place of one, for a reason that people should know. */
  onRestart(reason: string): void;
  onFailure(message: string, missing: readonly string[] | null): void;
}

/** Ended because its interpreter was ended. */
const RESTARTED: Ended = { status: "restarted", problems: [], threads: 0 };

/** One worker that owns Python, loading or loaded. */
export class Realm {
  readonly worker: Worker;
  /** Of characters on their way to the terminal. */
  readonly budget = new OutputBudget();
  /** For what serves Python's `weft.page`. */
  readonly page: MessagePort;
  readonly #endWorkers: (() => void) | undefined;
  version: string | undefined;
  failure: { readonly message: string; readonly missing: readonly string[] | null } | undefined;
  /** Hears of everything once the realm is in use. */
  listener: ((message: FromWorker) => void) | undefined;

  constructor() {
    this.worker = new Worker(new URL("./interpreter-worker.js", import.meta.url), { type: "module", name: "weft" });
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "ready") {
        this.version = data.version;
      } else if (data.kind === "failed") {
        this.failure = data;
      }
      this.listener?.(data);
    });
    this.worker.addEventListener("error", (event) => {
      const message = `the worker that owns Python failed: ${event.message || "its script could not be loaded"}`;
      if (this.version === undefined) {
        this.failure = { message, missing: null };
        this.listener?.({ kind: "failed", message, missing: null });
      } else {
        this.listener?.({ kind: "gone", message });
      }
    });
    const { port1, port2 } = new MessageChannel();
    this.page = port1;
    const workers = STARTS_WORKERS ? new MessageChannel() : undefined;
    this.#endWorkers = workers && serveWorkers(workers.port1);
    this.post(
      {
        kind: "load",
        runtime: new URL("./runtime/", import.meta.url).href,
        worker: new URL("./realm-worker.js", import.meta.url).href,
        modules: [new URL("./modules/accounts.js", import.meta.url).href],
        budget: this.budget.word,
        page: port2,
        workers: workers?.port2,
      },
      workers ? [port2, workers.port2] : [port2],
    );
  }

  /** Ends it, whatever it does. */
  end(): void {
    this.worker.terminate();
    this.#endWorkers?.();
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }
}

/** Python as the page uses it: one program or line at a time, which can always be stopped. */
export class Interpreter {
  readonly #listener: InterpreterListener;
  #realm: Realm;
  /**
   * The next one, so that a restart takes no time: loaded when the page is idle, or else when Stop waits for the
   * program to end. Not in advance on devices with little memory.
   */
  #spare: Realm | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #state: State = "loading";
  readonly #calls = new Map<number, (ended: string | undefined) => void>();
  readonly #stacks = new Map<number, (lines: readonly string[]) => void>();
  #next = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #interval = 0;
  /** Those who wait for the end of loading. */
  readonly #waiting: (() => void)[] = [];
  /** Python threads that a program has left behind. */
  leftThreads = 0;
  version = "";

  /** @param realm the first one, which may have begun to load long ago. */
  constructor(listener: InterpreterListener, realm: Realm) {
    this.#listener = listener;
    this.#realm = realm;
    this.#use(realm);
  }

  get state(): State {
    return this.#state;
  }

  /** Whether the next interpreter is loaded. */
  get reserved(): boolean {
    return this.#spare?.version !== undefined;
  }

  /** Runs a file with the others beside it. A new interpreter runs it when threads of the last program are left. */
  async run(files: Readonly<Record<string, string>>, main: string): Promise<Ended> {
    if (this.leftThreads > 0) {
      this.restart(`${this.leftThreads === 1 ? "a thread" : `${this.leftThreads} threads`} of the last program still ran`);
    }
    await this.whenReady();
    this.#requireReady();
    return this.#execute("run", [JSON.stringify(files), main]);
  }

  /** Runs lines of the prompt. */
  async push(source: string): Promise<Ended> {
    await this.whenReady();
    this.#requireReady();
    return this.#execute("push", [source]);
  }

  /** Asks an idle interpreter; `undefined` when it has something else to do. */
  async ask(name: "complete" | "describe", text: string): Promise<unknown> {
    if (this.#state !== "ready") {
      return undefined;
    }
    const json = await this.#call(name, [text]);
    return json === undefined ? undefined : (JSON.parse(json) as unknown);
  }

  /** Answers {@link InterpreterListener.onInput}; `null` ends the input. */
  answer(text: string | null): void {
    this.#realm.post({ kind: "input", text });
  }

  /** Ends what runs: by a KeyboardInterrupt, and by a new interpreter if that does not help soon. */
  stop(): void {
    if (this.#state !== "running") {
      return;
    }
    this.#set("stopping");
    this.#realm.post({ kind: "interrupt" });
    this.#timer = setTimeout(() => {
      this.restart("the program did not stop by itself");
    }, GRACE);
    this.#spare ??= new Realm();
  }

  /** Ends everything at once and starts anew. */
  restart(reason: string): void {
    clearTimeout(this.#timer);
    const old = this.#realm;
    old.listener = undefined;
    old.end();
    const spare = this.#spare?.failure === undefined ? this.#spare : undefined;
    this.#spare = undefined;
    this.leftThreads = 0;
    this.#realm = spare ?? new Realm();
    this.#use(this.#realm);
    for (const resolve of this.#stacks.values()) {
      resolve([]);
    }
    this.#stacks.clear();
    for (const [id, settle] of [...this.#calls]) {
      this.#calls.delete(id);
      settle(undefined);
    }
    this.#listener.onRestart(reason);
  }

  /** Where a thread's Python code is, whatever it does. */
  stack(thread: number): Promise<readonly string[]> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#stacks.set(id, resolve);
      this.#realm.post({ kind: "stack", id, thread });
    });
  }

  /** Sends what threads do every so many milliseconds; 0 ends that. */
  watch(interval: number): void {
    this.#interval = interval;
    this.#realm.post({ kind: "watch", interval });
  }

  #set(state: State): void {
    if (this.#state !== state) {
      this.#state = state;
      clearTimeout(this.#idle);
      if (state === "ready" && mayReserve()) {
        this.#idle = setTimeout(() => {
          this.#spare ??= new Realm();
        }, IDLE);
      }
      this.#listener.onState(state);
    }
  }

  #use(realm: Realm): void {
    realm.listener = (message) => {
      this.#receive(realm, message);
    };
    if (realm.version !== undefined) {
      this.#loaded(realm.version);
    } else if (realm.failure !== undefined) {
      this.#failed(realm.failure.message, realm.failure.missing);
    } else {
      this.#set("loading");
    }
  }

  #loaded(version: string): void {
    this.version = version;
    if (this.#interval > 0) {
      this.watch(this.#interval);
    }
    this.#set("ready");
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  #failed(message: string, missing: readonly string[] | null): void {
    this.#set("failed");
    this.#listener.onFailure(message, missing);
    for (const resolve of this.#waiting.splice(0)) {
      resolve();
    }
  }

  /** Resolves when Python is loaded, or could not be. */
  async whenReady(): Promise<void> {
    while (this.#state === "loading") {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #requireReady(): void {
    if (this.#state !== "ready") {
      throw new Error(`Python cannot run anything now: it is ${this.#state}`);
    }
  }

  async #execute(name: Call["name"], values: readonly string[]): Promise<Ended> {
    this.#set("running");
    const realm = this.#realm;
    const json = await this.#call(name, values);
    if (this.#realm === realm) {
      clearTimeout(this.#timer);
    }
    const ended = json === undefined ? RESTARTED : (JSON.parse(json) as Ended);
    if (this.#realm === realm) {
      const stopped = (this.#state as State) === "stopping";
      this.leftThreads = ended.threads;
      if (stopped && ended.threads > 0) {
        this.restart("threads of the program did not stop by themselves");
        return RESTARTED;
      } else {
        this.#set("ready");
      }
    }
    return ended;
  }

  #call(name: Call["name"], values: readonly string[]): Promise<string | undefined> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#calls.set(id, resolve);
      this.#realm.post({ kind: "call", id, name, values });
    });
  }

  #settle(id: number, json: string | undefined): void {
    const settle = this.#calls.get(id);
    this.#calls.delete(id);
    settle?.(json);
  }

  #receive(realm: Realm, message: FromWorker): void {
    switch (message.kind) {
      case "progress":
        this.#listener.onProgress(message.stage, message.bytes, message.total);
        return;
      case "ready":
        this.#loaded(message.version);
        return;
      case "failed":
        this.#failed(message.message, message.missing);
        return;
      case "gone":
        this.restart(message.message);
        return;
      case "output":
        this.#listener.onOutput(message.stream, message.text, () => {
          realm.budget.give(message.text.length);
        });
        return;
      case "display":
        this.#listener.onDisplay(message.message);
        return;
      case "name":
        this.#listener.onThreadName(message.thread, message.name);
        return;
      case "page":
        this.#listener.onPage(realm.page);
        return;
      case "input":
        this.#listener.onInput();
        return;
      case "answer":
        this.#settle(message.id, message.json);
        return;
      case "refused":
        // A second interrupt met what comes after the program.
        this.#settle(message.id, JSON.stringify({ status: message.interrupted ? "interrupted" : message.message, problems: [], threads: 0 }));
        return;
      case "threads":
        this.#listener.onThreads(message.samples);
        return;
      case "stack":
        this.#stacks.get(message.id)?.(message.lines);
        this.#stacks.delete(message.id);
        return;
    }
  }
}

/** Whether there is memory for a second interpreter. Where the browser does not say, phones and tablets have too little. */
function mayReserve(): boolean {
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  return deviceMemory === undefined ? !matchMedia("(pointer: coarse)").matches : deviceMemory >= 4;
}
