import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Server } from "node:http";
import type { Browser, BrowserContext, BrowserType, Page } from "playwright-core";
import { findBrowser } from "../../scripts/browsers.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";
import type { Mount } from "../node.js";
import { LaneError, type Collection, type Lane, type TestSession } from "./lane.js";
import { packFolders } from "./page-files.js";
import type { Iteration, Outcome } from "./iteration.js";
import type { PageStart } from "./page.js";

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** Nothing but the own server is reached, and nothing is looked for. Playwright adds what headless tests need. */
const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** The built files beside the bundled command. */
const DIST = fileURLToPath(new URL("..", import.meta.url));

/** Milliseconds after its time in which a page must have said what became of an iteration, or of a start. */
const GRACE = 15_000;

export interface BrowserLaneOptions {
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of the runtime. */
  readonly runtime: string;
  /** Address of a Playwright server; without it the installed browser is started. */
  readonly server: string | undefined;
  /** Seconds in which a page is to be open, and then an interpreter ready. */
  readonly startTimeout: number;
  /** Hears what pages write outside of tests. */
  readonly say: (line: string) => void;
}

/**
 * Interpreters in a page of one headless Chromium. They share the page, which has the compiled module already, until it
 * crashes or has had enough of them: a page gives memory back when it is closed.
 */
export class BrowserLane implements Lane {
  readonly name = "chromium";
  readonly #openBrowser: () => Promise<Browser>;
  readonly #server: Server;
  readonly #options: BrowserLaneOptions;
  #opened: Promise<BrowserContext> | undefined;
  #page: Promise<SharedPage> | undefined;
  #started = 0;

  private constructor(openBrowser: () => Promise<Browser>, server: Server, options: BrowserLaneOptions) {
    this.#openBrowser = openBrowser;
    this.#server = server;
    this.#options = options;
  }

  /** @throws LaneError with what to install or to check. */
  static async open(options: BrowserLaneOptions): Promise<BrowserLane> {
    const { chromium } = await import("playwright-core").catch((error: unknown) => {
      throw new LaneError('--env chromium needs the package playwright-core, which drives the browser: "npm install playwright-core"', { cause: error });
    });
    const files = packFolders(options.mounts);
    const server = await serveFolder(DIST, ISOLATION, 0, "127.0.0.1", (path) => {
      if (path === "/") {
        return { body: '<!doctype html><title>weft stress</title><link rel="icon" href="data:,"><script type="module" src="/browser/stress-page.js"></script>', type: "text/html; charset=utf-8" };
      }
      if (path === "/files") {
        return { body: files, type: "application/octet-stream" };
      }
      return path.startsWith("/chosen-runtime/") ? { file: join(options.runtime, path.slice("/chosen-runtime/".length)) } : undefined;
    });
    const lane = new BrowserLane(() => (options.server === undefined ? launch(chromium, options.say) : connect(chromium, options.server)), server, options);
    try {
      await lane.#context();
    } catch (error) {
      await lane.close();
      throw error;
    }
    return lane;
  }

