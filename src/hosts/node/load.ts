import { MessageChannel } from "node:worker_threads";
import type { HostWeft } from "../../python/weft.js";
import type { Mount } from "../../runtime/guest.js";
import type { PortableInterpreter } from "../../portable/interpreter.js";
import type { ChartSpec } from "../../plot/spec.js";
import { fetchService } from "../shared/http.js";
import { startWeft, type PythonOptions } from "../shared/load.js";
import { Loading } from "../shared/loading.js";
import { loadProfile, type ProfileOptions } from "../shared/profile.js";
import type { RealmPort } from "../shared/platform.js";
import type { RealmWorkers } from "../shared/realm-workers.js";
import { RuntimeAssets } from "./assets.js";
import { KeepAlive } from "./keep-alive.js";
import { defaultLimits } from "./limits.js";
import { loadRuntime } from "./load-runtime.js";
import { NodeRealmHost } from "./realm-host.js";
import { fileOrUrl, readUrl } from "./read-url.js";
import { runtimeFolder } from "./runtime-folder.js";
import { loadSolo } from "./solo.js";
import { StdinPump } from "./stdin.js";
import { stdioKind, terminalSize } from "./stdio.js";

/** How {@link loadWeft} starts Python. */
export interface LoadOptions extends PythonOptions {
  /** Folders of the host that Python sees. None by default. */
  readonly mounts?: readonly Mount[];
  /** Folder of the built runtime. */
  readonly runtime?: string;
}

/**
 * Loads the runtime and starts Python. Its main thread then waits for what `run`, `eval` and `call` give
 * it; this thread and others attach. Standard streams are this process's.
 *
 * The process ends when nothing else keeps it, also while Python is idle.
 * @throws RuntimeFilesError when the runtime cannot be loaded; LayoutError when its files are not of one build, or of another version;
 * GuestError when a mount or the working directory fails; LoadAbortedError; RangeError for limits that are none; Error when Python ends
 * before it is ready.
 * @example
 * ```js
 * const other = await loadWeft({ env: { NAME: "value" } });
 * console.log(await other.eval("__import__('os').environ['NAME']")); // value
 * await other.terminate();
 * ```
 */
export function loadWeft(options?: LoadOptions): Promise<HostWeft>;
/**
 * Starts Python in one of its profiles, with the interface that all of them have.
 * @throws RuntimeFilesError when the profile cannot be loaded; PythonError when the working directory cannot be made.
 */
export function loadWeft(options: ProfileOptions): Promise<PortableInterpreter>;
export function loadWeft(options: LoadOptions | ProfileOptions = {}): Promise<HostWeft | PortableInterpreter> {
  const alive = new KeepAlive();
  if ("profile" in options) {
    const { env, workingDirectory } = options;
    const threadedOptions = { ...(env === undefined ? {} : { env }), ...(workingDirectory === undefined ? {} : { workingDirectory }) };
    return alive.during(
      loadProfile(options, {
        // Node, Deno and Bun share memory everywhere.
        obstacle: () => Promise.resolve(undefined),
        threaded: () => load(threadedOptions, alive),
        solo: (reason) => loadSolo(options, reason),
      }),
    );
  }
  return alive.during(load(options, alive));
}

async function load(options: LoadOptions, alive: KeepAlive): Promise<HostWeft> {
  const loading = new Loading(options.signal);
  loading.throwIfAborted();
  const assets = new RuntimeAssets(options.runtime ?? runtimeFolder());
  const runtime = loadRuntime(assets);
  const { factory, module, workers } = await loading.until(runtime).catch((error: unknown) => {
    // Given up: reading goes on.
    runtime.then(({ workers }) => workers.endAll(), () => undefined);
    throw error;
  });
  const pump = new StdinPump();
  return startWeft(
    {
      files: { ...assets.files(factory, module), glueUrl: assets.glueUrl },
      realmHost: new NodeRealmHost(assets.glueUrl),
      stdio: [stdioKind(0), stdioKind(1), stdioKind(2)],
      terminalSize: terminalSize(),
      limits: defaultLimits(),
      services: {
        ...(options.display ? { display: options.display } : {}),
        ...(options.network === true ? { http: fetchService } : {}),
        // The library is loaded for the first chart.
        plot: async (spec) => (await import("../../plot/render.js")).renderChart(JSON.parse(spec) as ChartSpec),
      },
      channel: () => {
        const { port1, port2 } = new MessageChannel();
        return [port1 as unknown as RealmPort, port2 as unknown as RealmPort];
      },
      onStdinRequest: (guest) => {
        pump.request(guest);
      },
      resolve: fileOrUrl,
      read: readUrl,
      keepAlive: (promise) => alive.during(promise),
    },
    workers as unknown as RealmWorkers,
    options,
    loading,
  );
}
