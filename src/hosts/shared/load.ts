import { RealmBinding } from "../../python/binding.js";
import { HostWeft } from "../../python/weft.js";
import { Guest, type GuestEnd, type GuestLimits, type GuestOptions, type Mount } from "../../runtime/guest.js";
import type { ObservedThread } from "../../runtime/observer/threads.js";
import type { DisplaySink } from "./display.js";
import { JoinedThreads } from "./joined-threads.js";
import type { Loading } from "./loading.js";
import type { HostPlatform, RealmWorker } from "./platform.js";
import type { RealmWorkers } from "./realm-workers.js";
import { HostThreads } from "./threads.js";

/** How Python is started, on every platform. */
export interface PythonOptions {
  /** Environment variables that Python sees. None by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of CPython's command line: `["-X", "dev"]`. */
  readonly pythonOptions?: readonly string[];
  /** Working directory in the guest: `/tmp` by default. */
  readonly workingDirectory?: string;
  readonly limits?: Partial<GuestLimits>;
  /**
   * URLs of ES modules that define Python modules: as if each were given to `weft.addModule()` before anything else. In pages
   * all threads can import these, since every realm loads them at its start; in Node, Deno and Bun any others too.
   */
  readonly modules?: readonly (string | URL)[];
  /** Receives what Python's `display()` shows; without it, `display()` prints. */
  readonly display?: DisplaySink;
  /**
   * Whether `http.client`, and what is built on it (`urllib.request`), reach servers outside of the program, by this realm's
   * `fetch()` and under its rules. Only the thread that asks waits. False by default.
   */
  readonly network?: boolean;
  /**
   * Gives up loading: what was begun is ended, and a LoadAbortedError says how far it was and what Python's threads did.
   * `AbortSignal.timeout(30_000)` is a deadline. Afterwards it has no effect.
   */
  readonly signal?: AbortSignal;
}

/** What a guest's first memory is made for. */
export function programOf(options: PythonOptions, limits: GuestLimits): Pick<GuestOptions, "arguments" | "environment" | "limits"> {
  return {
    arguments: ["python", ...(options.pythonOptions ?? [])],
    environment: options.env ?? {},
    limits: { ...limits, ...options.limits },
  };
}

/**
 * Starts Python with a serving main thread, and gives what the host realm uses it by. When that fails, and
 * when Python has ended, the workers are ended.
 * @param loading of which the files are there; it ends here.
 * @throws GuestError when a mount or the working directory fails; LoadAbortedError; Error when Python ends before it is ready; what
 * importing one of the modules throws.
 */
