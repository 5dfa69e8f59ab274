import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";
import { ISOLATION, StaticServer } from "./server.js";

const pages = new Pages();
const OPENER = { "Cross-Origin-Opener-Policy": "same-origin" };
const EMBEDDER = { "Cross-Origin-Embedder-Policy": "require-corp" };

describe("without isolation, what is missing is said", () => {
  test.each([
    ["both", {}, ['no header "Cross-Origin-Opener-Policy: same-origin"', 'no header "Cross-Origin-Embedder-Policy: require-corp" (or "credentialless")'], 2],
    ["the embedder's", OPENER, ['no header "Cross-Origin-Embedder-Policy: require-corp"'], 1],
    ["the opener's", EMBEDDER, ['no header "Cross-Origin-Opener-Policy: same-origin"'], 1],
    ["a right one", { ...EMBEDDER, "Cross-Origin-Opener-Policy": "unsafe-none" }, ['has "Cross-Origin-Opener-Policy: unsafe-none" instead of "Cross-Origin-Opener-Policy: same-origin"'], 1],
  ])("%s", async (_, headers, parts, count) => {
    const server = await pages.serve({ headers: headers as Record<string, string> });
    const error = await pages.run(
      () => weftPython.loadWeft().then(
        () => ({ name: "", message: "loaded", missing: [] as readonly string[] }),
        (reason: Error & { missing: readonly string[] }) => ({ name: reason.name, message: reason.message, missing: reason.missing }),
      ),
      undefined,
      server.url,
    );
    expect(error.name).toBe("IsolationError");
    for (const part of parts as string[]) {
      expect(error.message).toContain(part);
    }
    expect(error.message).toContain(`the response of ${server.url}/ has`);
    expect(error.missing.length).toBe(count);
  });

  test("https:", async () => {
    // A name that is neither localhost nor encrypted.
    const error = await pages.run(() => weftPython.loadWeft().then(() => "loaded", String), undefined, pages.server.url.replace("localhost", "weft.test"));
    expect(error).toMatch(/http:\/\/weft\.test:\d+ is neither https: nor localhost/);
  });

  test("the page around a frame's", async () => {
    const outer = await pages.serve({ contents: { "/outer": { body: `<iframe src="${pages.server.url}/"></iframe>`, headers: { "Content-Type": "text/html" } } } });
    const error = await pages.with(async (page) => {
      const frame = page.frames()[1]!;
      return (await frame.evaluate('import("/dist/browser/index.js").then(({ loadWeft }) => loadWeft()).then(() => "loaded", String)')) as string;
    }, `${outer.url}/outer`);
    expect(error).toContain("it is in a frame");
  });
});

/** Loads Python from a server whose files are other ones, and gives the error. */
async function refusal(contents: NonNullable<Parameters<typeof StaticServer.start>[0]>["contents"], options: object = {}): Promise<string> {
  const server = await pages.serve({ headers: ISOLATION, ...(contents ? { contents } : {}) });
  return pages.run((extra) => weftPython.loadWeft(extra).then(() => "loaded", (error: Error) => `${error.name}: ${error.message}`), options, server.url);
}

describe("the runtime's files are refused", () => {
  const path = (name: string): string => `/dist/runtime/release/${name}`;
  const file = (name: string): Buffer => readFileSync(new URL(`../../dist/runtime/release/${name}`, import.meta.url));
  const damaged = (name: string): Buffer => {
    const data = file(name);
    data[data.length >> 1]! ^= 1;
    return data;
  };

  test.each([
    ["weft.wasm", "application/wasm"],
    ["python313.zip", "application/zip"],
    ["weft.mjs", "text/javascript"],
    ["weft.snapshot", "application/octet-stream"],
  ])("when %s has another hash", async (name, type) => {
    const text = await refusal({ [path(name)]: { body: damaged(name), headers: { "Content-Type": type } } });
    expect(text).toMatch(new RegExp(`RuntimeFilesError: .*${name} is not the file that manifest\\.json beside it describes: \\d+ bytes with SHA-256`));
  });

  test("when the manifest has another hash than the page wants, and taken when it is right", async () => {
    expect(await refusal(undefined, { integrity: `sha256-${"A".repeat(43)}=` })).toMatch(/RuntimeFilesError: .*manifest\.json could not be fetched: its hash may not be sha256-AAA/);
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(file("manifest.json")))).toString("base64");
    const sum = await pages.run(async (integrity) => {
      const weft = await weftPython.loadWeft({ integrity });
      const sum = await weft.eval("1 + 1");
      await weft.terminate();
      return sum;
    }, `sha256-${digest}`);
    expect(sum).toBe(2);
  });

  test("when one is missing, or is no manifest", async () => {
    expect(await refusal(undefined, { runtime: "/no/such/folder" })).toMatch(/RuntimeFilesError: .*\/no\/such\/folder\/\S+ could not be fetched: the server answered 404/);
    expect(await refusal({ [path("manifest.json")]: { body: "<html>" } })).toContain("is not the manifest of a built runtime");
  });

  test("when the connection breaks", async () => {
    const server = await pages.serve({ headers: ISOLATION, contents: { [path("python313.zip")]: { body: file("python313.zip").subarray(0, 100_000), headers: { "Content-Length": "200000" } } } });
    const text = await pages.run((extra) => weftPython.loadWeft(extra).then(() => "loaded", (error: Error) => `${error.name}: ${error.message}`), {}, server.url);
    expect(text).toMatch(/RuntimeFilesError: .*python313\.zip could not be downloaded to its end: the connection broke after \d+ bytes/);
  });

  test("when the workers' script is missing", async () => {
    expect(await refusal(undefined, { worker: "/no/such/worker.js" })).toMatch(/no\/such\/worker\.js could not be loaded: the server answers 404/);
  });
});

