import { StdioKind } from "../../abi/events.js";
import type { HostWeft } from "../../python/weft.js";
import { FirstMemory } from "../../runtime/first-memory.js";
import { MOST_MEMORY } from "../../runtime/guest-memory.js";
import type { GuestLimits } from "../../runtime/guest.js";
import type { PortableInterpreter } from "../../portable/interpreter.js";
import { fetchFile } from "../shared/fetch-file.js";
import { fetchService } from "../shared/http.js";
import { programOf, startWeft, type PythonOptions } from "../shared/load.js";
import { Loading } from "../shared/loading.js";
import { loadProfile, type ProfileOptions } from "../shared/profile.js";
import type { RealmPort } from "../shared/platform.js";
import { RealmWorkers } from "../shared/realm-workers.js";
import { RemotePage } from "./bridge/remote-page.js";
import type { PagePort } from "./bridge/wire.js";
import { Download, type LoadProgress } from "./download.js";
import { Input, type InputSource } from "./input.js";
import { requireIsolation } from "./isolation.js";
import { consoleSink, Output, type TextSink } from "./output.js";
import { OutputBudget } from "./output-budget.js";
import { PageService } from "./page-service.js";
import { Plotter } from "./plotter.js";
import { PersistOwner } from "./persist/owner.js";
import { realmHostFor } from "./persist/realm-host.js";
import { loadSolo } from "./solo.js";
import type { RealmSetup } from "./realm-messages.js";
import { remoteScripts } from "./remote-workers.js";
import { browserWorkers, startScript } from "./start-worker.js";
import { web } from "./web.js";

/** Below the package's folder. Not written where it is used: bundlers would look for such a file. */
const RUNTIME = "../runtime/release/";

/**
 * Defaults in browsers, whose workers have small engine stacks. All kinds of recursion in test/runtime/recursions.ts
 * pass in Chromium 156's workers with 1,000 levels, and `list(map())` fails with 1,200.
 */
export const BROWSER_LIMITS: GuestLimits = {
  threads: 256,
  stackSize: 4 * 1024 * 1024,
  recursionLimit: 400,
  hostRecursionLimit: 150,
  memory: MOST_MEMORY,
};

/** How {@link loadWeft} starts Python in a page. */
export interface LoadOptions extends PythonOptions {
  /** URL of the folder with the built runtime: the package's own by default. It may be of another origin (CORS). */
  readonly runtime?: string | URL;
  /**
   * URL of the workers' script, which is started as a module and may be of another origin (CORS). By default it is `realm-worker.js` beside
   * this module: a classic script where it is of the page's own origin, so that workers load the package only when they need it.
   */
  readonly worker?: string | URL;
  /** Hash that the runtime's manifest.json must have, as in HTML: `sha256-...`. It has the hashes of the other files. */
  readonly integrity?: string;
  /**
   * Whether copies of the runtime's large files (10 MB, decompressed) are kept in the origin's Cache Storage, as `weft-runtime`, so that
   * later visits start faster: `true` by default. They are used only when their hashes are the manifest's. Copies that a service
   * worker of the page's keeps are used too.
   */
  readonly keep?: boolean;
  /** Hears of the download and of what follows it. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** Standard output, in the order in which threads write. By default whole lines go to `console.log`. */
  readonly stdout?: TextSink;
  /** Standard error; `console.error` by default. */
  readonly stderr?: TextSink;
  /**
   * Called when a thread waits for standard input: gives a line (an end of line is added where there is none), or
   * `null` for the end of the input. Only Python's threads wait for its promise. Without it the input is empty.
   */
  readonly stdin?: InputSource;
  /**
   * Path of a folder in the guest that survives: its files are in the origin private file system, under this name, and every
   * change is there when the call that makes it returns. One interpreter of the origin at a time has it.
   */
  readonly persist?: string;
  /**
   * Where Python is loaded in a worker of a page: gives a port for `weft.page` when Python first uses it. The page gives the other
   * end to `servePage()`. In a page itself `weft.page` is that page.
   */
  readonly page?: () => PagePort;
  /**
   * Where Python is loaded in a worker of a page: a port by which the page starts Python's workers in its place. The page gives the
   * other end to `serveWorkers()`. Firefox needs it: while its developer tools are open, or WebDriver drives it, a
   * worker that starts a worker of its own can wait for ever.
   */
  readonly workers?: PagePort;
}

/**
 * Downloads the runtime, starts it and Python in it. Python's main thread, a worker, then waits for what `run`,
 * `eval` and `call` give it; this thread and others attach. Several may be loaded in one page.
 * @throws IsolationError in a page without cross-origin isolation; RuntimeFilesError when a file cannot be loaded or
 * has another hash; LayoutError when they are of another version; LoadAbortedError; RangeError for limits that are none, and where there is no room for the
 * memory; Error when the persistent folder cannot be opened, or Python ends before it is ready.
 */