export async function startWeft(
  platform: HostPlatform,
  workers: RealmWorkers,
  options: PythonOptions & { readonly mounts?: readonly Mount[] },
  loading: Loading,
): Promise<HostWeft> {
  const binding = new RealmBinding(1);
  let weft: HostWeft | undefined;
  let threads: HostThreads | undefined;
  let joined: JoinedThreads | undefined;
  let ready!: () => void;
  const isReady = new Promise<void>((resolve) => {
    ready = resolve;
  });
  loading.at(() => "instance");
  const starting = Guest.start(
    {
      files: platform.files,
      firstMemory: platform.firstMemory,
      realmHost: platform.realmHost,
      realmPython: binding,
      createWorker: (onError) => {
        loading.throwIfAborted();
        return workers.create(onError);
      },
      endWorker: (worker) => {
        workers.end(worker as RealmWorker);
      },
      // A page's own thread cannot wait for its event loop; Python code that runs on it would.
      mayMakeWorkers: () => weft === undefined || weft.realm.mayBlock || !weft.realm.attached,
      onThreadRefused: () => {
        const { realm } = weft!;
        realm.functions.weft_threads_refuse();
        realm.whenDetached = () => {
          realm.functions.weft_threads_admit();
        };
      },
      onThreadGone: (worker) => {
        threads?.gone(worker as RealmWorker);
        joined?.gone(worker as RealmWorker);
      },
      onStdinRequest: (g) => {
        platform.onStdinRequest(g);
      },
      onReadline: (g) => {
        // Only a program on a terminal asks for lines; here input() reads the stream.
        g.replyLine(null);
      },
      onTerminalMode: () => undefined,
      onOutput: (fd, data) => {
        platform.onOutput?.(fd, data);
      },
      onReady: () => {
        ready();
      },
      onJob: (job) => {
        weft!.onJob(job);
      },
      onRequest: (request) => {
        binding.onRequest(request);
      },
      onReleased: () => {
        binding.onReleased();
      },
    },
    {
      ...programOf(options, platform.limits),
      workingDirectory: options.workingDirectory ?? "/tmp",
      mounts: options.mounts ?? [],
      stdio: platform.stdio,
      terminalSize: platform.terminalSize,
      serve: true,
    },
  );
  const guest = await loading.until(starting).catch(async (error: unknown) => {
    // Given up while it starts all the same.
    starting.then((late) => {
      late.fail(error);
    }, () => undefined);
    await workers.endAll();
    throw error;
  });
  const spawned = (threads = new HostThreads(guest, binding, () => weft!, () => platform.channel()));

  const { glueUrl } = platform.files;
  joined = glueUrl === undefined ? undefined : new JoinedThreads(guest, () => platform.channel(), glueUrl, () => workers.nextRealm(), platform.joinSetup);

  let terminated!: (error: Error) => void;
  const termination = new Promise<never>((_, reject) => {
    terminated = reject;
  });
  const ended = Promise.race([guest.ended, termination]).then(async (end) => {
    const error = endError(end);
    weft?.onEnd(error);
    joined?.end();
    platform.onEnd?.();
    await spawned.end(error);
    await workers.endAll();
    platform.onThreadsEnded?.();
    if (end.kind === "exit") {
      return end.status;
    }
    throw error;
  });
  // Those who wait for it hear of it; nobody needs to.
  ended.catch(() => undefined);

  binding.bind(guest.module.wasmMemory, () => guest.module.functions);
  binding.realm.services = platform.services;
  weft = new HostWeft(binding.realm, {
    spawn: (url, name, values) => {
      const handle = spawned.spawn(url, name, values);
      // Who joins gets the error.
      platform.keepAlive(handle.join()).catch(() => undefined);
      return handle;
    },
    joinPort: () => {
      if (!joined) {
        throw new TypeError("workers of your own cannot join on this platform: use spawn()");
      }
      return joined.port();
    },
    ended,
    keepAlive: (promise) => platform.keepAlive(promise),
    resolve: (source) => platform.resolve(source),
    read: (url, signal) => platform.read(url, signal),
    terminate: async (error) => {
      terminated(error);
      // It keeps no timers then.
      guest.fail(error);
      joined?.end();
      platform.onEnd?.();
      await spawned.end(error);
      await workers.endAll();
      platform.onThreadsEnded?.();
    },
  });
  const loaded = weft;
  // In the snapshot the main thread is there before it runs.
  const observe = (): readonly ObservedThread[] => (guest.mainWorkerLoaded ? loaded.threads() : []);
  loading.at(() => (guest.mainWorkerLoaded ? "python" : "worker"), observe);
  try {
    await loading.until(Promise.race([isReady, ended.then((status) => Promise.reject(new Error(`Python ended with status ${status} before it was ready`)))]));
    // The first attach makes this thread's state, which may have to wait; nobody keeps it waiting yet.
    weft.attach(() => undefined);
    if (platform.services.http) {
      weft.attach((py) => py.import("weft._network").callMethod("install"));
    }
    for (const url of options.modules ?? []) {
      loading.at(() => "modules", observe, String(url));
      await loading.until(weft.addModule(url));
    }
    loading.end();
  } catch (error) {
    await weft.terminate();
    throw error;
  }
  return weft;
}

function endError(end: GuestEnd): Error {
  return end.kind === "exit"
    ? new Error(`Python has ended with status ${end.status}`)
    : new Error(`the Python runtime crashed: ${String(end.error)}`, { cause: end.error });
}
