import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { copyRuntime, HEADERS } from "../../scripts/playground.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";
import { INTERRUPTED, LIMIT, RESTARTED } from "./hangs.js";
import { keepsPython } from "./harness.js";

const PATIENCE = 30_000;
let browser: Browser;
const servers: Server[] = [];
/** One visit for most tests, in their order: starting Firefox and loading Python is what takes the time. */
let page: Page;
/** What pages did not catch. */
const troubles: string[] = [];

beforeAll(async () => {
  copyRuntime();
  browser = await puppeteer.launch({ browser: "firefox", executablePath: findBrowser("firefox"), headless: true, timeout: 60_000 });
  page = await visit(HEADERS);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  servers.forEach(stopServer);
});
afterEach(() => {
  expect(troubles.splice(0)).toEqual([]);
});

/** A new page, of a server and so with a storage of its own. */
async function visit(headers: Readonly<Record<string, string>>, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const server = await serveFolder(fileURLToPath(new URL("../../dist/playground", import.meta.url)), headers);
  servers.push(server);
  const made = await browser.newPage();
  made.on("pageerror", (error) => troubles.push(String(error)));
  await prepare?.(made);
  await made.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  return made;
}

function stopServer(server: Server): void {
  server.closeAllConnections();
  server.close();
}

async function state(wanted: string, where = page): Promise<void> {
  await where.waitForFunction((text) => globalThis.playground?.state === text, { timeout: PATIENCE, polling: 10 }, wanted);
}

async function shows(text: string, where = page): Promise<void> {
  try {
    await where.waitForFunction((wanted) => playground.terminal.text.includes(wanted), { timeout: PATIENCE, polling: 20 }, text);
  } catch (error) {
    throw new Error(`the terminal does not show ${JSON.stringify(text)} but:\n${await where.evaluate(() => playground.terminal.text)}`, { cause: error });
  }
}

/** Runs a program and does not wait for its end. */
async function begin(text: string, where = page): Promise<void> {
  await state("ready", where);
  await where.evaluate((code) => {
    playground.workspace.write("test.py", code);
    playground.open("test.py");
    playground.terminal.clear();
    document.getElementById("run")!.click();
  }, text);
}

test("Firefox: a program runs its threads at the same time, and asks for a line", async () => {
  // Neither gives up its processor; on one after the other this would not end. Where both have but one processor, a turn
  // lasts as long as the system lets a thread run.
  await begin(`
import threading
turn = [0]
def play(own):
    for _ in range(50):
        while turn[0] % 2 != own:
            pass
        turn[0] += 1
threads = [threading.Thread(target=play, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print("turns:", turn[0])
print("hello", input("name? "))
`);
  await shows("name?");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await shows("turns: 100");
  await shows("hello Ada");
  await shows("Done in");
});

test("Firefox: threads use the program's page and draw charts", async () => {
  await begin(`
import threading
from weft import page, plot
def work(n):
    item = page.document.createElement("p")
    item.textContent = f"thread {n}"
    page.document.body.append(item)
    plot.bar(["a", "b"], [n, 2], title=f"Bars {n}")
threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print("the page says", sorted(p.textContent for p in page.document.querySelectorAll("p")))
`);
  await shows("the page says ['thread 0', 'thread 1']");
  await shows("Done in");
  expect(await page.evaluate(() => [...document.querySelectorAll<HTMLImageElement>("#display figure img")].map(({ alt }) => alt.split(":")[0]).sort())).toEqual(["Bars 0", "Bars 1"]);
});

/** Milliseconds from Stop until Python is ready again. */
async function stop(): Promise<number> {
  await state("running");
  // In the middle of what it does.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return page.evaluate(async () => {
    const start = performance.now();
    document.getElementById("stop")!.click();
    while (playground.state !== "ready" && performance.now() - start < 30_000) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return performance.now() - start;
  });
}

test.each([
  ["interrupts", INTERRUPTED, "Stopped after"],
  ["restarts Python under", RESTARTED, "Python was restarted"],
] as const)("Firefox: Stop %s every kind of hang", async (_, programs, end) => {
  const times: Record<string, number> = {};
  for (const [name, program] of Object.entries(programs)) {
    await page.waitForFunction(() => playground.reserved, { timeout: PATIENCE });
    await begin(program);
    times[name] = Math.round(await stop());
    await shows(end);
    await shows(">>>");
  }
  // An interpreter may be ended while the service worker reads a file for it (the sources, for a traceback): its fetch is
  // ended too, which Firefox tells of as of an error of the page.
  const others = troubles.splice(0).filter((text) => !(programs === RESTARTED && /\/runtime\/.* A ServiceWorker intercepted the request/.test(text)));
  expect(others).toEqual([]);
  console.log(JSON.stringify(times));
  expect(Object.entries(times).filter(([, time]) => time >= LIMIT)).toEqual([]);
});

test("Firefox: without the headers a service worker adds them; without one the page says what is missing", async () => {
  const isolated = await visit({});
  await begin("print(40 + 2)", isolated);
  await shows("\n42\n", isolated);
  // The page was loaded again in the middle of its load.
  const others = troubles.splice(0).filter((text) => !text.includes("error loading dynamically imported module"));
  expect(others).toEqual([]);
  await isolated.close();
  const plain = await visit({}, (made) =>
    made.evaluateOnNewDocument(() => {
      Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
    }),
  );
  await plain.waitForSelector("#notice:not([hidden])");
  expect(await plain.$eval("#notice", ({ textContent }) => textContent)).toContain("Cross-Origin-Opener-Policy: same-origin\nCross-Origin-Embedder-Policy: require-corp");
  await plain.close();
});

test("Firefox: a second visit needs no server", async () => {
  await page.evaluate(keepsPython);
  // The interpreter in reserve reads its scripts from the server too: one that ends in the middle of them is an error.
  await page.waitForFunction(() => playground.reserved, { timeout: PATIENCE });
  stopServer(servers[0]!);
  await page.reload();
  await begin("import threading\nt = threading.Thread(target=print, args=['without a server'])\nt.start(); t.join()");
  await shows("\nwithout a server\n");
});