describe("a signal gives up loading, and how far it was is said", () => {
  /** Loads until the page hears of `enough` by a BroadcastChannel. */
  const ending = (page: Page, extra: object = {}): Promise<unknown> =>
    page.evaluate(async (options) => {
      const abort = new AbortController();
      new BroadcastChannel("enough").onmessage = () => {
        abort.abort(new Error("enough"));
      };
      const loading = weftPython.loadWeft({ ...options, signal: abort.signal });
      return loading.then(() => "loaded", (error: { name: string; stage: string; threads: unknown[]; message: string }) => [error.name, error.stage, error.threads.length, error.message]);
    }, extra);

  test("while a file does not come", async () => {
    // An origin of its own, which has kept nothing.
    const server = await pages.serve({ headers: ISOLATION });
    const [ended, value] = await pages.with(async (page) => {
      await page.route("**/weft.wasm", () => page.evaluate(() => {
        new BroadcastChannel("enough").postMessage("");
      }));
      await importPackage(page);
      const first = await ending(page);
      await page.unrouteAll();
      return [first, await page.evaluate(async () => {
        const weft = await weftPython.loadWeft();
        const value = await weft.eval("40 + 2");
        await weft.terminate();
        return value;
      })];
    }, server.url);
    expect(ended).toEqual(["LoadAbortedError", "files", 0, "loading Python was given up (enough): the runtime's files were not read and compiled yet"]);
    expect(value).toBe(42);
  });

  test("while the worker of the main thread does not begin", async () => {
    const body = 'onmessage = ({ data }) => { if (data.cmd === "load") new BroadcastChannel("enough").postMessage(""); };';
    const server = await pages.serve({ headers: ISOLATION, contents: { "/idle.js": { body, headers: { "Content-Type": "text/javascript" } } } });
    const ended = await pages.with(async (page) => {
      await importPackage(page);
      return ending(page, { worker: "/idle.js" });
    }, server.url);
    expect(ended).toEqual(["LoadAbortedError", "worker", 0, "loading Python was given up (enough): the worker of Python's main thread had not loaded the runtime yet"]);
  });
});

describe("where the files come from", () => {
  test("another origin, with CORS", async () => {
    const before = pages.server.requests.length;
    const other = await pages.serve({ headers: { "Access-Control-Allow-Origin": "*", ...EMBEDDER } });
    const result = await pages.with(async (page) => {
      await importPackage(page, `${other.url}/dist/browser/index.js`);
      return page.evaluate(async (url) => {
        const weft = await weftPython.loadWeft();
        const value = await weft.eval("__import__('js').Math.max(40, 42)");
        const sum = await weft.spawn(`${url}/test/browser/threads/page.mjs`, "add", 1, 2).join();
        await weft.terminate();
        return [value, sum];
      }, other.url);
    });
    expect(result).toEqual([42, 3]);
    expect(pages.server.requests.slice(before).filter((path) => path.startsWith("/dist/"))).toEqual([]);
  });

  test("without the type application/wasm it compiles all the same", async () => {
    const wasm = readFileSync(new URL("../../dist/runtime/release/weft.wasm", import.meta.url));
    const server = await pages.serve({ headers: ISOLATION, contents: { "/dist/runtime/release/weft.wasm": { body: wasm, headers: { "Content-Type": "application/octet-stream" } } } });
    const value = await pages.run(async () => {
      const weft = await weftPython.loadWeft();
      const value = await weft.eval("40 + 2");
      await weft.terminate();
      return value;
    }, undefined, server.url);
    expect(value).toBe(42);
  });
});

