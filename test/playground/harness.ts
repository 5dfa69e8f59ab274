import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { copyRuntime, HEADERS } from "../../scripts/playground.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";

const FOLDER = fileURLToPath(new URL("../../dist/playground", import.meta.url));
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Longest time of a test's page, and of one thing that it waits for. */
const DEADLINE = 90_000;
const PATIENCE = 30_000;

/** What the page offers to tests. */
export interface PageHandle {
  readonly state: string | undefined;
  readonly terminal: { readonly text: string; clear(): void };
  readonly workspace: { write(name: string, text: string): void; read(name: string): string | undefined; readonly names: string[]; readonly active: string };
  readonly reserved: boolean;
  open(name: string): void;
}
declare global {
  var playground: PageHandle;
}

/** An event of Chromium's, with microseconds of processor time. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
}

/** The playground in one page. */
export class Visit {
  constructor(readonly page: Page) {}

  /** Waits until the page is set up. */
  async loaded(): Promise<void> {
    await this.page.waitForFunction(() => globalThis.playground !== undefined, undefined, { timeout: PATIENCE });
  }

  /** Waits for a state of Python. */
  async state(state: string): Promise<void> {
    await this.page.waitForFunction((wanted) => globalThis.playground?.state === wanted, state, { timeout: PATIENCE, polling: 10 });
  }

  text(): Promise<string> {
    return this.page.evaluate(() => playground.terminal.text);
  }

  /** Waits until the terminal shows this. */
  async shows(text: string): Promise<void> {
    try {
      await this.page.waitForFunction((wanted) => playground.terminal.text.includes(wanted), text, { timeout: PATIENCE, polling: 20 });
    } catch (error) {
      throw new Error(`the terminal does not show ${JSON.stringify(text)} but:\n${await this.text()}`, { cause: error });
    }
  }

  /** Opens a file with this text. */
  async write(name: string, text: string): Promise<void> {
    await this.page.evaluate(([file, code]) => {
      playground.workspace.write(file!, code!);
      playground.open(file!);
    }, [name, text]);
  }

  /** Runs a program and does not wait for its end. */
  async begin(text: string, name = "test.py"): Promise<void> {
    await this.state("ready");
    await this.write(name, text);
    await this.page.click("#run");
    await this.state("running");
  }

  /** Runs a program to its end. */
  async run(text: string, name = "test.py"): Promise<string> {
    await this.state("ready");
    await this.write(name, text);
    await this.page.evaluate(() => {
      playground.terminal.clear();
    });
    await this.page.click("#run");
    await this.page.waitForFunction(() => /^(Done in|Failed after|Stopped after|Ended with|Python was restarted).*\n>>>/m.test(playground.terminal.text), undefined, { timeout: PATIENCE });
    return this.text();
  }
}

