import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { importPackage, threadsOf } from "./page-package.js";
import { ISOLATION, StaticServer, type ServerOptions } from "./server.js";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--js-flags=--expose-gc",
  // A name that browsers do not trust without encryption.
  "--host-resolver-rules=MAP weft.test 127.0.0.1",
];

/** Longest time of anything that is done in a page, in milliseconds. */
export const DEADLINE = 60_000;

/**
 * One browser and one isolating server for the tests of a file. Tests use one page after the other, in the same process:
 * a new one would compile all of Python again, which takes longer than most tests.
 */
export class Pages {
  #browser: Browser | undefined;
  #server: StaticServer | undefined;
  /** At the server's empty page, for the next test. */
  #kept: Page | undefined;
  readonly #others: StaticServer[] = [];

  constructor(options: ServerOptions = {}) {
    beforeAll(async () => {
      const executablePath = findBrowser("chromium");
      this.#server = await StaticServer.start({ headers: ISOLATION, ...options });
      // Playwright makes a new profile in a folder of its own and removes it.
      this.#browser = await chromium.launch({ executablePath, args: ARGUMENTS, timeout: 60_000 });
    }, 120_000);
    afterAll(async () => {
      await this.#browser?.close();
      await Promise.all([this.#server, ...this.#others].map((server) => server?.close()));
    });
  }

  get server(): StaticServer {
    return this.#server!;
  }

  /** Another server, until the file's tests have ended. */
  async serve(options: ServerOptions): Promise<StaticServer> {
    const server = await StaticServer.start(options);
    this.#others.push(server);
    return server;
  }

  /**
   * Uses a new document. Fails, with what the page said, when it takes too long, crashes, or throws outside of `use`.
   * @param url an empty page of the isolating server by default.
   */
  async with<T>(use: (page: Page) => Promise<T>, url: string = this.server.url, deadline = DEADLINE): Promise<T> {
    const kept = this.#kept;
    this.#kept = undefined;
    const page = kept ?? (await (await this.#browser!.newContext()).newPage());
    const said: string[] = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    let timer: NodeJS.Timeout | undefined;
    try {
      const trouble = new Promise<never>((_, reject) => {
        const fail = (what: string): void => {
          reject(new Error([what, ...said].join("\n  ")));
        };
        page.on("crash", () => {
          fail("the page crashed");
        });
        page.on("pageerror", (error) => {
          fail(`an error that the page did not catch: ${error.stack ?? String(error)}`);
        });
        timer = setTimeout(() => {
          void threadsOf(page).then((threads) => {
            fail(`the page took longer than ${deadline / 1000} s: ${threads}`);
          });
        }, deadline);
      });
      trouble.catch(() => undefined);
      if (!kept || url !== this.server.url) {
        await Promise.race([page.goto(url), trouble]);
      }
      const result = await Promise.race([use(page), trouble]);
      for (const event of ["console", "crash", "pageerror"]) {
        page.removeAllListeners(event);
      }
      // Ends what the test left running, before the next one listens.
      await Promise.race([page.goto(this.server.url), trouble]);
      this.#kept = page;
      return result;
    } finally {
      clearTimeout(timer);
      if (this.#kept !== page) {
        // Also one that hangs: it is closed by force.
        await page.context().close();
      }
    }
  }

  /**
   * Calls a function in a new document, where `weftPython` is the package. The function is sent as text: it sees only
   * globals and its argument.
   */
  run<A, T>(call: (argument: A) => T | Promise<T>, argument?: A, url?: string): Promise<T> {
    return this.with(async (page) => {
      await importPackage(page);
      return (await page.evaluate(call as (argument: unknown) => unknown, argument)) as T;
    }, url);
  }
}
