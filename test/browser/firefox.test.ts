import type { Page } from "puppeteer-core";
import { beforeAll, expect, test } from "vitest";
import { ON_ALL_HOSTS } from "../portable/extent.js";
import type { TestOutcome } from "../portable/run.js";
import { RECURSIONS, recursionProgram } from "../runtime/recursions.js";
import { bundleTest } from "./bundle-test.js";
import { EXCEPTIONS } from "./exceptions.js";
import { FirefoxPages } from "./firefox-pages.js";
import { importPackage } from "./page-package.js";

/** Locks of all kinds, which wait in this engine's way. */
const FILES = ["sync", ...(ON_ALL_HOSTS ? ["basic", "errors"] : [])];

const contents: Record<string, { body: string; headers: Record<string, string> }> = {};
const pages = new FirefoxPages({ contents });

beforeAll(async () => {
  for (const name of FILES) {
    contents[`/test/python/${name}.test.js`] = { body: await bundleTest(`test/python/${name}.test.ts`), headers: { "Content-Type": "text/javascript" } };
  }
}, 120_000);

const withPage = <T>(use: (page: Page) => Promise<T>): Promise<T> =>
  pages.with(async (page) => {
    await importPackage(page);
    return use(page);
  });

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

test("Firefox: two interpreters in one page have nothing in common", async () => {
  const result = await withPage((page) =>
    page.evaluate(async () => {
      const texts = ["", ""];
      const both = await Promise.all(texts.map((_, i) => weftPython.loadWeft({ stdout: (text) => { texts[i] += text; } })));
      await Promise.all(both.map((weft, i) => weft.run(`x = ${i}\nprint('I am', x)`)));
      await both[0]!.terminate();
      const survivor = await both[1]!.eval("x + 1");
      await both[1]!.terminate();
      return { texts, survivor };
    }),
  );
  expect(result).toEqual({ texts: ["I am 0\n", "I am 1\n"], survivor: 2 });
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
