import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { ON_ALL_HOSTS } from "../portable/extent.js";
import type { TestOutcome } from "../portable/run.js";
import { bundleTest } from "./bundle-test.js";
import { FirefoxPages } from "./firefox-pages.js";
import { Pages } from "./harness.js";
import { ISOLATION, type StaticServer } from "./server.js";

/** Milliseconds for one page. */
const DEADLINE = 170_000;
const FILE = "test/portable-interpreter/portable-interpreter.test";
const DAMAGED = "/damaged/dist/solo/weft-solo.core2.wasm";

const contents: Record<string, { body: string | Uint8Array; headers: Record<string, string> }> = {};
beforeAll(async () => {
  contents[`/${FILE}.js`] = { body: await bundleTest(`${FILE}.ts`), headers: { "Content-Type": "text/javascript" } };
});

const BROWSERS = { Chromium: new Pages({ contents }), Firefox: new FirefoxPages({ contents }) };

describe.each(Object.entries(BROWSERS))("%s", (browser, pages) => {
  let plain: StaticServer;
  beforeAll(async () => {
    plain = await pages.serve({ contents, aliases: { "/damaged/": "/" }, handle: (request, response) => {
      if (request.url !== DAMAGED) {
        return false;
      }
      const data = readFileSync(new URL("../../dist/solo/weft-solo.core2.wasm", import.meta.url));
      data[data.length - 1]! ^= 1;
      response.writeHead(200, { "Content-Type": "application/wasm" }).end(data);
      return true;
    } });
  });

  const evaluate = <T>(isolated: boolean, code: string): Promise<T> =>
    pages.with(async (page: { evaluate(code: string): Promise<unknown> }) => (await page.evaluate(code)) as T, isolated ? pages.server.url : plain.url, DEADLINE);
  /** @param code the body of an asynchronous function in which `loadWeft` is the package's. */
  const withPackage = <T>(isolated: boolean, code: string): Promise<T> => evaluate<T>(isolated, `import("/dist/browser/index.js").then(async ({ loadWeft }) => { ${code} })`);

  // The solo profile where nothing else works; that isolated pages have it too is tried below.
  test.each(ON_ALL_HOSTS ? [true, false] : browser === "Chromium" ? [false] : [])("test/portable-interpreter in a page, isolated: %s", { timeout: DEADLINE + 10_000 }, async (isolated) => {
    const profile = isolated ? "threaded" : "solo";
    const { outcomes, isolatedPage } = await evaluate<{ outcomes: TestOutcome[]; isolatedPage: boolean }>(
      isolated,
      `globalThis.testedProfiles = ["${profile}"]; import("/${FILE}.js").then(async ({ run }) => ({ outcomes: await run([]), isolatedPage: crossOriginIsolated }))`,
    );
    expect(isolatedPage).toBe(isolated);
    expect(outcomes.filter(({ state }) => state !== "pass").map(({ name, errors }) => [name, ...errors].join("\n"))).toEqual([]);
    const profiles = new Set(outcomes.map(({ name }) => name.split(" > ")[0]).filter((name) => name === "threaded" || name === "solo"));
    expect([...profiles]).toEqual([profile]);
    expect(outcomes.length).toBeGreaterThan(20);
  });

  test("the solo profile is there in isolated pages too", async () => {
    expect(await withPackage(true, 'const python = await loadWeft({ profile: "solo" }); const told = [python.profile, await python.eval("__import__(\'time\').sleep(0.01) or 6 * 7")]; await python.dispose(); return told;')).toEqual(["solo", 42]);
  });

  test.each([true, false])("the profile \"auto\" tells what it took and why, isolated: %s", async (isolated) => {
    const [profile, reason] = await withPackage<string[]>(isolated, `const python = await loadWeft({ profile: "auto" }); const told = [python.profile, python.reason]; await python.dispose(); return told;`);
    expect(profile).toBe(isolated ? "threaded" : "solo");
    if (isolated) {
      expect(reason).toBe("threads can share memory here");
    } else {
      for (const header of Object.keys(ISOLATION)) {
        expect(reason).toContain(header);
      }
    }
  });

  test("a damaged file is refused by its hash", async () => {
    const error = await evaluate<string>(false, 'import("/damaged/dist/browser/index.js").then(({ loadWeft }) => loadWeft({ profile: "solo" })).then(() => "loaded", String)');
    expect(error).toMatch(/RuntimeFilesError: .*weft-solo\.core2\.wasm is not the file that manifest\.json beside it describes/);
  });

  // Both browsers have it; older ones do not.
  test.each([true, false])("on the page's own thread, with JavaScript Promise Integration: %s, Python waits while the page goes on, or says that it cannot", async (suspends) => {
    const result = await withPackage<{ slept: string; ticks: number; loop: string; sleep: string }>(
      false,
      `if (!${suspends}) {
        delete WebAssembly.Suspending;
      }
      const python = await loadWeft({ profile: "solo" });
      let ticks = 0;
      const timer = setInterval(() => { ticks++; }, 10);
      const ended = (code) => python.run(code).then(() => "ended", (error) => error.message);
      // asyncio's timers may end by their clock's resolution early.
      const slept = await ended("import asyncio, queue, time\\nbegin = time.monotonic_ns()\\ntime.sleep(0.1)\\nasyncio.run(asyncio.sleep(0.1))\\ntry:\\n    queue.Queue().get(timeout=0.1)\\nexcept queue.Empty:\\n    pass\\nassert time.monotonic_ns() - begin >= 299_000_000");
      clearInterval(timer);
      if (!${suspends}) {
        return { slept, ticks, loop: "", sleep: "" };
      }
      setTimeout(() => { python.interrupt(); }, 50);
      const loop = await ended("while True: pass");
      setTimeout(() => { python.interrupt(); }, 50);
      const sleep = await ended("time.sleep(1000)");
      await python.dispose();
      return { slept, ticks, loop, sleep };`,
    );
    if (suspends) {
      expect({ ...result, ticks: result.ticks > 3 }).toEqual({ slept: "ended", ticks: true, loop: "KeyboardInterrupt", sleep: "KeyboardInterrupt" });
    } else {
      expect(result.slept).toMatch(/^RuntimeError: this host cannot wait: /);
    }
  });

  test("in a worker of a page without isolation, Python waits", async () => {
    // In nanoseconds: without isolation Firefox's clock shows whole milliseconds, and the difference of two floats may be
    // 0.09999999999999964.
    contents["/worker.js"] = {
      headers: { "Content-Type": "text/javascript" },
      body: `import { loadWeft } from "/dist/browser/index.js";
        const python = await loadWeft({ profile: "auto" });
        await python.run("import time; begin = time.monotonic_ns(); time.sleep(0.1); waited = time.monotonic_ns() - begin");
        postMessage([python.profile, await python.eval("waited >= 100_000_000")]);`,
    };
    const told = await evaluate(false, 'new Promise((resolve, reject) => { const worker = new Worker("/worker.js", { type: "module" }); worker.onmessage = ({ data }) => resolve(data); worker.onerror = (event) => reject(new Error(event.message)); })');
    expect(told).toEqual(["solo", true]);
  });
});
