import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { threadsOf } from "./page-package.js";
import { ISOLATION, StaticServer, type ServerOptions } from "./server.js";

/** Longest time of anything that is done in a page, in milliseconds. */
const DEADLINE = 60_000;

/** Firefox and one isolating server for the tests of a file. */
export class FirefoxPages {
  #browser: Browser | undefined;
  #server: StaticServer | undefined;
  readonly #others: StaticServer[] = [];

  constructor(options: ServerOptions = {}) {
    beforeAll(async () => {
      this.#server = await StaticServer.start({ headers: ISOLATION, ...options });
      // By WebDriver BiDi, which Debian's Firefox has; with a new profile.
      this.#browser = await puppeteer.launch({ browser: "firefox", executablePath: findBrowser("firefox"), headless: true, timeout: DEADLINE });
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
   * Uses a new page. What goes wrong is told with what the page said.
   * @param url an empty page of the isolating server by default.
   */
  async with<T>(use: (page: Page) => Promise<T>, url = this.server.url, deadline = DEADLINE): Promise<T> {
    const page = await this.#browser!.newPage();
    const said: string[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      const trouble = new Promise<never>((_, reject) => {
        const fail = (what: string): void => {
          reject(new Error([what, ...said].join("\n  ")));
        };
        page.on("console", (message) => said.push(message.text()));
        page.on("pageerror", (error) => {
          // Firefox reports a refused request as an error of the page, also where its promise is caught.
          if (String(error).includes("Cross-Origin Request Blocked")) {
            said.push(String(error));
            return;
          }
          fail(`an error that the page did not catch: ${String(error)}`);
        });
        timer = setTimeout(() => {
          void threadsOf(page).then((threads) => {
            fail(`the page took longer than ${deadline / 1000} s: ${threads}`);
          });
        }, deadline);
      });
      trouble.catch(() => undefined);
      return await Promise.race([page.goto(url).then(() => use(page)), trouble]);
    } finally {
      clearTimeout(timer);
      await page.close();
    }
  }
}
