import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { callIn } from "./call-in.js";
import { FirefoxPages } from "./firefox-pages.js";
import { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";
import { ISOLATION, type StaticServer } from "./server.js";

const pages = new Pages();
const firefox = new FirefoxPages();

const SCRIPT = "/dist/browser/realm-package.js";
const BEGUN = "/begun";

/** What a server was asked for: the package for workers, and when a page said that it had begun. */
const asked = (server: StaticServer): readonly string[] => server.requests.filter((one) => [SCRIPT, BEGUN].includes(one));

describe.each([
  ["Chromium", pages],
  ["Firefox", firefox],
] as const)("the package in a page's workers, in %s", (_, browser) => {
  test("is loaded by a thread that uses JavaScript, once a realm, and by no other", async () => {
    const server = await browser.serve({ headers: ISOLATION });
    const seen = await callIn(
      browser,
      async () => {
        const weft = await weftPython.loadWeft();
        await weft.run("import threading; thread = threading.Thread(target=print); thread.start(); thread.join()");
        await fetch("/begun");
        const found = await weft.eval("[__import__('js').JSON.stringify(3), __import__('js').Math.max(1, 2)]");
        await weft.run(`
found = []
def look():
    import js
    found.append(js.Math.min(7, 9))
thread = threading.Thread(target=look)
thread.start()
thread.join()`);
        const other = await weft.eval("found");
        await weft.terminate();
        return { found, other };
      },
      server.url,
    );
    expect(seen).toEqual({ found: ["3", 2], other: [7] });
    expect(asked(server)).toEqual([BEGUN, SCRIPT, SCRIPT]);
  });

  test("that cannot be loaded, or is another version by now, is an ImportError, and is asked for again", async () => {
    const real = readFileSync(new URL(`../..${SCRIPT}`, import.meta.url), "utf8");
    const answers = [503, real.replace(/weft-python [0-9a-f]{64}/g, "weft-python other"), "throw new TypeError('half')", real];
    const server = await browser.serve({
      headers: ISOLATION,
      handle: (_request, response, path) => {
        if (path !== SCRIPT) {
          return false;
        }
        const answer = answers.shift();
        if (typeof answer === "string") {
          response.writeHead(200, { ...ISOLATION, "Content-Type": "text/javascript", "Cache-Control": "no-store" }).end(answer);
        } else {
          response.writeHead(answer ?? 500, { ...ISOLATION, "Cache-Control": "no-store" }).end();
        }
        return true;
      },
    });
    const told = await callIn(
      browser,
      async () => {
        const weft = await weftPython.loadWeft({ stderr: () => undefined });
        const attempt = (): Promise<string> => weft.eval("__import__('js').Math.max(1, 2)").then(String, (error: Error) => error.message);
        const all = [await attempt(), await attempt(), await attempt(), await attempt()];
        await weft.terminate();
        return all;
      },
      server.url,
    );
    expect(told[0]).toMatch(/^ImportError: http:.*\/realm-package\.js, by which Python uses JavaScript, could not be loaded: NetworkError/);
    expect(told[1]).toMatch(/^ImportError: the server has another version of weft-python by now .*: load the page again$/);
    expect(told[2]).toMatch(/^ImportError: .*could not be loaded: TypeError: half/);
    expect(told[3]).toBe("2");
    expect(answers).toEqual([]);
  });

  test("has each class once, also where a module of the user's has loaded it", async () => {
    const server = await browser.serve({
      headers: ISOLATION,
      contents: {
        "/own.js": {
          headers: { "Content-Type": "text/javascript" },
          body: `
            import { PyErr, pyModule } from "/dist/browser/index.js";
            export const own = pyModule("own");
            globalThis.isError = (value) => value instanceof PyErr;
            export const spawned = (weft) => weft.attach((py) => {
              try {
                py.eval("1 / 0");
              } catch (error) {
                return String(isError(error)) + py.eval("__import__('js').isError(3)").toJs();
              }
            });`,
        },
      },
    });
    const seen = await callIn(
      browser,
      async () => {
        const own = "/own.js";
        const weft = await weftPython.loadWeft();
        const spawned = await weft.spawn(own, "spawned").join();
        await weft.terminate();
        const early = await weftPython.loadWeft({ modules: [own] });
        const listed = await early.eval("__import__('js').isError(3)");
        await early.terminate();
        return { spawned, listed };
      },
      server.url,
    );
    expect(seen).toEqual({ spawned: "truefalse", listed: false });
    expect(asked(server)).toEqual([]);
  });
});

test("a module that a thread shall run is not imported where the package cannot be loaded", async () => {
  let answers = true;
  const server = await pages.serve({
    headers: ISOLATION,
    handle: (_request, response, path) => {
      if (path !== "/dist/browser/index.js" || answers) {
        return false;
      }
      response.writeHead(503, ISOLATION).end();
      return true;
    },
    contents: { "/own.js": { headers: { "Content-Type": "text/javascript" }, body: "export const own = () => 3;" } },
  });
  const page = await pages.with(
    async (one) => {
      await importPackage(one);
      answers = false;
      return one.evaluate(async () => {
        const weft = await weftPython.loadWeft();
        const told = await weft.spawn("/own.js", "own").join().then(String, String);
        await weft.terminate();
        return told;
      });
    },
    server.url,
  );
  expect(page).toMatch(/TypeError: .*index\.js/);
});
