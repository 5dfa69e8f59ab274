import type { Worker } from "node:worker_threads";
import { RealmBinding } from "../../python/binding.js";
import { HostWeft } from "../../python/weft.js";
import { Guest, type GuestLimits, type Mount } from "../../runtime/guest.js";
import { RuntimeAssets } from "./assets.js";
import { KeepAlive } from "./keep-alive.js";
import { NodeRealmHost } from "./realm-host.js";
import { RealmWorkers } from "./realm-workers.js";
import { NODE_LIMITS } from "./run.js";
import { runtimeFolder } from "./runtime-folder.js";
import { StdinPump } from "./stdin.js";
import { stdioKind, terminalSize } from "./stdio.js";
import { HostThreads } from "./threads.js";

/** How {@link loadWeft} starts Python. */
export interface LoadOptions {
  /** Folders of the host that Python sees. None by default. */
  readonly mounts?: readonly Mount[];
  /** Environment variables that Python sees. None by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of CPython's command line: `["-X", "dev"]`. */
  readonly pythonOptions?: readonly string[];
  /** Working directory in the guest: `/tmp` by default. */
  readonly workingDirectory?: string;
  readonly limits?: Partial<GuestLimits>;
  /** Folder of the built runtime. */
  readonly runtime?: string;
}

/**
 * Loads the runtime and starts Python. Its main thread then waits for what `run`, `eval` and `call` give
 * it; this thread and others attach. Standard streams are this process's.
 *
 * The process ends when nothing else keeps it, also while Python is idle.
 * @throws RuntimeFilesError when the runtime cannot be loaded; GuestError when a mount or the working
 * directory fails; Error when Python ends before it is ready.
 */
export function loadWeft(options: LoadOptions = {}): Promise<HostWeft> {
  const alive = new KeepAlive();
  return alive.during(load(options, alive));
}

async function load(options: LoadOptions, alive: KeepAlive): Promise<HostWeft> {
  const assets = new RuntimeAssets(options.runtime ?? runtimeFolder());
  const compiled = assets.compile();
  compiled.catch(() => undefined);
  const factory = await assets.factory();
  const workers = new RealmWorkers(assets.glueUrl);
  const live = new Set<Worker>();
  const binding = new RealmBinding(1);
  const pump = new StdinPump();
  await compiled;

  let weft: HostWeft | undefined;
  let ready!: () => void;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const guest = await Guest.start(
    {
      factory,
      compile: () => compiled,
      loadStandardLibrary: (module) => assets.loadStandardLibrary(module),
      realmHost: new NodeRealmHost(),
      realmPython: binding,
      createWorker: (onError) => {
        const worker = workers.create(onError);
        live.add(worker);
        worker.once("exit", () => live.delete(worker));
        return worker;
      },
      endWorker: (worker) => {
        void (worker as Worker).terminate();
      },
      onThreadGone: (worker) => {
        threads.gone(worker as Worker);
      },
      onStdinRequest: (g) => {
        pump.request(g);
      },
      onReadline: (g) => {
        // Only a program on a terminal asks for lines; here input() reads the stream.
        g.replyLine(null);
      },
      onTerminalMode: () => undefined,
      onReady: () => {
        ready();
      },
      onJob: (job) => {
        weft!.onJob(job);
      },
    },
    {
      arguments: ["python", ...(options.pythonOptions ?? [])],
      environment: options.env ?? {},
      workingDirectory: options.workingDirectory ?? "/tmp",
      mounts: options.mounts ?? [],
      stdio: [stdioKind(0), stdioKind(1), stdioKind(2)],
      terminalSize: terminalSize(),
      limits: { ...NODE_LIMITS, ...options.limits },
      serve: true,
    },
  ).catch(async (error: unknown) => {
    await Promise.all([...live].map((worker) => worker.terminate()));
    throw error;
  });
  const threads = new HostThreads(guest, binding, () => weft!);

  const endWorkers = async (): Promise<void> => {
    await Promise.all([...live].map((worker) => worker.terminate()));
  };
  let terminated!: (error: Error) => void;
  const termination = new Promise<never>((_, reject) => {
    terminated = reject;
  });
  const ended = Promise.race([guest.ended, termination]).then(async (end) => {
    const error = new Error(
      end.kind === "exit" ? `Python has ended with status ${end.status}` : "the Python runtime crashed",
      end.kind === "crash" ? { cause: end.error } : undefined,
    );
    weft?.onEnd(error);
    threads.end(error);
    await endWorkers();
    if (end.kind === "exit") {
      return end.status;
    }
    throw error;
  });
  // Those who wait for it hear of it; nobody needs to.
  ended.catch(() => undefined);

  weft = new HostWeft(bound(guest, binding), {
    spawn: (url, name, values) => {
      const handle = threads.spawn(url, name, values);
      void alive.during(handle.join());
      return handle;
    },
    ended,
    keepAlive: (promise) => alive.during(promise),
    terminate: async (error) => {
      terminated(error);
      threads.end(error);
      await endWorkers();
    },
  });
  await Promise.race([isReady, ended.then((status) => Promise.reject(new Error(`Python ended with status ${status} before it was ready`)))]);
  return weft;
}

/** The host realm's binding is needed before Python calls for the first time. */
function bound(guest: Guest, binding: RealmBinding): RealmBinding["realm"] {
  binding.bind(guest.module.wasmMemory, guest.module.weftExports());
  return binding.realm;
}
