import { describe, expect, test } from "vitest";
import type { HostWeft } from "../../src/browser.js";
import { FirefoxPages } from "./firefox-pages.js";
import { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";

/** A worker as an application has it, which talks with its page as it likes. It does what it is told. */
const WORKER = `
import { joinWeft } from "/dist/browser/index.js";
let weft;
const COMMANDS = {
  join: async (port) => (weft = await joinWeft(port)).lifecycle,
  twice: (first, second) => Promise.all([joinWeft(first), joinWeft(second)]).then((both) => {
    weft = both[0];
    return both.map((one) => one.attach((py) => py.eval("6 * 7").toJs()));
  }),
  // The ports' other ends have nobody who answers.
  inVain: async (first, second, third) => {
    const ends = await Promise.allSettled([
      joinWeft(first, { signal: AbortSignal.timeout(200) }),
      joinWeft(second, { signal: AbortSignal.timeout(50) }),
      joinWeft(third, { signal: AbortSignal.abort(new RangeError("no more")) }),
    ]);
    return ends.map(({ reason }) => reason.name);
  },
  eval: (code) => weft.attach((py) => py.eval(code).toJs()),
  hammer: (rounds) => {
    for (let i = 0; i < rounds; i++) {
      weft.attach((py) => {
        py.import("__main__").getAttr("shared").callMethod("append", i);
        if (i % 100 === 0) {
          py.import("gc").callMethod("collect");
        }
      });
    }
  },
  thread: () => weft.attach((py) => py.import("threading").callMethod("get_ident").toJs()),
  leave: () => weft.leave().then(() => weft.lifecycle),
  own: () => [typeof self.onmessage, self.name],
};
self.onmessage = async ({ data: { id, command, values } }) => {
  try {
    postMessage({ id, result: await COMMANDS[command](...values) });
  } catch (error) {
    postMessage({ id, error: error.name + ": " + error.message });
  }
};
`;

const PAGE = `
globalThis.ownWorker = () => {
  const worker = new Worker("/own.js", { type: "module", name: "the application's" });
  const waiting = new Map();
  let next = 1;
  worker.onmessage = ({ data: { id, result, error } }) => {
    waiting.get(id)(error ?? result);
    waiting.delete(id);
  };
  const ask = (command, ...values) => new Promise((resolve) => {
    waiting.set(next, resolve);
    worker.postMessage({ id: next++, command, values }, values.filter((value) => value instanceof MessagePort));
  });
  return { ask, join: (weft) => ask("join", weft.joinPort()), end: () => worker.terminate() };
};
`;

interface OwnWorker {
  ask(command: string, ...values: readonly unknown[]): Promise<unknown>;
  join(weft: HostWeft): Promise<unknown>;
  end(): void;
}
declare const ownWorker: () => OwnWorker;

const options = { contents: { "/own.js": { body: WORKER, headers: { "Content-Type": "text/javascript" } } } };
const chromium = new Pages(options);
const firefox = new FirefoxPages(options);

interface AnyPage {
  evaluate<T>(call: string | (() => T | Promise<T>)): Promise<T>;
}

const browsers: Record<string, <T>(call: () => Promise<T>) => Promise<T>> = {
  Chromium: (call) =>
    chromium.with(async (page) => {
      await importPackage(page);
      await page.evaluate(PAGE);
      return page.evaluate(call);
    }),
  Firefox: (call) =>
    firefox.with(async (page) => {
      await importPackage(page);
      await page.evaluate(PAGE);
      return (page as AnyPage).evaluate(call);
    }),
};

describe.each(Object.entries(browsers))("%s", (_, run) => {
  test("workers of the page's own join, attach at once, keep their thread and their messages, leave, and join again", async () => {
    const seen = await run(async () => {
      const weft = await weftPython.loadWeft();
      await weft.run("shared = []");
      const workers = [ownWorker(), ownWorker(), ownWorker()];
      const joined = await Promise.all(workers.map((worker) => worker.join(weft)));
      const own = await workers[0]!.ask("own");
      const ident = await workers[0]!.ask("thread");
      await Promise.all([...workers.map((worker) => worker.ask("hammer", 500)), weft.run("for i in range(500): shared.append(i)")]);
      const count = await weft.eval("len(shared)");
      const same = ident === (await workers[0]!.ask("thread"));
      const left = await Promise.all(workers.map((worker) => worker.ask("leave")));
      const after = await workers[0]!.ask("eval", "1");
      const again = [await workers[0]!.join(weft), await workers[0]!.ask("eval", "len(shared)")];
      await weft.terminate();
      const ended = await workers[0]!.ask("eval", "1");
      workers.forEach((worker) => {
        worker.end();
      });
      return { joined, own, count, same, left, after: String(after), again, ended: String(ended) };
    });
    expect(seen).toEqual({
      joined: ["running", "running", "running"],
      own: ["function", "the application's"],
      count: 2000,
      same: true,
      left: ["finalized", "finalized", "finalized"],
      after: expect.stringContaining("AttachError"),
      again: ["running", 2000],
      ended: expect.stringContaining("AttachError"),
    });
  });

  test("one worker joins two programs; a page and a worker that comes too late are told why they cannot", async () => {
    const seen = await run(async () => {
      const [first, second] = await Promise.all([weftPython.loadWeft(), weftPython.loadWeft()]);
      const worker = ownWorker();
      const both = await worker.ask("twice", first.joinPort(), second.joinPort());
      const page = await weftPython.joinWeft(first.joinPort()).catch(String);
      const late = first.joinPort();
      await Promise.all([first.terminate(), second.terminate()]);
      const end = await worker.ask("join", late);
      worker.end();
      return { both, page, end };
    });
    expect(seen).toEqual({ both: [42, 42], page: expect.stringContaining("joinWeft() is for workers"), end: "Error: Python has ended" });
  });

  test("a signal ends the wait for a realm that does not answer, and another join works then", async () => {
    const seen = await run(async () => {
      const weft = await weftPython.loadWeft();
      const worker = ownWorker();
      const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()];
      const inVain = await worker.ask("inVain", ...channels.map(({ port2 }) => port2));
      const joined = await worker.join(weft);
      const value = await worker.ask("eval", "6 * 7");
      await worker.ask("leave");
      await weft.terminate();
      worker.end();
      return { inVain, joined, value };
    });
    expect(seen).toEqual({ inVain: ["TimeoutError", "TimeoutError", "RangeError"], joined: "running", value: 42 });
  });
});
