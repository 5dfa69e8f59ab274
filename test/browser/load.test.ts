import { describe, expect, test } from "vitest";
import { RECURSIONS, recursionProgram } from "../runtime/recursions.js";
import { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";
import { ISOLATION } from "./server.js";

const pages = new Pages();

test("Python runs in a page, and writes through callbacks in its order", async () => {
  const result = await pages.run(async () => {
    const written: string[] = [];
    const weft = await weftPython.loadWeft({ stdout: (text) => written.push(`1${text}`), stderr: (text) => written.push(`2${text}`) });
    await weft.run("import sys; print('hello', sys.version_info[:2]); print('error', file=sys.stderr); print('last')");
    const seen = written.join("|");
    // A character in two writes, and another thread's output before the call's end.
    await weft.run("import os, threading; os.write(1, b'\\xf0\\x9f'); os.write(1, b'\\x98\\x80\\n'); t = threading.Thread(target=print, args=['from a thread']); t.start(); t.join()");
    const value = await weft.eval("2**100");
    const sum = weft.attach((py) => py.eval("sum(range(10))").toJs());
    const all = written.map((text) => text.slice(1)).join("");
    await weft.terminate();
    return { seen, all, value: String(value), sum };
  });
  expect(result).toEqual({
    seen: "1hello (3, 13)\n|2error\n|1last\n",
    all: "hello (3, 13)\nerror\nlast\n😀\nfrom a thread\n",
    value: String(2n ** 100n),
    sum: 45,
  });
});

test("without callbacks whole lines go to the console, the last one at the end", async () => {
  const lines: string[] = [];
  await pages.with(async (page) => {
    page.on("console", (message) => lines.push(`${message.type()} ${message.text()}`));
    await importPackage(page);
    await page.evaluate(async () => {
      const weft = await weftPython.loadWeft();
      await weft.run("import sys; print('one\\ntwo'); print('three', file=sys.stderr); print('no end', end='', flush=True)");
      await weft.finalize();
    });
  });
  expect(lines).toEqual(["log one", "log two", "error three", "log no end"]);
});

test("threads that write without end do not stop the page", async () => {
  const { ticks, complete } = await pages.run(async () => {
    let length = 0;
    const weft = await weftPython.loadWeft({ stdout: (text) => { length += text.length; } });
    const abort = new AbortController();
    const running = weft.run("import threading\ndef flood():\n while True: print('x' * 99)\nfor _ in range(2): threading.Thread(target=flood, daemon=True).start()\nflood()", { signal: abort.signal }).catch(String);
    let ticks = 0;
    // How many a second there are is the machine's matter: others use it too.
    for (const end = performance.now() + 15_000; (ticks < 30 || length <= 100_000) && performance.now() < end; ticks++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    abort.abort("enough");
    await running;
    await weft.terminate();
    return { ticks, complete: length > 100_000 };
  });
  expect(complete).toBe(true);
  expect(ticks).toBeGreaterThanOrEqual(30);
});

test("two threads compute at the same time", async () => {
  const result = await pages.run(async () => {
    const weft = await weftPython.loadWeft();
    await weft.run(`
import threading, time
def work(n):
    total = 0
    for i in range(n): total += i
    return total
def seconds(count):
    start = threading.Barrier(count + 1)
    threads = [threading.Thread(target=lambda: (start.wait(), work(2_000_000))) for _ in range(count)]
    for t in threads: t.start()
    start.wait()
    begin = time.perf_counter()
    for t in threads: t.join()
    return time.perf_counter() - begin
# Each waits for the other by spinning, so neither ends unless both run at once.
turns, seen = [0, 0], [0, 0]
def turn(me):
    for i in range(1, 1001):
        turns[me] = i
        while turns[1 - me] < i: pass
        seen[me] += 1
pair = [threading.Thread(target=turn, args=[i]) for i in range(2)]
for t in pair: t.start()
for t in pair: t.join()
seconds(1)
`);
    const result = { seen: await weft.eval("seen"), one: await weft.eval("seconds(1)"), two: await weft.eval("seconds(2)") };
    await weft.terminate();
    return result as { seen: number[]; one: number; two: number };
  });
  expect(result.seen).toEqual([1000, 1000]);
  console.log(`the same work on one thread ${result.one.toFixed(2)} s, twice on two threads ${result.two.toFixed(2)} s`);
});

test("the page attaches while threads spin and the collector stops them", async () => {
  const counts = await pages.run(async () => {
    const weft = await weftPython.loadWeft();
    await weft.run("import threading, gc, time\nstop = False\nlock = threading.Lock()\ndef spin():\n while not stop: pass\ndef collect():\n # A collector without pauses would keep every other thread out.\n while not stop: gc.collect(); time.sleep(0.005)\ndef hold():\n while not stop:\n  with lock: sum(range(100))\nthreads = [threading.Thread(target=f) for f in (spin, collect, hold)]\nfor t in threads: t.start()");
    let attached = 0;
    for (let i = 0; i < 100; i++) {
      weft.attach((py) => {
        attached += py.eval("len([object() for _ in range(10)])").toJs() as number;
        // A lock that another thread holds most of the time: this thread may not block, so it spins.
        py.run("with lock: gc.get_count()");
      });
      weft.tryAttach(() => attached++);
    }
    await weft.run("stop = True\nfor t in threads: t.join()");
    await weft.terminate();
    return attached;
  });
  expect(counts).toBe(1100);
});

describe("standard input", () => {
  test("comes from a callback, and only the thread that reads waits", async () => {
    const result = await pages.run(async () => {
      const waiting: ((line: string | null) => void)[] = [];
      const written: string[] = [];
      const weft = await weftPython.loadWeft({
        stdout: (text) => written.push(text),
        stdin: () => new Promise<string | null>((resolve) => waiting.push(resolve)),
      });
      const answer = async (line: string | null): Promise<void> => {
        while (waiting.length === 0) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        waiting.shift()!(line);
      };
      const running = weft.run("name = input('name? '); print('hello', name)\nfrom concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(1) as pool: second = pool.submit(input).result()\nimport sys\nrest = sys.stdin.read()");
      await answer("Ada");
      await answer("Grace\n");
      // Others run while it waits.
      const meanwhile = weft.attach((py) => py.eval("6 * 7").toJs());
      await answer("añ€😀");
      await answer(null);
      await running;
      const result = [written.join(""), meanwhile, await weft.eval("second"), await weft.eval("rest")];
      await weft.terminate();
      return result;
    });
    expect(result).toEqual(["name? hello Ada\n", 42, "Grace", "añ€😀\n"]);
  });

  test("may be answered at once, has an end, and is empty without a callback", async () => {
    const result = await pages.run(async () => {
      const lines = ["1", "2"];
      const weft = await weftPython.loadWeft({ stdin: () => lines.shift() });
      const sum = await weft.eval("int(input()) + int(input())");
      const end = await weft.run("input()").catch(String);
      await weft.terminate();
      const none = await weftPython.loadWeft();
      const empty = await none.run("input()").catch(String);
      await none.terminate();
      return [sum, end, empty];
    });
    expect(result).toEqual([3, "PyErr: EOFError: EOF when reading a line", "PyErr: EOFError: EOF when reading a line"]);
  });

  test("that is awaited is interrupted, and a late answer is the next reader's", async () => {
    const result = await pages.run(async () => {
      let answer: ((line: string) => void) | undefined;
      const weft = await weftPython.loadWeft({ stdin: () => new Promise<string>((resolve) => { answer = resolve; }) });
      const abort = new AbortController();
      const running = weft.run("input()", { signal: abort.signal }).catch(String);
      while (!answer) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      abort.abort(new Error("enough"));
      const interrupted = await running;
      const later = weft.eval("input()");
      answer("late");
      const line = await later;
      await weft.terminate();
      return [interrupted, line];
    });
    expect(result).toEqual(["Error: enough", "late"]);
  });
});

test.each(["while True: pass", "time.sleep(1000)", "lock.acquire(); lock.acquire()", "queue.Queue().get()"])(
  "is interrupted: %s",
  async (code) => {
    const result = await pages.run(async (source) => {
      let begun!: () => void;
      const beginning = new Promise<void>((resolve) => { begun = resolve; });
      const weft = await weftPython.loadWeft({ stdout: begun });
      const abort = new AbortController();
      await weft.run("import queue, threading, time; lock = threading.Lock()");
      const running = weft.run(`try:\n print('begun', flush=True)\n ${source}\nexcept KeyboardInterrupt: caught = True; raise`, { signal: abort.signal }).catch(String);
      await beginning;
      // Most often it comes meanwhile to what it does.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const begin = performance.now();
      abort.abort(new Error("enough"));
      const end = await running;
      const milliseconds = performance.now() - begin;
      const caught = await weft.eval("caught");
      await weft.terminate();
      return { end, caught, fast: milliseconds < 5000 };
    }, code);
    expect(result).toEqual({ end: "Error: enough", caught: true, fast: true });
  },
);

test("threads run functions of a module", async () => {
  const result = await pages.run(async (base) => {
    const weft = await weftPython.loadWeft();
    const url = new URL("/test/browser/threads/page.mjs", base);
    const sums = await Promise.all([1, 2, 3].map((i) => weft.spawn(url, "add", i, 10).join()));
    const missing = await weft.spawn(new URL("/no/such.mjs", base), "add").join().catch(String);
    await weft.terminate();
    return { sums, missing };
  }, pages.server.url);
  expect(result).toEqual({ sums: [11, 12, 13], missing: expect.stringContaining("Failed to fetch dynamically imported module") as string });
});

test("a thread that the page's own thread starts takes a worker that is ready, or is refused", async () => {
  const result = await pages.run(async () => {
    const weft = await weftPython.loadWeft();
    const start = "import threading\nt = threading.Thread(target=done.append, args=[1])\nt.start()\nt.join()";
    const tried: unknown[] = [];
    const attempt = (): void => {
      try {
        weft.attach((py) => {
          py.run(start);
        });
        tried.push("started");
      } catch (error) {
        tried.push(String(error));
      }
    };
    await weft.run("done = []");
    attempt();
    await weft.run(start);
    attempt();
    const done = await weft.eval("done");
    await weft.terminate();
    return { tried, done };
  });
  expect(result).toEqual({ tried: ["PyErr: RuntimeError: can't start new thread", "started"], done: [1, 1] });
});

/** Four threads are started, or as many as are not refused, when the page's own thread is attached. */
const STARTS = `
import threading
entered = threading.Event()
refused = threading.Event()
let_go = threading.Event()
def starts():
    entered.wait(30)
    outcomes = []
    for _ in range(4):
        thread = threading.Thread(target=let_go.wait)
        try:
            thread.start()
            outcomes.append("started")
        except RuntimeError as error:
            outcomes.append(str(error))
            refused.set()
            break
    let_go.set()
    return outcomes
`;

/** What becomes of threads that Python's main thread starts while the page's own is attached and waits, and afterwards. */
function startsWhile(wait: string): Promise<{ outcomes: unknown; afterwards: unknown }> {
  return pages.run(async ({ code, waiting }) => {
    const weft = await weftPython.loadWeft();
    await weft.run(code);
    const starting = weft.eval("starts()");
    // In this wait the page's thread serves other threads' requests.
    weft.attach((py) => {
      py.run(`entered.set(); ${waiting}`);
    });
    const outcomes = await starting;
    const afterwards = await weft.eval("starts()");
    await weft.terminate();
    return { outcomes, afterwards };
  }, { code: STARTS, waiting: wait });
}

const STARTED = ["started", "started", "started", "started"];

test("a thread that Python starts while the page's own is attached starts when that is detached", async () => {
  // Nobody ends this wait but the clock.
  expect(await startsWhile("refused.wait(0.3)")).toEqual({ outcomes: STARTED, afterwards: STARTED });
});

test("it is refused where the page's own thread waits for it, and can be started afterwards", async () => {
  const { outcomes, afterwards } = await startsWhile("refused.wait(30)");
  expect((outcomes as string[]).at(-1)).toBe("can't start new thread");
  expect(afterwards).toEqual(STARTED);
});

test("modules that TypeScript defines are loaded in every worker", async () => {
  const result = await pages.run(async () => {
    const weft = await weftPython.loadWeft({ modules: ["/test/python/modules/counters.mjs"] });
    await weft.run("import counters, threading\nversions = []\nt = threading.Thread(target=lambda: versions.append(counters.tools.three())); t.start(); t.join()\nversions.append(counters.tools.three())");
    const versions = await weft.eval("versions");
    await weft.terminate();
    const missing = await weftPython.loadWeft({ modules: ["/no/such/module.mjs"] }).then(() => "loaded", String);
    return { versions, missing };
  });
  expect(result.versions).toEqual([3, 3]);
  expect(result.missing).toMatch(/no\/such\/module\.mjs/);
});

test("terminate ends everything at once, and Python is loaded again", async () => {
  const result = await pages.run(async () => {
    const values: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const weft = await weftPython.loadWeft();
      const running = weft.run("import threading\nfor _ in range(4): threading.Thread(target=lambda: exec('while True: pass'), daemon=True).start()\nwhile True: pass").catch(String);
      values.push(await Promise.race([running, weft.attach((py) => py.eval("2 + 2").toJs())]));
      await weft.terminate();
      values.push(await running, weft.lifecycle);
    }
    return values;
  });
  expect(result).toEqual(Array.from({ length: 5 }, () => [4, "Error: Python was terminated", "finalized"]).flat());
});

test("two interpreters in one page have nothing in common", async () => {
  const result = await pages.run(async () => {
    const texts = ["", ""];
    const both = await Promise.all(texts.map((_, i) => weftPython.loadWeft({ stdout: (text) => { texts[i] += text; } })));
    await Promise.all(both.map((weft, i) => weft.run(`x = ${i}\nprint('I am', x)`)));
    const values = await Promise.all(both.map((weft) => weft.eval("x")));
    const attached = both.map((weft) => weft.attach((py) => py.globals().getItem("x").toJs()));
    // Inside of one another, too.
    const nested = both[0]!.attach((a) => both[1]!.attach((b) => [a.eval("x").toJs(), b.eval("x").toJs()]));
    await both[0]!.terminate();
    const survivor = await both[1]!.eval("x + 1");
    await both[1]!.terminate();
    return { texts, values, attached, nested, survivor };
  });
  expect(result).toEqual({ texts: ["I am 0\n", "I am 1\n"], values: [0, 1], attached: [0, 1], nested: [0, 1], survivor: 2 });
});

test("a byte order mark is output like any other, and an error in onProgress does not end the load", async () => {
  const result = await pages.run(async () => {
    let text = "";
    const reported = new Promise<string>((resolve) => {
      const target = globalThis as unknown as EventTarget;
      target.addEventListener("error", (event) => {
        event.preventDefault();
        resolve(String((event as unknown as { error: unknown }).error));
      });
    });
    const weft = await weftPython.loadWeft({
      stdout: (part) => { text += part; },
      onProgress: () => {
        throw new Error("in onProgress");
      },
    });
    await weft.run("print('\\ufeffmark')");
    await weft.terminate();
    return [text, await reported];
  });
  expect(result).toEqual(["\ufeffmark\n", "Error: in onProgress"]);
});

test("progress is told from the first byte to the start", async () => {
  const { stages, sizes, growing } = await pages.run(async () => {
    const seen: { stage: string; bytes: number; total: number }[] = [];
    const weft = await weftPython.loadWeft({ onProgress: (progress) => seen.push(progress) });
    await weft.terminate();
    const last = seen.at(-1)!;
    return {
      stages: [...new Set(seen.map(({ stage }) => stage))].sort(),
      sizes: last.bytes === last.total && last.total > 10_000_000,
      growing: seen.every(({ bytes }, i) => i === 0 || bytes >= seen[i - 1]!.bytes),
    };
  });
  expect({ stages, sizes, growing }).toEqual({ stages: ["compile", "download", "ready", "start"], sizes: true, growing: true });
});

test("deep recursion is a RecursionError in the page and in its workers", { timeout: 120_000 }, async () => {
  const result = await pages.run(
    async ({ program, here }) => {
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
    { program: recursionProgram(RECURSIONS, 1_000_000), here: recursionProgram(RECURSIONS, 1_000_000, false) },
  );
  expect(result).toBe("alive 45\nalive 45\nend\n");
});

test("loads in a worker of the page's own", async () => {
  const source = 'import { loadWeft } from "/dist/browser/index.js";\nconst weft = await loadWeft();\npostMessage([await weft.eval("40 + 2"), weft.attach((py) => py.eval("1 + 1").toJs())]);\nawait weft.terminate();\nclose();';
  const server = await pages.serve({ headers: ISOLATION, contents: { "/worker.js": { body: source, headers: { "Content-Type": "text/javascript" } } } });
  const result = await pages.with(
    (page) =>
      page.evaluate(
        `new Promise((resolve, reject) => { const worker = new Worker("/worker.js", { type: "module" }); worker.onmessage = ({ data }) => resolve(data); worker.onerror = (event) => reject(new Error(event.message)); })`,
      ),
    server.url,
  );
  expect(result).toEqual([42, 2]);
});