export function loadWeft(options?: LoadOptions): Promise<HostWeft>;
/**
 * Starts Python in one of its profiles, with the interface that all of them have.
 * @throws RuntimeFilesError when the profile cannot be loaded; PythonError when the working directory cannot be made.
 */
export function loadWeft(options: ProfileOptions): Promise<PortableInterpreter>;
export function loadWeft(options: LoadOptions | ProfileOptions = {}): Promise<HostWeft | PortableInterpreter> {
  if (!("profile" in options)) {
    return load(options);
  }
  const { env, workingDirectory } = options;
  return loadProfile(options, {
    obstacle: isolationObstacle,
    threaded: () => load({ ...(env === undefined ? {} : { env }), ...(workingDirectory === undefined ? {} : { workingDirectory }) }),
    solo: (reason) => loadSolo(options, reason),
  });
}

async function isolationObstacle(): Promise<string | undefined> {
  try {
    await requireIsolation();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function load(options: LoadOptions): Promise<HostWeft> {
  await requireIsolation();
  const loading = new Loading(options.signal);
  loading.throwIfAborted();
  // Wrong addresses are refused before anything is begun.
  const runtime = folder(options.runtime ?? new URL(RUNTIME, import.meta.url));
  const script = new URL(options.worker ?? new URL("./realm-worker.js", import.meta.url), base());
  const start = options.workers === undefined ? startScript : remoteScripts(options.workers);
  const firstMemory = new FirstMemory(programOf(options, BROWSER_LIMITS));
  const persist = options.persist === undefined ? undefined : new PersistOwner(start, new URL("./persist-worker.js", script), options.persist);
  const modules = (options.modules ?? []).map((url) => new URL(url, base()).href);
  const download = new Download(runtime, firstMemory, options);
  const budget = new OutputBudget();
  const setup: RealmSetup = { budget: budget.word, modules, persist: persist?.channel.buffer };
  const workers = new RealmWorkers(browserWorkers(start, { url: script, own: options.worker === undefined }, download.glueUrl, setup));
  const lines = [consoleSink((line) => { console.log(line); }), consoleSink((line) => { console.error(line); })] as const;
  const output = new Output([options.stdout ?? lines[0].sink, options.stderr ?? lines[1].sink], budget);
  const input = new Input(options.stdin);
  const page = web.document === undefined ? undefined : new PageService(globalThis);
  let remotePage: RemotePage | undefined;
  const plotter = new Plotter(start, new URL("./plot-worker.js", script));
  const files = await loading.until(Promise.all([download.files, persist?.ready])).then(
    ([found]) => found,
    async (error: unknown) => {
      download.cancel(error);
      persist?.end();
      await workers.endAll();
      throw error;
    },
  );
  download.report("start");
  const weft = await startWeft(
    {
      files,
      firstMemory,
      realmHost: realmHostFor(runtime.href, budget, false, persist?.channel),
      joinSetup: setup,
      stdio: [StdioKind.pipe, StdioKind.pipe, StdioKind.pipe],
      terminalSize: null,
      limits: BROWSER_LIMITS,
      services: {
        get page() {
          return page ?? (options.page && (remotePage ??= new RemotePage(options.page())).root);
        },
        plot: (spec) => plotter.draw(spec),
        ...(options.display ? { display: options.display } : {}),
        ...(options.network === true ? { http: fetchService } : {}),
      },
      channel: () => {
        const { port1, port2 } = new MessageChannel();
        return [port1 as unknown as RealmPort, port2 as unknown as RealmPort];
      },
      onStdinRequest: (guest) => {
        input.request(guest);
      },
      onOutput: (fd, data) => {
        output.push(fd, data);
      },
      onEnd: () => {
        input.end();
        page?.end();
        plotter.end();
        output.end();
        lines.forEach((line) => {
          line.flush();
        });
      },
      onThreadsEnded: () => {
        persist?.end();
      },
      resolve: (source) => new URL(source, base()),
      read: fetchFile,
      // A page stays.
      keepAlive: (promise) => promise,
    },
    workers as unknown as RealmWorkers,
    { ...options, modules, mounts: options.persist === undefined ? [] : [{ guest: options.persist, host: "/", readOnly: false }] },
    loading,
  ).catch((error: unknown) => {
    persist?.end();
    throw error;
  });

  download.ready();
  return weft;
}

/** What relative URLs in the options are relative to. */
function base(): string {
  return web.document?.baseURI ?? web.location.href;
}

function folder(url: string | URL): URL {
  const { href } = new URL(url, base());
  return new URL(href.endsWith("/") ? href : `${href}/`);
}
