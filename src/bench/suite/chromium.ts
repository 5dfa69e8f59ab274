import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { findBrowser } from "../../../scripts/browsers.mjs";
import { serveFolder } from "../../../scripts/static-server.mjs";
import { BenchError } from "../error.js";
import { DEADLINE, parseAnswer, requestText, type Answer, type Engine, type Peer, type Request } from "./engine.js";
import { readDriver } from "./peers.js";

/** Headers that isolate a page. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A page with a Python in it; `globalThis.measure` there takes a request's text. */
class PageEngine implements Engine {
  readonly #name: string;
  readonly #page: Page;

  constructor(name: string, page: Page) {
    this.#name = name;
    this.#page = page;
  }

  async measure(request: Request): Promise<Answer> {
    const call = `globalThis.measure(${JSON.stringify(requestText(request))})`;
    return parseAnswer(this.#name, await inTime(this.#name, this.#page.evaluate<string>(call), request.workload.name));
  }

  async close(): Promise<void> {
    // Also of a page that hangs.
    await this.#page.context().close();
  }
}

async function inTime<T>(name: string, result: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new BenchError(`${name}: ${what} did not end within ${DEADLINE / 1000} s`));
    }, DEADLINE);
  });
  try {
    return await Promise.race([result, late]);
  } catch (error) {
    throw error instanceof BenchError ? error : new BenchError(`${name}: ${(error as Error).message}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Where pages find the runtime that is measured. */
const RUNTIME = "/runtime/";

/** Code that makes `globalThis.measure`, as the body of an async function. */
const START = {
  weft: (driver: string) => `
    const { loadWeft } = await import("/dist/browser/index.js");
    const weft = await loadWeft({ runtime: ${JSON.stringify(RUNTIME)} });
    await weft.run(${JSON.stringify(`__name__ = "driver"\n${driver}`)});
    globalThis.measure = (request) => weft.eval("measure(" + JSON.stringify(request) + ")");
  `,
  pyodide: (driver: string, packageName: string) => `
    const { loadPyodide } = await import("/node_modules/${packageName}/pyodide.mjs");
    const pyodide = await loadPyodide({ indexURL: "/node_modules/${packageName}/" });
    pyodide.globals.set("__name__", "driver");
    pyodide.runPython(${JSON.stringify(driver)});
    globalThis.measure = pyodide.globals.get("measure");
  `,
} as const;

/**
 * Weft and Pyodide in pages of one headless Chromium.
 * @param runtime folder of the built runtime.
 */
export async function chromiumPeers(root: string, runtime: string, versions: { readonly weft: string; readonly pyodide: string }): Promise<{ peers: Peer[]; close(): Promise<void> }> {
  let executablePath: string;
  try {
    executablePath = findBrowser("chromium");
  } catch (error) {
    throw new BenchError((error as Error).message, { cause: error });
  }
  // Only here: users of the other benchmarks need no browser.
  const { chromium } = await import("playwright-core");
  const server = await serveFolder(root, ISOLATION, 0, "127.0.0.1", (path) => (path.startsWith(RUNTIME) ? { file: join(runtime, path.slice(RUNTIME.length)) } : undefined));
  const browser: Browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  const url = `http://localhost:${(server.address() as AddressInfo).port}/src/bench/page.html`;
  const driver = readDriver(root);
  const peer = (name: string, version: string, start: string, against?: string): Peer => ({
    name,
    version: `${version}, Chromium ${browser.version()}`,
    ...(against === undefined ? {} : { against }),
    open: async () => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(url);
      await inTime(name, page.evaluate(`(async () => {${start}})()`), "loading");
      return new PageEngine(name, page);
    },
  });
  return {
    peers: [
      peer("weft-chromium", versions.weft, START.weft(driver)),
      peer("pyodide-chromium", versions.pyodide, START.pyodide(driver, "pyodide"), "weft-chromium"),
    ],
    close: async () => {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
