import { checkLayout, CONSTANTS, LayoutError } from "../abi/layout.js";
import { GuestEvent, type StdioKind } from "../abi/events.js";
import { allocate, bytes, readString, withStrings } from "../abi/memory.js";
import type { Address, GuestFactory, GuestModule } from "../abi/module.js";
import { FirstMemory } from "./first-memory.js";
import { createMemory, MOST_MEMORY } from "./guest-memory.js";
import { copyMemory, encodeSnapshot, isUntouched, touch, type ArchivePlace, type Snapshot } from "./snapshot.js";

const { SIGALRM } = CONSTANTS;

/** Workers kept for threads to come. */
const IDLE_WORKERS = 8;
/** More of them are kept for at least so many milliseconds after their last use, and for at most twice as many. */
const IDLE_TIME = 2500;

/** Bytes at the heap's beginning that a snapshot leaves to what is done while the module is instantiated: 4 KiB of it are used. */
const TRACES = 64 * 1024;

/** A folder of the host that the guest sees. */
export interface Mount {
  /** Absolute path on the host. */
  readonly host: string;
  /** Absolute path in the guest. */
  readonly guest: string;
  readonly readOnly: boolean;
}

/** Limits of a guest. Every one is fixed when the guest starts. */
export interface GuestLimits {
  /** Python threads at once, the main thread included. */
  readonly threads: number;
  /** Linear-memory stack of Python's main thread, in bytes. */
  readonly stackSize: number;
  /** Levels of recursion in C on threads in workers; must fit their engine stack. */
  readonly recursionLimit: number;
  /** The same in the realm that owns the guest. */
  readonly hostRecursionLimit: number;
  /**
   * What the memory of Python grows to at most, in MiB: 128 to 4096. Then there are MemoryErrors, and no new threads. An engine that has
   * no room for as much gets less.
   */
  readonly memory: number;
}

/** What a program is started with. */
export interface GuestOptions {
  /** `argv`, as CPython's command line: `["python", "-c", "..."]`. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute guest path; must exist there. */
  readonly workingDirectory: string;
  readonly mounts: readonly Mount[];
  /** Kinds of file descriptors 0, 1 and 2. */
  readonly stdio: readonly [StdioKind, StdioKind, StdioKind];
  readonly terminalSize: { readonly rows: number; readonly columns: number } | null;
  readonly limits: GuestLimits;
  /** Python's main thread waits for jobs instead of running `arguments` as a program. */
  readonly serve?: boolean;
}

/** The files of a built runtime, as a guest needs them. */
export interface GuestFiles {
  readonly factory: GuestFactory;
  /** The compiled module; shared by all realms. */
  compile(): Promise<WebAssembly.Module>;
  /** Copies the standard library's archive to guest memory, where it stays: to new memory, or where a snapshot has it. */
  loadStandardLibrary(module: GuestModule, place?: ArchivePlace): ArchivePlace;
  /** The snapshot of this very build, for a program that may begin with it. */
  snapshot(): Snapshot;
}

/** What a guest needs of the platform that it runs on. */
export interface GuestPlatform {
  readonly files: GuestFiles;
  /** The guest's memory, where it was made before the files were there: for a guest with these options. */
  readonly firstMemory?: FirstMemory | undefined;
  /** Imports of the realm that owns the guest. */
  readonly realmHost: unknown;
  /** Way from Python into the JavaScript of the realm that owns the guest. */
  readonly realmPython: unknown;
  /** Starts a realm; `onError` hears of what the realm did not catch. */
  createWorker(onError: (error: unknown) => void): unknown;
  endWorker(worker: unknown): void;
  /** As in the glue's callbacks (src/abi/module.ts); always by default. */
  mayMakeWorkers?(): boolean;
  /** As there; nobody tries again by default. */
  onThreadRefused?(): void;
  /** A thread waits for standard input: push some, now or later. */
  onStdinRequest(guest: Guest): void;
  /** A thread wants a line from the terminal: call {@link Guest.replyLine} once. */
  onReadline(guest: Guest, prompt: string): void;
  onTerminalMode(mode: number): void;
  /** A thread has ended and left the worker, which is idle now. */
  onThreadGone?(worker: unknown): void;
  /** Python's main thread serves jobs: threads of the host may attach. */
  onReady?(): void;
  /** A job has ended. */
  onJob?(job: Address): void;
  /**
   * Output of a thread whose realm posts it instead of writing it itself. Called also while this realm waits in
   * the guest: it must only store the bytes; what follows from them comes later.
   */
  onOutput?(fd: number, data: Uint8Array): void;
  /** A thread asks for something that only the realm that owns the guest can do. */
  onRequest?(request: Address): void;
  /** Python has let go of values of that realm's. */
  onReleased?(): void;
}

