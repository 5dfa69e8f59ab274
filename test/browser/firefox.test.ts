import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import type { TestOutcome } from "../portable/run.js";
import { RECURSIONS, recursionProgram } from "../runtime/recursions.js";
import { bundleTest } from "./bundle-test.js";
import { EXCEPTIONS } from "./exceptions.js";
import { ISOLATION, StaticServer } from "./server.js";

/** Longest time of anything that is done in a page, in milliseconds. */
const DEADLINE = 60_000;
const FILES = ["basic", "errors", "sync"];

let browser: Browser;
let server: StaticServer;

beforeAll(async () => {
  const bundles = await Promise.all(FILES.map((name) => bundleTest(`test/python/${name}.test.ts`)));
  server = await StaticServer.start({
    headers: ISOLATION,
    contents: Object.fromEntries(bundles.map((body, i) => [`/test/python/${FILES[i]}.test.js`, { body, headers: { "Content-Type": "text/javascript" } }])),
  });
  // By WebDriver BiDi, which Debian's Firefox has; with a new profile.
  browser = await puppeteer.launch({ browser: "firefox", executablePath: findBrowser("firefox"), headless: true, timeout: DEADLINE });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Uses a new page with the package as the global `weftPython`. What goes wrong is told with what the page said. */
async function withPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  const said: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    const trouble = new Promise<never>((_, reject) => {
      const fail = (what: string): void => {
        reject(new Error([what, ...said].join("\n  ")));
      };
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => {
        fail(`an error that the page did not catch: ${String(error)}`);
      });
      timer = setTimeout(() => {
        fail(`the page took longer than ${DEADLINE / 1000} s`);
      }, DEADLINE);
    });
    trouble.catch(() => undefined);
    const done = page
      .goto(server.url)
      .then(() => page.evaluate('import("/dist/browser/index.js").then((module) => { globalThis.weftPython = module; })'))
      .then(() => use(page));
    return await Promise.race([done, trouble]);
  } finally {
    clearTimeout(timer);
    await page.close();
  }
}

test("Firefox: runs, reads, stops, and loads again", async () => {
  const result = await withPage((page) =>
    page.evaluate(async () => {
      const results: unknown[] = [];
      for (let i = 0; i < 2; i++) {
        let text = "";
        const weft = await weftPython.loadWeft({ stdout: (part) => { text += part; }, stdin: () => Promise.resolve("Ada") });
        await weft.run("import threading\nname = input()\nt = threading.Thread(target=print, args=['hello', name]); t.start(); t.join()");
        results.push(text, weft.attach((py) => py.eval("6 * 7").toJs()));
        const abort = new AbortController();
        const looping = weft.run("while True: pass", { signal: abort.signal }).catch(String);
        abort.abort("enough");
        results.push(await looping);
        const waiting = weft.run("threading.Lock().acquire(); import time; time.sleep(1000)").catch(String);
        await weft.terminate();
        results.push(await waiting);
      }
      return results;
    }),
  );
  const once = ["hello Ada\n", 42, "enough", "Error: Python was terminated"];
  expect(result).toEqual([...once, ...once]);
});

test("Firefox: deep recursion is a RecursionError in the page and in its workers", async () => {
  const result = await withPage((page) =>
    page.evaluate(
      async (program, here) => {
        let text = "";
        const weft = await weftPython.loadWeft({ stdout: (part) => { text += part; } });
        await weft.run(program);
        weft.attach((py) => {
          py.run(here, py.dict());
          py.run("import sys; sys.stdout.flush()");
        });
        await weft.run("print('end')");
        await weft.terminate();
        return text;
      },
      recursionProgram(RECURSIONS, 1_000_000, false),
      recursionProgram(RECURSIONS, 1_000_000, false),
    ),
  );
  expect(result).toBe("alive 45\nalive 45\nend\n");
});

test.each(FILES)("Firefox: test/python/%s.test.ts", async (name) => {
  const without = EXCEPTIONS.filter(({ file }) => file === `${name}.test.ts`).map(({ test: one }) => one);
  const outcomes = (await withPage((page) => page.evaluate(`import("/test/python/${name}.test.js").then(({ run }) => run(${JSON.stringify(without)}))`))) as TestOutcome[];
  expect(outcomes.filter(({ state }) => state === "skip").map((one) => one.name)).toEqual(without);
  expect(outcomes.filter(({ state }) => state === "fail").map((one) => [one.name, ...one.errors].join("\n"))).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(0);
});
