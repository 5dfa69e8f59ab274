import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";
import { ISOLATION } from "./server.js";

/** What is used of pages' storage; the types that the tests are checked with lack it. */
declare const caches: {
  open(name: string): Promise<{
    match(key: string | Request): Promise<Response | undefined>;
    keys(): Promise<readonly Request[]>;
    put(key: string, response: Response): Promise<void>;
    delete(key: string): Promise<boolean>;
    addAll(keys: readonly string[]): Promise<void>;
  }>;
  delete(name: string): Promise<boolean>;
};

const pages = new Pages();
const FOLDER = "/dist/runtime/release/";
const LARGE = ["python313.zip", "weft.snapshot", "weft.wasm"];

/** Loads Python, and gives what was loaded from the server for it. */
async function load(url: string, requests: readonly string[], options: { keep?: boolean } = {}): Promise<string[]> {
  const before = requests.length;
  const value = await pages.run(async (given) => {
    const weft = await weftPython.loadWeft(given);
    const value = await weft.eval("6 * 7");
    await weft.terminate();
    return value;
  }, options, url);
  expect(value).toBe(42);
  return requests.slice(before).filter((path) => path.startsWith(FOLDER)).map((path) => path.slice(FOLDER.length)).sort();
}

/** Name of what is kept beside the runtime's files. */
const KEPT = "weft.kept";