/** In a page: resolves when the service worker has a copy of all that Python needs, which it makes file by file. */
export async function keepsPython(): Promise<void> {
  const cache = await caches.open("weft-playground");
  const isKept = async (name: string): Promise<boolean> => (await cache.match(`runtime/${name}`)) !== undefined;
  while (!(await Promise.all(["weft.wasm", "weft.snapshot", "python313.zip", "python313-modules.zip"].map(isKept))).every(Boolean)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One browser and one server of the built playground for the tests of a file. */
export class Playground {
  #browser: Browser | undefined;
  #kept: OpenVisit | undefined;
  readonly #servers = new Map<string, Server>();
  url = "";

  constructor() {
    beforeAll(async () => {
      copyRuntime();
      this.url = await this.serve(HEADERS);
      this.#browser = await chromium.launch({ executablePath: findBrowser("chromium"), args: ARGUMENTS, timeout: 60_000 });
    }, 120_000);
    afterAll(async () => {
      await this.#browser?.close();
      for (const url of this.#servers.keys()) {
        this.stop(url);
      }
    });
  }

  /** Another server of the same folder; its address. */
  async serve(headers: Readonly<Record<string, string>>): Promise<string> {
    const server = await serveFolder(FOLDER, headers);
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    this.#servers.set(url, server);
    return url;
  }

  /** Ends a server that {@link serve} began. */
  stop(url: string): void {
    const server = this.#servers.get(url)!;
    this.#servers.delete(url);
    server.closeAllConnections();
    server.close();
  }

  /**
   * The longest tasks of the thread that makes a mark of this name, in milliseconds of processor time: what other programs do at
   * the same time is not counted.
   */
  async longTasks(mark: string, use: () => Promise<void>): Promise<readonly number[]> {
    const session = await this.#browser!.newBrowserCDPSession();
    const events: TraceEvent[] = [];
    session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
    await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel", "blink.user_timing"] } });
    await use();
    const complete = new Promise((resolve) => {
      session.once("Tracing.tracingComplete", resolve);
    });
    await session.send("Tracing.end");
    await complete;
    const marked = events.find(({ name }) => name === mark)!;
    return events
      .filter(({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && pid === marked.pid && tid === marked.tid)
      .map(({ tdur = 0 }) => Math.round(tdur / 1000))
      .sort((a, b) => b - a)
      .slice(0, 10);
  }

  /** Visits the playground with a new profile. Fails when the page crashes, throws, or takes too long. */
  async visit<T>(use: (visit: Visit) => Promise<T>, options: VisitOptions = {}): Promise<T> {
    const open = await this.#open(options);
    try {
      return await open.within(() => use(open.visit));
    } finally {
      await open.close();
    }
  }

  /**
   * Goes on with the page that the test before it had, its Python and its files: loading them takes longer than most
   * tests. A test that fails ends the page, and the next one begins with a new one.
   */
  async again<T>(use: (visit: Visit) => Promise<T>): Promise<T> {
    const open = this.#kept ?? (await this.#open({}));
    this.#kept = undefined;
    try {
      const result = await open.within(async () => {
        await open.visit.state("ready");
        await open.visit.page.evaluate(() => {
          playground.terminal.clear();
        });
        return use(open.visit);
      });
      this.#kept = open;
      return result;
    } finally {
      if (this.#kept !== open) {
        await open.close();
      }
    }
  }

  async #open({ url = this.url, withoutPython = false, withoutServiceWorker = withoutPython, withoutStorage = false, ...options }: VisitOptions): Promise<OpenVisit> {
    const context = await this.#browser!.newContext({ viewport: { width: 1100, height: 760 }, ...options });
    const page = await context.newPage();
    if (withoutPython) {
      // A server that does not answer; loading Python would take longer than the test.
      await context.route("**/runtime/**", () => undefined);
    }
    if (withoutServiceWorker) {
      await page.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
      });
    }
    if (withoutStorage) {
      await page.addInitScript(() => {
        Object.defineProperty(globalThis, "localStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } });
      });
    }
    const open = new OpenVisit(new Visit(page));
    try {
      await open.within(async () => {
        await page.goto(url);
        await open.visit.loaded();
      });
    } catch (error) {
      await open.close();
      throw error;
    }
    return open;
  }
}

/** How a page is visited. */
export interface VisitOptions extends BrowserContextOptions {
  readonly url?: string;
  /** The page waits for Python for ever. */
  readonly withoutPython?: boolean;
  readonly withoutServiceWorker?: boolean;
  readonly withoutStorage?: boolean;
}

/** A page with what goes wrong in it. */
class OpenVisit {
  readonly #trouble: Promise<never>;

  constructor(readonly visit: Visit) {
    this.#trouble = new Promise<never>((_, reject) => {
      visit.page.on("crash", () => {
        reject(new Error("the page crashed"));
      });
      visit.page.on("pageerror", (error) => {
        reject(new Error(`an error that the page did not catch: ${error.stack ?? String(error)}`));
      });
    });
    this.#trouble.catch(() => undefined);
  }

  /** Fails also with the page's trouble, and when it takes too long. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`the page took longer than ${DEADLINE / 1000} s`));
      }, DEADLINE);
    });
    try {
      return await Promise.race([work(), this.#trouble, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): Promise<void> {
    return this.visit.page.context().close();
  }
}
