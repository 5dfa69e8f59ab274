#!/usr/bin/env node
/** What the playground's thread view costs: processor time of the same Python work with the view open and closed, in turns. */
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium, type CDPSession, type Page } from "playwright-core";
import { findBrowser } from "../../scripts/browsers.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";
import { describeMachine } from "./machine.js";
import { runBench, UsageError } from "./run-bench.js";
import { spread } from "./statistics.js";
import { spreadFigure, table } from "./table.js";

/** Folder of this package, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const DEADLINE = 300_000;
/** Two threads that compute as much each time, and two that wait, as the view shows them. */
const PROGRAM = `
import threading
done = threading.Event()
def work():
    total = 0
    for i in range(12_000_000):
        total += i & 7
threads = [threading.Thread(target=work) for _ in range(2)]
waiting = [threading.Thread(target=done.wait) for _ in range(2)]
for t in threads + waiting: t.start()
for t in threads: t.join()
done.set()
for t in waiting: t.join()
`;

/** Seconds of processor time that the browser's processes have used. */
async function processorTime(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** Runs the program once; processor seconds. */
async function runOnce(page: Page, session: CDPSession, open: boolean): Promise<number> {
  await page.evaluate(`document.getElementById("threads-toggle").getAttribute("aria-expanded") === "${String(!open)}" && document.getElementById("threads-toggle").click()`);
  await page.waitForFunction('playground.state === "ready"', undefined, { timeout: DEADLINE });
  await page.evaluate("playground.terminal.clear()");
  const before = await processorTime(session);
  await page.click("#run");
  await page.waitForFunction('/^Done in/m.test(playground.terminal.text) && playground.state === "ready"', undefined, { timeout: DEADLINE, polling: 250 });
  return (await processorTime(session)) - before;
}

async function run(say: (text: string) => void): Promise<string> {
  let rounds: number;
  try {
    rounds = Number(parseArgs({ options: { rounds: { type: "string", default: "10" } } }).values.rounds);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError("--rounds takes a whole number from 1");
  }
  const server = await serveFolder(join(ROOT, "dist/playground"), HEADERS);
  const browser = await chromium.launch({ executablePath: findBrowser("chromium"), args: ["--no-sandbox", "--disable-gpu"], timeout: DEADLINE });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.playground?.state === "ready"', undefined, { timeout: DEADLINE });
    await page.evaluate(`playground.workspace.write("bench.py", ${JSON.stringify(PROGRAM)}); playground.open("bench.py")`);
    const session = await browser.newBrowserCDPSession();
    // Not counted: engines compile hot code well only after a while.
    await runOnce(page, session, true);
    const closed: number[] = [];
    const open: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const isOpen of round % 2 === 0 ? [false, true] : [true, false]) {
        (isOpen ? open : closed).push(await runOnce(page, session, isOpen));
      }
      say(`round ${round + 1} of ${rounds}: closed ${closed.at(-1)!.toFixed(2)} s, open ${open.at(-1)!.toFixed(2)} s`);
    }
    const { cpu, cores, load, date } = describeMachine();
    return `${cpu}, ${cores} cores, load ${load.toFixed(2)}; Chromium ${browser.version()}; ${date}\nprocessor seconds of all of the browser's processes while a program runs, ${rounds} rounds, median (min..max)\n\n${table([
      ["thread view closed", spreadFigure(spread(closed))],
      ["thread view open", spreadFigure(spread(open))],
      ["open / closed, in each round", spreadFigure(spread(open.map((value, i) => value / closed[i]!)))],
    ])}`;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

await runBench("bench:thread-view", run);
