import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { findBrowser } from "../../scripts/browsers.mjs";
import { CompressedSite } from "./compressed-site.js";
import { BenchError } from "./error.js";
import { memoryAtRest } from "./memory.js";
import { measureMemory, outputOf } from "./process.js";
import { nodeAlone, weft, type Subject } from "./subjects.js";

/** Threads that do nothing, whose memory is measured. */
const IDLE = 32;

/** Prints how long a thread takes from `start()` to its first line of Python where threads have ended before, in milliseconds: the median of 101. */
const START = `
import threading, time
def measure():
    now = []
    thread = threading.Thread(target=lambda: now.append(time.perf_counter()))
    begin = time.perf_counter()
    thread.start()
    thread.join()
    return (now[0] - begin) * 1000
for _ in range(20):
    measure()
print("threads:", sorted(measure() for _ in range(101))[50], flush=True)
`;

/** Starts so many threads that wait, and says so when all of them do. */
const waiting = (threads: number): string => `
import threading
running, end = threading.Semaphore(0), threading.Event()
def wait():
    running.release()
    end.wait()
for _ in range(${threads}):
    threading.Thread(target=wait, daemon=True).start()
for _ in range(${threads}):
    running.acquire()
print("threads: 0", flush=True)
`;

/** The same of workers without anything of ours, in Node: empty modules, as what ours load is one too. */
const WORKERS = `
const { Worker } = require("node:worker_threads");
let running = 0;
const said = () => { running++; if (running === ${IDLE}) { process.stdout.write("threads: 0\\n"); require("node:fs").readSync(0, Buffer.alloc(1)); process.exit(0); } };
const empty = new URL('data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {}); parentPort.postMessage(0);');
for (let i = 0; i < ${IDLE}; i++) new Worker(empty).on("message", said);
`;

/** What threads cost in one host, one of each round. */
export interface ThreadCost {
  readonly host: string;
  /** Of how many idle ones at once the memory was measured. */
  readonly threads: number;
  /** Milliseconds from `start()` to the first line of Python, with a warm pool. */
  readonly start: readonly number[];
  /** Bytes of physical memory for each idle thread beyond the first line of a program. */
  readonly idle: readonly number[];
  /** The same for each worker of the engine's that has nothing to do. */
  readonly worker: readonly number[];
}

/** The number that a program says after "threads:". */
function said(text: string): number {
  const value = Number(/threads: (\S+)/.exec(text)?.[1]);
  if (Number.isNaN(value)) {
    throw new BenchError(`a program about threads said ${JSON.stringify(text)}`);
  }
  return value;
}

/** Measures processes of Node in turns. */
export async function measureNodeThreads(root: string, runtime: string, rounds: number, say: (text: string) => void): Promise<ThreadCost> {
  const [ours, alone] = [weft(root, runtime), nodeAlone(root)];
  const command = (subject: Subject, code: string): Subject["hello"] => ({ ...subject.hello, arguments: [...subject.hello.arguments.slice(0, -1), code] });
  const resident = async (one: Subject["hello"]): Promise<number> => (await measureMemory(one)).resident;
  const stay = "import sys\nsys.stdin.readline()\n";
  const cost = { host: `Node ${process.versions.node}`, threads: IDLE, start: [] as number[], idle: [] as number[], worker: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    cost.start.push(said(await outputOf(command(ours, START))));
    const one = await resident(command(ours, `${waiting(0)}${stay}`));
    cost.idle.push(((await resident(command(ours, `${waiting(IDLE)}${stay}`))) - one) / IDLE);
    const none = await resident(alone.waiting);
    cost.worker.push(((await resident(command(alone, WORKERS))) - none) / IDLE);
    say(`threads in Node: round ${round + 1} of ${rounds}: ${cost.start.at(-1)!.toFixed(2)} ms`);
  }
  return cost;
}

const page = (script: string): string => `<!doctype html><title>threads</title><link rel="icon" href="data:,"><script type="module">\n${script}</script>`;

/** What a page with Python runs comes after its address's "#". */
const PAGES = {
  "/python": page(
    'import { loadWeft } from "/weft/browser/index.js";\nconst weft = await loadWeft({ stdout: (text) => { console.log(text); }, runtime: "/runtime/" });\nawait weft.run(decodeURIComponent(location.hash.slice(1)));',
  ),
  "/workers": page(`
const script = URL.createObjectURL(new Blob(["onmessage = () => {}; postMessage(0);"], { type: "text/javascript" }));
const count = Number(location.hash.slice(1));
globalThis.workers = Array.from({ length: count }, () => new Worker(script, { type: "module" }));
await Promise.all(workers.map((worker) => new Promise((resolve) => { worker.onmessage = resolve; })));
console.log("threads: 0");`),
};
const DEADLINE = 120_000;

/** Measures pages of headless Chromium in turns, each in a browser of its own. */
export async function measurePageThreads(root: string, runtime: string, rounds: number, say: (text: string) => void): Promise<ThreadCost> {
  let executablePath: string;
  try {
    executablePath = findBrowser("chromium");
  } catch (error) {
    throw new BenchError((error as Error).message, { cause: error });
  }
  const site = await CompressedSite.start({ weft: join(root, "dist"), runtime }, PAGES);
  const cost = { host: "Chromium", threads: IDLE, start: [] as number[], idle: [] as number[], worker: [] as number[] };
  /** What a page says, and its process's memory afterwards. */
  const visit = async (address: string): Promise<{ said: number; resident: number }> => {
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"], timeout: DEADLINE });
    try {
      cost.host = `Chromium ${browser.version()}`;
      const opened = await browser.newPage();
      const failed = new Promise<never>((_, reject) => {
        opened.on("pageerror", (error) => {
          reject(new BenchError(`${address} failed: ${error.message}`, { cause: error }));
        });
      });
      failed.catch(() => undefined);
      const message = opened.waitForEvent("console", { predicate: (one) => one.text().includes("threads:"), timeout: DEADLINE });
      message.catch(() => undefined);
      await opened.goto(`${site.url}${address}`, { timeout: DEADLINE });
      const text = (await Promise.race([message, failed])).text();
      return { said: said(text), resident: await residentOf(browser) };
    } finally {
      await browser.close();
    }
  };
  try {
    for (let round = 0; round < rounds; round++) {
      cost.start.push((await visit(`/python#${encodeURIComponent(START)}`)).said);
      const one = await visit(`/python#${encodeURIComponent(waiting(0))}`);
      cost.idle.push(((await visit(`/python#${encodeURIComponent(waiting(IDLE))}`)).resident - one.resident) / IDLE);
      const none = await visit("/workers#0");
      cost.worker.push(((await visit(`/workers#${IDLE}`)).resident - none.resident) / IDLE);
      say(`threads in pages: round ${round + 1} of ${rounds}: ${cost.start.at(-1)!.toFixed(2)} ms`);
    }
  } finally {
    site.close();
  }
  return cost;
}

/** Memory of all processes of pages at rest: the browser has some of its own, which do not tell which one the page's is. */
async function residentOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = (await session.send("SystemInfo.getProcessInfo")) as { processInfo: { type: string; id: number }[] };
  let resident = 0;
  for (const { id } of processInfo.filter(({ type }) => type === "renderer")) {
    try {
      resident += (await memoryAtRest(id, AbortSignal.timeout(DEADLINE))).resident;
    } catch (error) {
      if (existsSync(`/proc/${id}`)) {
        throw error;
      }
      // The browser has ended one that it kept for the next page: it has no memory.
    }
  }
  if (resident === 0) {
    throw new BenchError("the browser has no process for its page");
  }
  return resident;
}