/** What the guide tells sites to allow. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

describe("under a Content-Security-Policy", () => {
  // The package is imported by a script of the page's own: what a driver evaluates is not bound by the policy.
  const script = `
    import { loadWeft } from "/dist/browser/index.js";
    try {
      const weft = await loadWeft();
      await weft.run("import ctypes, threading; t = threading.Thread(target=int); t.start(); t.join(); ctypes.CFUNCTYPE(None)(int)");
      document.title = "value " + (await weft.eval("__import__('js').Math.max(40, 42)"));
      await weft.terminate();
    } catch (error) {
      document.title = "failed " + error;
    }`;

  async function title(policy: string): Promise<string> {
    const server = await pages.serve({
      headers: { ...ISOLATION, "Content-Security-Policy": policy },
      contents: {
        "/": { body: '<!doctype html><script type="module" src="/main.js"></script>', headers: { "Content-Type": "text/html" } },
        "/main.js": { body: script, headers: { "Content-Type": "text/javascript" } },
      },
    });
    return pages.with(async (page) => {
      await expect.poll(() => page.title(), { timeout: 30_000 }).not.toBe("");
      return page.title();
    }, server.url);
  }

  test("the strictest that the guide names, it works", async () => {
    expect(await title(POLICY)).toBe("value 42");
  });

  test.each([
    ["script-src needs 'wasm-unsafe-eval'", POLICY.replace(" 'wasm-unsafe-eval'", "")],
    ["worker-src", POLICY.replace("worker-src 'self'", "worker-src 'none'")],
    ["connect-src", POLICY.replace("connect-src 'self'", "connect-src 'none'")],
  ])("that forbids it, the error names %s", async (directive, policy) => {
    const text = await title(policy);
    expect(text).toMatch(/^failed /);
    expect(text).toContain(directive);
  });
});

describe("what breaks is told", () => {
  test("a trap in a thread ends Python with its reason", async () => {
    const result = await pages.run(async () => {
      const weft = await weftPython.loadWeft();
      const running = weft.run("import ctypes; ctypes.string_at(0xfffffff0, 8)").then(
        () => "ended",
        (error: Error) => error.message,
      );
      const text = await running;
      return { text, state: weft.lifecycle, later: await weft.eval("1").catch(String) };
    });
    expect(result.text).toMatch(/^the Python runtime crashed: Error: .*(memory access out of bounds|unreachable)/);
    expect(result.state).toBe("finalized");
    expect(result.later).toContain("AttachError");
  });

  test("a worker that ends by itself", async () => {
    const text = await pages.run(async (base) => {
      const weft = await weftPython.loadWeft();
      const text = await weft.spawn(`${base}/test/browser/threads/page.mjs`, "close").join().then(() => "ended", String);
      await weft.terminate();
      return text;
    }, pages.server.url);
    expect(text).toMatch(/closed|ended before the thread did|crashed/);
  });

  test("a page that crashes or hangs does so in words, not in silence", async () => {
    const crashed = pages.with(async (page) => {
      const session = await page.context().newCDPSession(page);
      await page.evaluate("console.log('last words')");
      // Never answered.
      await session.send("Page.crash");
    });
    await expect(crashed).rejects.toThrow(/the page crashed[^]*last words/);
    const hanging = pages.with((page) => page.evaluate("console.log('last words'); new Promise(() => {})"), undefined, 1000);
    await expect(hanging).rejects.toThrow(/longer than 1 s[^]*last words/);
  });
});

describe("weft-headers.js", () => {
  const page = (src: string): { body: string; headers: Record<string, string> } => ({
    body: `<!doctype html><script src="${src}"></script>`,
    headers: { "Content-Type": "text/html" },
  });
  const script = { body: readFileSync(new URL("../../dist/browser/weft-headers.js", import.meta.url)), headers: { "Content-Type": "text/javascript" } };

  test.each(["/weft-headers.js", "/weft-headers.js?embedder=credentialless"])("isolates pages of a server without headers: %s", async (src) => {
    const server = await pages.serve({ contents: { "/": page(src), "/weft-headers.js": script } });
    const value = await pages.with(async (one) => {
      await expect.poll(() => one.evaluate("crossOriginIsolated").catch(String), { timeout: 20_000 }).toBe(true);
      await one.waitForLoadState();
      await importPackage(one);
      return one.evaluate(async () => {
        const weft = await weftPython.loadWeft();
        await weft.run("import threading; t = threading.Thread(target=int); t.start(); t.join()");
        const value = await weft.eval("40 + 2");
        await weft.terminate();
        return value;
      });
    }, server.url);
    expect(value).toBe(42);
  });

  test("does not load the page again and again where it cannot help", async () => {
    // A service worker has power over its own folder only.
    const server = await pages.serve({ contents: { "/": page("/below/weft-headers.js"), "/below/weft-headers.js": script } });
    const lines: string[] = [];
    const loads = await pages.with(async (one) => {
      one.on("console", (message) => lines.push(message.text()));
      await one.reload();
      await expect.poll(() => lines.join("\n"), { timeout: 20_000 }).toMatch(/serves http:\S+\/below\/ only/);
      return server.requests.filter((path) => path === "/").length;
    }, server.url);
    expect(loads).toBe(2);
  });
});

test("browsers without Symbol.dispose run Python too", async () => {
  const value = await pages.with(async (one) => {
    await one.evaluate(() => {
      const { Symbol: own } = globalThis;
      const old = (text?: string): symbol => own(text);
      const { dispose, asyncDispose, length, name, prototype, ...known } = Object.getOwnPropertyDescriptors(own);
      Object.defineProperties(old, known);
      old.prototype = own.prototype;
      globalThis.Symbol = old as unknown as SymbolConstructor;
    });
    await importPackage(one);
    return one.evaluate(async () => {
      const weft = await weftPython.loadWeft();
      await weft.run("x = 40");
      const value = await weft.eval("x + 2");
      await weft.terminate();
      return value;
    });
  });
  expect(value).toBe(42);
});
