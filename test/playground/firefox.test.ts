import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { fileURLToPath } from "node:url";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { copyRuntime, HEADERS } from "../../scripts/playground.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";
import { INTERRUPTED, LIMIT, RESTARTED } from "./hangs.js";
import type {} from "./harness.js";

const PATIENCE = 30_000;
let browser: Browser;
let server: Server;
let page: Page;
/** What the page did not catch. */
let troubles: string[];

beforeAll(async () => {
  copyRuntime();
  browser = await puppeteer.launch({ browser: "firefox", executablePath: findBrowser("firefox"), headless: true, timeout: 60_000 });
}, 120_000);
afterAll(() => browser?.close());

beforeEach(async () => {
  // Each test has an address, and so a storage, of its own.
  server = await serveFolder(fileURLToPath(new URL("../../dist/playground", import.meta.url)), HEADERS);
  page = await browser.newPage();
  troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  await state("ready");
});
afterEach(async () => {
  expect(troubles).toEqual([]);
  await page?.close();
  server?.closeAllConnections();
  server?.close();
});

async function state(wanted: string): Promise<void> {
  await page.waitForFunction((text) => globalThis.playground?.state === text, { timeout: PATIENCE, polling: 10 }, wanted);
}

async function shows(text: string): Promise<void> {
  try {
    await page.waitForFunction((wanted) => playground.terminal.text.includes(wanted), { timeout: PATIENCE, polling: 20 }, text);
  } catch (error) {
    throw new Error(`the terminal does not show ${JSON.stringify(text)} but:\n${await page.evaluate(() => playground.terminal.text)}`, { cause: error });
  }
}

/** Runs a program and does not wait for its end. */
async function begin(text: string): Promise<void> {
  await page.evaluate((code) => {
    playground.workspace.write("test.py", code);
    playground.open("test.py");
    playground.terminal.clear();
    document.getElementById("run")!.click();
  }, text);
}

test("Firefox: a program runs its threads at the same time, and asks for a line", async () => {
  // Neither gives up its processor; on one after the other this would not end.
  await begin(`
import threading
turn = [0]
def play(own):
    for _ in range(1000):
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
  await shows("turns: 2000");
  await shows("hello Ada");
  await shows("Done in");
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
  console.log(JSON.stringify(times));
  expect(Object.entries(times).filter(([, time]) => time >= LIMIT)).toEqual([]);
});

test("Firefox: a second visit needs no server", async () => {
  await page.waitForFunction(async () => (await (await caches.open("weft-playground")).match("runtime/python313.zip")) !== undefined, { timeout: 60_000, polling: 100 });
  server.closeAllConnections();
  server.close();
  await page.reload();
  await state("ready");
  await begin("import threading\nt = threading.Thread(target=print, args=['without a server'])\nt.start(); t.join()");
  await shows("\nwithout a server\n");
});