/** Loads Python from several addresses in a document that stays until the files of the last one are kept; paths of what is kept then. */
function loadAndKeep(url: string, loads: readonly { runtime?: string; keep?: boolean }[]): Promise<string[]> {
  return pages.run(async ({ given, kept }) => {
    const cache = await caches.open("weft-runtime");
    const paths = async (): Promise<string[]> => (await cache.keys()).map((key) => new URL(key.url).pathname).sort();
    for (const options of given) {
      await (await weftPython.loadWeft(options)).terminate();
    }
    const last = given.at(-1)!.runtime ?? "/dist/runtime/release/";
    while (!(await paths()).includes(last + kept)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return paths();
  }, { given: loads, kept: KEPT }, url);
}

test("a later visit reads the large files from the origin's storage, and only as long as they are right", async () => {
  const server = await pages.serve({ headers: ISOLATION });
  expect(await loadAndKeep(server.url, [{}])).toEqual([FOLDER + KEPT]);
  // The glue is imported by its address.
  const small = await load(server.url, server.requests);
  expect(small.filter((name) => LARGE.includes(name))).toEqual([]);
  expect(small).toContain("manifest.json");

  // Cut off, of another version or damaged, another thing, gone: what is not right is loaded anew and nothing else, and then all of it is kept again.
  const [module, snapshot] = ["weft.wasm", "weft.snapshot"].map((name) => statSync(fileURLToPath(new URL(`../..${FOLDER}${name}`, import.meta.url))).size) as [number, number];
  const first = 4 * (1 + LARGE.length);
  for (const [damage, at, expected] of [
    ["cut off", first + (module >> 1), LARGE],
    ["cut off", first + module, ["python313.zip", "weft.snapshot"]],
    ["cut off", first + module + snapshot + 1, ["python313.zip"]],
    ["one bit", 1, LARGE],
    ["one bit", 4, LARGE],
    ["one bit", first + (module >> 1), ["weft.wasm"]],
    ["one bit", first + module - 1, ["weft.wasm"]],
    ["one bit", first + module, ["weft.snapshot"]],
    ["one bit", first + module + snapshot, ["python313.zip"]],
    ["another thing", 0, LARGE],
    ["gone", 0, LARGE],
  ] as const) {
    const before = server.requests.length;
    const answer = await pages.run(async ({ kind, place, url }) => {
      const cache = await caches.open("weft-runtime");
      const whole = new Uint8Array(await (await cache.match(url))!.arrayBuffer());
      const data = whole.slice();
      data[place]! ^= 1;
      const body = kind === "one bit" ? data : kind === "cut off" ? data.subarray(0, place) : new TextEncoder().encode("<!doctype html>");
      await (kind === "gone" ? cache.delete(url) : cache.put(url, new Response(body)));
      const weft = await weftPython.loadWeft();
      const value = await weft.eval("6 * 7");
      await weft.terminate();
      for (;;) {
        const kept = await cache.match(url);
        const bytes = new Uint8Array((await kept?.arrayBuffer()) ?? []);
        if (bytes.length === whole.length && bytes.every((byte, index) => byte === whole[index])) {
          return value;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }, { kind: damage, place: at, url: `${server.url}${FOLDER}${KEPT}` }, server.url);
    expect(answer).toBe(42);
    const loaded = server.requests.slice(before).filter((path) => path.startsWith(FOLDER)).map((path) => path.slice(FOLDER.length));
    expect(loaded.filter((name) => LARGE.includes(name)).sort(), `${damage} at ${at}`).toEqual(expected);
  }
});

test("the page's own memory has none of the files while Python runs", async () => {
  const server = await pages.serve({ headers: ISOLATION });
  // A program with an environment variable that Python reads early does not begin with the snapshot.
  for (const [visit, env] of [["first", {}], ["second", {}], ["second", { PYTHONHASHSEED: "1" }]] as const) {
    await pages.with(async (page) => {
      await importPackage(page);
      await page.evaluate(async (variables) => {
        const global = globalThis as { running?: unknown };
        global.running = await weftPython.loadWeft({ env: variables });
      }, env);
      const session = await page.context().newCDPSession(page);
      await session.send("HeapProfiler.enable");
      const buffers = async (): Promise<number> => {
        await session.send("HeapProfiler.collectGarbage");
        return ((await session.send("Runtime.getHeapUsage")) as unknown as { backingStorageSize: number }).backingStorageSize;
      };
      // A first visit's are kept for the next ones before.
      await expect.poll(buffers, { timeout: 30_000, message: `bytes of buffers of the ${visit} visit` }).toBeLessThan(1_000_000);
      await page.evaluate(() => (globalThis as unknown as { running: { terminate(): Promise<void> } }).running.terminate());
    }, server.url);
    expect(server.requests.includes(`${FOLDER}weft.wasm`)).toBe(visit === "first");
    server.requests.length = 0;
  }
});

test("a service worker's copies are used, and with keep: false none are made", async () => {
  const server = await pages.serve({ headers: ISOLATION, aliases: { "/later/": FOLDER } });
  // What was loaded before would be kept before.
  expect(await loadAndKeep(server.url, [{ keep: false }, { runtime: "/later/" }])).toEqual([`/later/${KEPT}`]);
  expect(await load(server.url, server.requests, { keep: false })).toEqual(expect.arrayContaining(LARGE));
  await pages.with((page) => page.evaluate(async (urls) => {
    await (await caches.open("of the page's own")).addAll(urls);
  }, LARGE.map((file) => `${server.url}${FOLDER}${file}`)), server.url);
  expect((await load(server.url, server.requests, { keep: false })).filter((name) => LARGE.includes(name))).toEqual([]);
});

test("without a storage files come from the server", async () => {
  const server = await pages.serve({ headers: ISOLATION });
  const value = await pages.with(async (page) => {
    await page.evaluate(() => {
      Object.defineProperty(globalThis, "caches", { value: { open: () => Promise.reject(new DOMException("denied", "SecurityError")), match: () => Promise.reject(new DOMException("denied", "SecurityError")) } });
    });
    await importPackage(page);
    const told = page.waitForEvent("console", (message) => message.text().includes("are not kept for later visits: SecurityError: denied"));
    const value = await page.evaluate(async () => {
      const weft = await weftPython.loadWeft();
      const value = await weft.eval("6 * 7");
      await weft.terminate();
      return value as number;
    });
    await told;
    return value;
  }, server.url);
  expect(value).toBe(42);
  expect(server.requests).toEqual(expect.arrayContaining(LARGE.map((name) => FOLDER + name)));
});

test("a storage that does not answer holds nobody up for long", async () => {
  const server = await pages.serve({ headers: ISOLATION });
  const value = await pages.with(async (page) => {
    await importPackage(page);
    return page.evaluate(async () => {
      (Object.getPrototypeOf(caches) as { match(): Promise<never> }).match = () => new Promise(() => undefined);
      const weft = await weftPython.loadWeft({ keep: false });
      const made = await weft.eval("6 * 7");
      await weft.terminate();
      return made;
    });
  }, server.url);
  expect(value).toBe(42);
  expect(server.requests).toEqual(expect.arrayContaining(LARGE.map((name) => FOLDER + name)));
});

test("of many addresses only the last ones' files stay", async () => {
  const server = await pages.serve({ headers: ISOLATION, aliases: { "/one/": FOLDER, "/two/": FOLDER, "/three/": FOLDER } });
  const urls = await pages.with(async (page) => {
    await importPackage(page);
    return page.evaluate(async () => {
      const cache = await caches.open("weft-runtime");
      for (const runtime of ["/one/", "/two/", "/three/"]) {
        const weft = await weftPython.loadWeft({ runtime });
        await weft.terminate();
        while (!(await cache.keys()).some(({ url }) => url.endsWith(`${runtime}weft.kept`))) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
      while ((await cache.keys()).length > 2) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return (await cache.keys()).map(({ url }) => new URL(url).pathname).sort();
    });
  }, server.url);
  expect(urls).toEqual([`/three/${KEPT}`, `/two/${KEPT}`]);
});
