import { MessageChannel, type MessagePort, type Worker } from "node:worker_threads";
import { RealmBinding } from "../../python/binding.js";
import type { PyAny } from "../../python/any.js";
import type { Py } from "../../python/py.js";
import { receive, sendAll } from "../../python/message.js";
import { HostWeft, type ThreadHandle } from "../../python/weft.js";
import { Guest, type GuestLimits, type Mount } from "../../runtime/guest.js";
import { RuntimeAssets } from "./assets.js";
import { KeepAlive } from "./keep-alive.js";
import { NodeRealmHost } from "./realm-host.js";
import type { SpawnEnd, SpawnReady, SpawnRequest } from "./realm-messages.js";
import { RealmWorkers } from "./realm-workers.js";
import { NODE_LIMITS } from "./run.js";
import { runtimeFolder } from "./runtime-folder.js";
import { StdinPump } from "./stdin.js";
import { stdioKind, terminalSize } from "./stdio.js";

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

interface Spawning {
  readonly worker: Worker;
  readonly port: MessagePort;
  resolve(value: unknown): void;
  reject(error: unknown): void;
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
  );

  const spawning = new Map<number, Spawning>();
  const endWorkers = async (): Promise<void> => {
    await Promise.all([...live].map((worker) => worker.terminate()));
  };
  const ended = guest.ended.then(async (end) => {
    const error = new Error(
      end.kind === "exit" ? `Python has ended with status ${end.status}` : "the Python runtime crashed",
      end.kind === "crash" ? { cause: end.error } : undefined,
    );
    weft?.onEnd(error);
    for (const one of spawning.values()) {
      one.reject(error);
    }
    await endWorkers();
    if (end.kind === "exit") {
      return end.status;
    }
    throw error;
  });
  // Those who wait for it hear of it; nobody needs to.
  ended.catch(() => undefined);

  let nextThread = 1;
  const spawn = (url: string, name: string, values: readonly unknown[]): ThreadHandle => {
    const id = nextThread++;
    const worker = guest.takeWorker() as Worker;
    const { port1: port, port2 } = new MessageChannel();
    const joined = new Promise<unknown>((resolve, reject) => {
      spawning.set(id, { worker, port, resolve, reject });
    });
    joined.catch(() => undefined).finally(() => {
      spawning.delete(id);
      port.close();
    });
    const settle = spawning.get(id)!;
    const onEnd = (end: SpawnEnd): void => {
      const { realm } = binding;
      if ("result" in end) {
        settle.resolve(receive(realm, end.result));
      } else if ("error" in end) {
        settle.reject(end.error);
      } else {
        const exception = receive(realm, end.exception) as Py<PyAny>;
        try {
          settle.reject(weft!.attach((py) => py.errorFrom(exception.intoBound(py))));
        } catch (error) {
          settle.reject(error);
        }
      }
    };
    port.once("message", (message: SpawnReady) => {
      port.once("message", onEnd);
      const failed = message.ready ? guest.spawnThread(worker, id) : 0;
      if (!message.ready) {
        guest.module.weftUseWorker(worker);
        settle.reject(message.error);
      } else if (failed !== 0) {
        settle.reject(new RangeError(`cannot start a thread: the limit of threads is reached (guest errno ${failed})`));
      }
    });
    const request: SpawnRequest = { weftSpawn: { id, url, name, values: values.map(sendAll), port: port2 } };
    try {
      worker.postMessage(request, [port2]);
    } catch (error) {
      // A value that cannot be copied.
      guest.module.weftUseWorker(worker);
      settle.reject(error);
    }
    void alive.during(joined);
    return { join: () => joined };
  };

  weft = new HostWeft(bound(guest, binding), {
    spawn,
    ended,
    keepAlive: (promise) => alive.during(promise),
    terminate: endWorkers,
  });
  await Promise.race([isReady, ended.then((status) => Promise.reject(new Error(`Python ended with status ${status} before it was ready`)))]);
  return weft;
}

/** The host realm's binding is needed before Python calls for the first time. */
function bound(guest: Guest, binding: RealmBinding): RealmBinding["realm"] {
  binding.bind(guest.module.wasmMemory, guest.module.weftExports());
  return binding.realm;
}