/** A program's end: its exit status, or what broke the runtime. */
export type GuestEnd =
  | { readonly kind: "exit"; readonly status: number }
  | { readonly kind: "crash"; readonly error: unknown };

/**
 * A failed set-up step. `errno` is the guest's number for the reason.
 * @example
 * ```js
 * try {
 *   await loadWeft({ workingDirectory: "/none" });
 * } catch (error) {
 *   console.log(error instanceof GuestError); // true
 * }
 * ```
 */
export class GuestError extends Error {
  override readonly name = "GuestError";
  constructor(
    message: string,
    readonly errno: number,
  ) {
    super(message);
  }
}

/** What is thrown instead of an error of the engine or the glue that has no instance of the module. */
function notInstantiated(error: unknown): unknown {
  // The engine's own word for too little memory.
  if (error instanceof RangeError) {
    return error;
  }
  return new LayoutError(
    `the Python runtime's module and its glue do not belong together (${String(error)}); run "weft build --force" to build the runtime again`,
    { cause: error },
  );
}

/** One running Python program. Owned by, and only used from, the realm that started it. */
export class Guest {
  /** Settles once, when the program has ended. Never rejects. */
  readonly ended: Promise<GuestEnd>;
  #end!: (end: GuestEnd) => void;
  #module!: GuestModule;
  readonly #platform: GuestPlatform;
  #stackSize = 0;
  #mainWorker: unknown;
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  private constructor(platform: GuestPlatform) {
    this.#platform = platform;
    this.ended = new Promise((resolve) => {
      this.#end = (end) => {
        this.#over = true;
        // Each would keep the program's memory.
        clearTimeout(this.#alarm);
        clearTimeout(this.#idle);
        resolve(end);
      };
    });
  }

  /**
   * Instantiates the runtime and starts Python's main thread. Returns when the thread
   * has been created, long before Python is initialised.
   * @throws GuestError when a mount, the working directory or the thread fails; LayoutError when the module was
   * built by another version of this package, or is not the glue's; what compiling throws; RangeError for limits that are none, and
   * where there is no room.
   */
  static async start(platform: GuestPlatform, options: GuestOptions): Promise<Guest> {
    const guest = new Guest(platform);
    const first = platform.firstMemory ?? new FirstMemory(options);
    await guest.#instantiate(first.memory);
    const snapshot = first.mayRestore ? platform.files.snapshot() : undefined;
    guest.#configure(options, snapshot && first.restores(snapshot) ? snapshot : undefined);
    return guest;
  }

  /** The memory that a snapshot is restored to: that of a module which has just been instantiated. */
  static async firstMemory(platform: GuestPlatform): Promise<Uint8Array> {
    const guest = new Guest(platform);
    await guest.#instantiate(createMemory(MOST_MEMORY));
    return copyMemory(guest.#module.wasmMemory);
  }

  /** Whether instantiating the module leaves a memory as it is from an address on, whatever is there. */
  static async leavesAlone(platform: GuestPlatform, address: number): Promise<boolean> {
    const memory = createMemory(MOST_MEMORY);
    touch(memory, address);
    await new Guest(platform).#instantiate(memory);
    return isUntouched(memory, address);
  }

  /**
   * Initializes Python and returns the file of the snapshot. The guest's realms are of no use afterwards.
   * @param stackSize linear-memory stack of Python's main thread, in bytes.
   * @param other what {@link firstMemory} gives at another time and with other chance.
   * @throws Error when Python ends instead.
   */
  static async makeSnapshot(platform: GuestPlatform, stackSize: number, other: Uint8Array): Promise<Uint8Array> {
    const guest = new Guest(platform);
    await guest.#instantiate(createMemory(MOST_MEMORY));
    const module = guest.#module;
    const first = copyMemory(module.wasmMemory);
    // What is instantiated leaves traces in the heap's beginning. The archive, which may be there before, lies behind them.
    module.functions.malloc(TRACES);
    const archive = guest.#mountLibrary();
    guest.#check(module.functions.weft_snapshot_make(stackSize), "starting Python's main thread");
    let ended: GuestEnd | undefined;
    void guest.ended.then((end) => {
      ended = end;
    });
    while (module.functions.weft_snapshot_made() === 0) {
      if (ended !== undefined) {
        throw new Error(`Python ended while it was initialized for the snapshot: ${ended.kind === "exit" ? `status ${ended.status}` : String(ended.error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return encodeSnapshot([first, other], copyMemory(module.wasmMemory), stackSize, archive);
  }

  async #instantiate(wasmMemory: WebAssembly.Memory): Promise<void> {
    const { files } = this.#platform;
    const wasm = await files.compile();
    let refuse!: (error: unknown) => void;
    const refused = new Promise<never>((_, reject) => {
      refuse = reject;
    });
    // The glue's promise is never settled when its module has no instance.
    const made = files.factory({
      weft: {
        idleWorkers: IDLE_WORKERS,
        afterIdleTime: (look) => {
          if (!this.#over) {
            this.#idle = setTimeout(look, IDLE_TIME);
            // A process need not wait for it; the timers of pages have nothing of the kind.
            (this.#idle as { unref?(): void }).unref?.();
          }
        },
        endWorker: (worker) => {
          this.#platform.endWorker(worker);
        },
        mayMakeWorkers: () => this.#platform.mayMakeWorkers?.() ?? true,
        onThreadRefused: () => {
          this.#platform.onThreadRefused?.();
        },
        onThreadGone: (worker) => {
          this.#platform.onThreadGone?.(worker);
        },
        createWorker: () =>
          this.#platform.createWorker((error) => {
            this.#end({ kind: "crash", error });
          }),
        onEvent: (kind, a, b) => {
          this.#receive(kind, a, b);
        },
      },
      weftHost: this.#platform.realmHost,
      weftPython: this.#platform.realmPython,
      wasmMemory,
      instantiateWasm: (imports, done) => {
        WebAssembly.instantiate(wasm, imports as WebAssembly.Imports)
          .then((instance) => {
            done(instance, wasm);
          })
          .catch(refuse);
        return {};
      },
    });
    const glue = await Promise.race([made, refused]).catch((error: unknown) => {
      throw notInstantiated(error);
    });
    this.#module = Object.assign(glue, { functions: glue.weftFunctions() });
    checkLayout(this.#module.functions);
    // The main thread's worker makes its instance meanwhile, which touches nothing of the memory.
    this.#mainWorker = this.#module.weftTakeWorker();
    this.#module.weftUseWorker(this.#mainWorker);
  }

  #check(errno: number, step: string): void {
    if (errno !== 0) {
      throw new GuestError(`${step} failed with guest errno ${Math.abs(errno)}`, Math.abs(errno));
    }
  }

  #mountLibrary(): ArchivePlace {
    const archive = this.#platform.files.loadStandardLibrary(this.#module);
    this.#check(this.#module.functions.weft_main_stdlib(archive.address, archive.size), "mounting the standard library");
    return archive;
  }

  #configure(options: GuestOptions, snapshot: Snapshot | undefined): void {
    const module = this.#module;
    const check = (errno: number, step: string): void => {
      this.#check(errno, step);
    };
    const { limits } = options;
    // Before anything is called that the memory remembers.
    snapshot?.restore(module.wasmMemory);
    this.#stackSize = limits.stackSize;
    module.functions.weft_threads_configure(limits.threads, limits.recursionLimit, limits.hostRecursionLimit);
    options.stdio.forEach((kind, fd) => {
      check(module.functions.weft_stdio_configure(fd, kind), `setting up file descriptor ${fd}`);
    });
    if (options.terminalSize) {
      module.functions.weft_tty_set_size(options.terminalSize.rows, options.terminalSize.columns);
    }
    if (snapshot) {
      this.#platform.files.loadStandardLibrary(module, snapshot.archive);
    } else {
      this.#mountLibrary();
    }
    for (const mount of options.mounts) {
      withStrings(module, [mount.guest, mount.host], (guest, host) => {
        check(
          module.functions.weft_host_mount(guest!, host!, mount.readOnly ? 1 : 0),
          `mounting ${mount.host} at ${mount.guest}`,
        );
      });
    }
    for (const [name, value] of Object.entries(options.environment)) {
      withStrings(module, [name, value], (n, v) => {
        check(module.functions.weft_main_setenv(n!, v!), `setting the environment variable ${name}`);
      });
    }
    withStrings(module, [options.workingDirectory], (path) => {
      check(module.functions.weft_main_chdir(path!), `changing to ${options.workingDirectory}`);
    });
    for (const argument of options.arguments) {
      withStrings(module, [argument], (a) => {
        check(module.functions.weft_main_argument(a!), "passing the arguments");
      });
    }
    if (options.serve === true) {
      module.functions.weft_main_serve();
    }
    check(snapshot ? module.functions.weft_main_resume() : module.functions.weft_main_start(limits.stackSize), "starting Python's main thread");
  }

  /**
   * A realm that may not block (a page) receives events also while it spins in the guest, say in the middle of
   * attaching. What they lead to waits until it has come back from there.
   */
  #receive(kind: number, a: number, b: number): void {
    if (kind === GuestEvent.output) {
      const memory = bytes(this.#module);
      const header = new DataView(memory.buffer, a, 8);
      const data = memory.slice(a + 8, a + 8 + header.getUint32(4, true));
      const fd = header.getUint32(0, true);
      this.#module.functions.free(a);
      this.#platform.onOutput?.(fd, data);
      return;
    }
    queueMicrotask(() => {
      this.#onEvent(kind, a, b);
    });
  }

  #onEvent(kind: number, a: number, b: number): void {
    switch (kind) {
      case GuestEvent.exit:
        this.#end({ kind: "exit", status: a });
        return;
      case GuestEvent.stdin:
        this.#platform.onStdinRequest(this);
        return;
      case GuestEvent.readline: {
        const prompt = readString(this.#module, a);
        this.#module.functions.free(a);
        this.#platform.onReadline(this, prompt);
        return;
      }
      case GuestEvent.crash: {
        const message = readString(this.#module, a);
        this.#module.functions.free(a);
        this.#end({ kind: "crash", error: new Error(message) });
        return;
      }
      case GuestEvent.timer:
        this.#setAlarm(a, b);
        return;
      case GuestEvent.tty:
        this.#platform.onTerminalMode(a);
        return;
      case GuestEvent.ready:
        this.#platform.onReady?.();
        return;
      case GuestEvent.job:
        this.#platform.onJob?.(a);
        return;
      case GuestEvent.request:
        this.#platform.onRequest?.(a);
        return;
      case GuestEvent.released:
        this.#platform.onReleased?.();
        return;
      default:
        throw new TypeError(`the guest sent an event of unknown kind ${kind}: runtime and host do not match`);
    }
  }

  #setAlarm(delay: number, period: number): void {
    clearTimeout(this.#alarm);
    if (delay === 0) {
      return;
    }
    this.#alarm = setTimeout(() => {
      if (period !== 0) {
        this.#setAlarm(period, period);
      }
      if (this.signal(SIGALRM) === "default") {
        // As a shell reports a process that a signal ended.
        this.#end({ kind: "exit", status: 128 + SIGALRM });
      }
    }, delay);
  }

  /** The glue's object, for the layers above. */
  get module(): GuestModule {
    return this.#module;
  }

  /**
   * Starts a thread of the host's in a given idle worker (see {@link takeWorker}).
   * @returns 0 or the guest's errno.
   */
  spawnThread(worker: unknown, id: number): number {
    this.#module.weftUseWorker(worker);
    return this.#module.functions.weft_thread_spawn(id, this.#stackSize);
  }

  /** An idle worker, new or used, that no thread gets meanwhile. Give it back with `weftUseWorker`. */
  takeWorker(): unknown {
    return this.#module.weftTakeWorker();
  }

  /** Whether the worker of Python's main thread has the runtime, which the glue notes at the worker: it runs the thread from then on. */
  get mainWorkerLoaded(): boolean {
    return (this.#mainWorker as { readonly loaded?: boolean }).loaded === true;
  }

  /** The program cannot go on: something of the host's that it depends on is gone. */
  fail(error: unknown): void {
    this.#end({ kind: "crash", error });
  }

  /**
   * Delivers a signal as the operating system would. Never blocks.
   * @returns `default` when its default action is to be carried out by the caller.
   */
  signal(number: number): "default" | "ignored" | "handled" {
    const results = ["default", "ignored", "handled"] as const;
    return results[this.#module.functions.weft_main_signal(number)]!;
  }

  /** Whether Python has not looked at a delivered signal yet. */
  get signalPending(): boolean {
    return this.#module.functions.weft_main_signal_pending() !== 0;
  }

  /** How many bytes of standard input the guest can take now. */
  get stdinSpace(): number {
    return this.#module.functions.weft_stdin_space() >>> 0;
  }

  /** Gives standard input to the guest and returns how many bytes it took. */
  pushStdin(data: Uint8Array): number {
    const address = allocate(this.#module, data);
    try {
      return this.#module.functions.weft_stdin_push(address, data.length) >>> 0;
    } finally {
      this.#module.functions.free(address);
    }
  }

  /** Ends standard input: reads return end of file once the rest is read. */
  closeStdin(): void {
    this.#module.functions.weft_stdin_close();
  }

  /** Answers {@link GuestPlatform.onReadline}: a line without its newline, or `null` at the end. */
  replyLine(line: string | null): void {
    if (line === null) {
      this.#module.functions.weft_readline_reply(0, 0);
      return;
    }
    const data = new TextEncoder().encode(`${line}\n`);
    const address = allocate(this.#module, data);
    try {
      this.#module.functions.weft_readline_reply(address, data.length);
    } finally {
      this.#module.functions.free(address);
    }
  }

  /** Instead of a reply, when the user interrupted the question. Send the signal after it. */
  cancelLine(): void {
    this.#module.functions.weft_readline_cancel();
  }

  /** The terminal's new size. */
  resize(rows: number, columns: number): void {
    this.#module.functions.weft_tty_set_size(rows, columns);
  }
}
