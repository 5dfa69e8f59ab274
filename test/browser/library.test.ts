import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { callIn } from "./call-in.js";
import { FirefoxPages } from "./firefox-pages.js";
import { Pages } from "./harness.js";
import { ISOLATION, type StaticServer } from "./server.js";

const pages = new Pages();
const firefox = new FirefoxPages();

const path = (name: string): string => `/dist/runtime/release/${name}`;
const MODULES = path("python313-modules.zip");
const SOURCES = path("python313-sources.zip");
const TABLES = path("python313-tables.zip");

/** Which parts of the library a server was asked for, and when a page said that it had begun, in their order. */
const parts = (server: StaticServer): readonly string[] => server.requests.filter((one) => [MODULES, SOURCES, TABLES, "/begun"].includes(one));

describe.each([
  ["Chromium", pages],
  ["Firefox", firefox],
] as const)("the library's parts in %s", (_, browser) => {
  test("are loaded when something of them is opened, once, by the thread that needs it", async () => {
    const server = await browser.serve({ headers: ISOLATION });
    const seen = await callIn(
      browser,
      async () => {
        const weft = await weftPython.loadWeft();
        // What most programs begin with is there.
        await weft.run("import threading, json, asyncio, dataclasses, re, typing, random, concurrent.futures, logging, unittest, os; os.stat(os.__file__)");
        await fetch("/begun");
        await weft.run(`
import threading
found = []
def look():
    import xml.dom.minidom
    found.append(xml.dom.minidom.parseString("<a/>").documentElement.tagName)
threads = [threading.Thread(target=look) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()`);
        const found = await weft.eval("''.join(found)");
        // This thread is the page's own, where requests that block give no bytes.
        const source = weft.attach((py) => py.import("inspect").getAttr("getsource").call(py.import("json").getAttr("loads")).toJs() as string);
        const name = weft.attach((py) => py.import("unicodedata").callMethod("name", "\u00e9").toJs() as string);
        await weft.terminate();
        return { found, source: source.slice(0, 13), name };
      },
      server.url,
    );
    expect(seen).toMatchObject({ found: "aaaa", source: "def loads(s, ", name: "LATIN SMALL LETTER E WITH ACUTE" });
    expect(parts(server)).toEqual(["/begun", MODULES, SOURCES, TABLES]);
  });

  test("that cannot be loaded are an error of the import, and are asked for again", async () => {
    let answers = 0;
    const server = await browser.serve({
      headers: ISOLATION,
      handle: (_request, response, asked) => {
        if (asked !== MODULES || ++answers > 1) {
          return false;
        }
        response.writeHead(503, ISOLATION).end();
        return true;
      },
      contents: { [SOURCES]: { body: "another file" } },
    });
    const told = await callIn(
      browser,
      async () => {
        const weft = await weftPython.loadWeft({ stderr: () => undefined });
        const attempt = (): Promise<string> => weft.run("import colorsys").then(() => "imported", (error: Error) => error.message);
        // The module's source, where Python looks next, has another hash than the one that was built.
        const first = await attempt();
        const second = await attempt();
        await weft.terminate();
        return { first, second };
      },
      server.url,
    );
    expect(told.first).toMatch(/OSError: .*colorsys\.py/);
    expect(told.second).toBe("imported");
    expect(parts(server)).toEqual([MODULES, SOURCES, MODULES]);
  });
});

test("what is loaded with every program is a fraction of the library", () => {
  const size = (name: string): number => readFileSync(new URL(`../../dist/runtime/release/${name}`, import.meta.url)).length;
  expect(size("python313.zip")).toBeLessThan(0.3 * (size("python313-modules.zip") + size("python313-sources.zip") + size("python313.zip")));
});