  /** The browser's; of a new browser where the last one has ended. */
  #context(): Promise<BrowserContext> {
    this.#opened ??= this.#openBrowser().then((browser) => {
      browser.once("disconnected", () => {
        this.#opened = undefined;
      });
      return browser.newContext();
    });
    return this.#opened;
  }

  async start(): Promise<TestSession> {
    const shared = await this.#currentPage();
    const session = new PageSession(shared, this.#started++);
    try {
      await session.start({ environment: this.#options.environment, runtime: "/chosen-runtime/", files: "/files", startTimeout: this.#options.startTimeout });
      return session;
    } catch (error) {
      await session.end();
      throw new LaneError(`no interpreter could be started in a page: ${(error as Error).message}`, { cause: error });
    }
  }

  async #currentPage(): Promise<SharedPage> {
    let shared = await this.#page?.catch(() => undefined);
    if (shared?.usable !== true) {
      shared?.retire();
      this.#page = this.#newPage();
      shared = await this.#page;
    }
    return shared;
  }

  async #newPage(): Promise<SharedPage> {
    const page = await (await this.#context()).newPage();
    const shared = new SharedPage(page, this.#options.say);
    try {
      const timeout = this.#options.startTimeout * 1000;
      await shared.within(timeout + GRACE, page.goto(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`, { timeout }));
      return shared;
    } catch (error) {
      await shared.close();
      throw new LaneError(`the page of the tests cannot be opened: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    const context = await this.#opened?.catch(() => undefined);
    await context?.browser()?.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Interpreters that a page has had before another one takes its place. */
const MOST_SESSIONS = 20;

/** A page, which all its interpreters lose when it crashes or does not answer. */
class SharedPage {
  readonly page: Page;
  readonly #over: Promise<never>;
  #alive = true;
  #begun = 0;
  #open = 0;
  #retired = false;

  constructor(page: Page, say: (line: string) => void) {
    this.page = page;
    const said: string[] = [];
    page.on("console", (message) => {
      said.push(message.text());
      said.splice(0, said.length - 20);
      say(message.text());
    });
    this.#over = new Promise((_, reject) => {
      const over = (what: string): void => {
        this.#alive = false;
        reject(new Error([what, ...said].join("\n  ")));
      };
      page.on("crash", () => {
        over("the page crashed: it ran out of memory, or the browser's process was ended");
      });
      page.on("close", () => {
        over("the page was closed");
      });
      page.on("pageerror", (error) => {
        over(`an error in the page that nothing caught: ${error.stack ?? String(error)}`);
      });
    });
    this.#over.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether another interpreter may be started in it. */
  get usable(): boolean {
    return this.#alive && this.#begun < MOST_SESSIONS;
  }

  enter(): void {
    this.#begun++;
    this.#open++;
  }

  async leave(): Promise<void> {
    this.#open--;
    if (!this.#alive || (this.#retired && this.#open === 0)) {
      await this.close();
    }
  }

  /** Closes it when its last interpreter has ended. */
  retire(): void {
    this.#retired = true;
    if (this.#open === 0) {
      void this.close();
    }
  }

  /** @throws Error when the page is over, or takes longer than so many milliseconds: then it is of no use any more. */
  async within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#alive = false;
        reject(new Error(`the page did not answer for ${milliseconds / 1000} s`));
      }, milliseconds);
    });
    work.catch(() => undefined);
    try {
      return await Promise.race([work, this.#over, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#alive = false;
    // A page that is gone is what is wanted.
    await this.page.close({ runBeforeUnload: false }).catch(() => undefined);
  }
}

/** An interpreter in a page. The page's own thread is free, so hangs are looked at there. */
class PageSession implements TestSession {
  readonly #shared: SharedPage;
  readonly #id: number;

  constructor(shared: SharedPage, id: number) {
    this.#shared = shared;
    this.#id = id;
    shared.enter();
  }

  get alive(): boolean {
    return this.#shared.alive;
  }

  start(options: PageStart): Promise<void> {
    return this.#shared.within(options.startTimeout * 1000 + GRACE, this.#shared.page.evaluate((values) => globalThis.weftStress.start(...values), [this.#id, options] as const));
  }

  collect(file: string, seconds: number): Promise<Collection> {
    return this.#answer(seconds, this.#shared.page.evaluate((values) => globalThis.weftStress.collect(...values), [this.#id, file, seconds] as const));
  }

  run(one: Iteration): Promise<Outcome> {
    // A file that the page has not loaded yet is given the same time.
    return this.#answer(2 * one.timeout, this.#shared.page.evaluate((values) => globalThis.weftStress.run(...values), [this.#id, one] as const));
  }

  async #answer<T>(seconds: number, work: Promise<T>): Promise<T | { readonly kind: "crash"; readonly message: string }> {
    try {
      return await this.#shared.within(seconds * 1000 + GRACE, work);
    } catch (error) {
      return { kind: "crash", message: (error as Error).message };
    }
  }

  async end(): Promise<void> {
    if (this.#shared.alive) {
      await this.#shared.within(GRACE, this.#shared.page.evaluate((id) => globalThis.weftStress.end(id), this.#id)).catch(() => undefined);
    }
    await this.#shared.leave();
  }
}

async function launch(chromium: BrowserType, say: (line: string) => void): Promise<Browser> {
  let executablePath: string;
  try {
    executablePath = findBrowser("chromium");
  } catch (error) {
    throw new LaneError((error as Error).message, { cause: error });
  }
  // Ends of this process are the command's to handle.
  const options = { executablePath, args: ARGUMENTS, timeout: 60_000, handleSIGINT: false };
  // Chromium refuses to make a sandbox for root.
  if (process.getuid?.() !== 0) {
    try {
      return await chromium.launch({ ...options, chromiumSandbox: true });
    } catch (error) {
      say(`Chromium does not start with its sandbox, as in containers, so it goes without one (${firstLine(error)})`);
    }
  }
  try {
    return await chromium.launch({ ...options, chromiumSandbox: false });
  } catch (error) {
    throw new LaneError(`${executablePath} does not start: ${(error as Error).message}`, { cause: error });
  }
}

async function connect(chromium: BrowserType, server: string): Promise<Browser> {
  try {
    // The browser reaches this process's server through the connection.
    return await chromium.connect(server, { exposeNetwork: "127.0.0.1", timeout: 60_000 });
  } catch (error) {
    throw new LaneError(`there is no Playwright server at ${server}: ${firstLine(error)}`, { cause: error });
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.split("\n")[0]!;
}
