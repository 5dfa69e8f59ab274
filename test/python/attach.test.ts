import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type HostWeft } from "./package.js";

const { AttachError, DetachedError, loadWeft } = api;
const state = threadModule("state.mjs");
const DEADLINE = 30_000;

const shared = sharedWeft();

/** Words that all threads see. */
function sharedWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(64));
}

/** Lets the event loop run, which threads need to start, until a word has the value. */
async function until(words: Int32Array<SharedArrayBuffer>, at: number, value: number): Promise<void> {
  const end = Date.now() + DEADLINE;
  for (let now = Atomics.load(words, at); now !== value; now = Atomics.load(words, at)) {
    if (Date.now() > end) {
      throw new Error(`word ${at} stayed ${now} instead of ${value}`);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function set(words: Int32Array<SharedArrayBuffer>, at: number, value: number): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}

async function whileLoaded(use: (weft: HostWeft) => Promise<void>, options = {}): Promise<void> {
  const weft = await loadWeft(options);
  try {
    await use(weft);
  } finally {
    await weft.terminate();
  }
}

describe("the attach count", () => {
  const COUNTS = [0, 1, 2, 2, 1, 0, 1, 0, 1, 2, 0];

  test("goes up and down through nesting, throws and detaching, in the host realm", async () => {
    const { counts } = (await import(state.href)) as { counts(weft: HostWeft): number[] };
    expect(counts(shared.weft)).toEqual(COUNTS);
  });

  test("and in threads at once", async () => {
    const threads = Array.from({ length: 6 }, () => shared.weft.spawn<number[]>(state, "counts"));
    expect(await Promise.all(threads.map((thread) => thread.join()))).toEqual(Array.from({ length: 6 }, () => COUNTS));
  });

  test("stays right while threads hammer and the collector stops them", async () => {
    const threads = Array.from({ length: 6 }, (_, i) => shared.weft.spawn(state, "hammer", 2000, i));
    // The host realm takes part.
    const { hammer } = (await import(state.href)) as { hammer(weft: HostWeft, rounds: number, seed: number): unknown };
    const expected = { thrown: 182, count: 0 };
    expect(hammer(shared.weft, 2000, 9)).toEqual(expected);
    expect(await Promise.all(threads.map((thread) => thread.join()))).toEqual(threads.map(() => expected));
  });
});

test("attaching is refused while the collector visits an object, and drops go to the pool", async () => {
  const { weft } = shared;
  const [object, second] = weft.attach((py) => {
    const list = py.list();
    return [list.toOwned(), list.unbind()];
  });
  const count = (): unknown => weft.attach((py) => py.import("sys").callMethod("getrefcount", object!.bind(py)).toJs());
  const before = count() as number;
  // No object of ours is visited yet: the state that a visit would set.
  weft.realm.attachCount = -1;
  try {
    expect(() => weft.attach(() => 1)).toThrow(DetachedError);
    expect(weft.tryAttach(() => 1)).toBeUndefined();
    second!.drop();
  } finally {
    weft.realm.attachCount = 0;
  }
  await expect.poll(count, { timeout: DEADLINE }).toBe(before - 1);
  object!.drop();
});

describe("detach", () => {
  test("lets the collector stop the world; so does not one that holds the attachment", async () => {
    const { weft } = shared;
    const words = sharedWords();
    const parked = weft.spawn(state, "park", words);
    await until(words, 0, 1);
    // Would wait for the parked thread if it were attached.
    await weft.eval("__import__('gc').collect()");
    set(words, 1, 1);
    expect(await parked.join()).toBe(42);

    const held = sharedWords();
    const holding = weft.spawn(state, "hold", held);
    await until(held, 0, 1);
    const collecting = weft.run("import gc; gc.collect()");
    const first = await Promise.race([collecting.then(() => "collected"), Promise.resolve("held")]);
    expect(first).toBe("held");
    set(held, 1, 1);
    await collecting;
    expect(await holding.join()).toBe(42);
  });

  test("stops a thread that attaches again and again, when another waits for all to stop", { timeout: 90_000 }, async () => {
    for (let i = 0; i < 4; i++) {
      const words = sharedWords();
      const again = shared.weft.spawn<number>(state, "attachUntilStopped", words);
      await until(words, 0, 1);
      await shared.weft.spawn(state, "stopAll", words).join();
      // Its first detach after the request is enough, but the kernel may take the processor from the thread that is about
      // to ask. To be found detached between two rounds, by a look once in a millisecond, takes some fifty of them mostly.
      expect(await again.join()).toBeLessThan(10);
    }
  });

  test("is refused when the thread is not attached", () => {
    const token = shared.weft.attach((py) => py);
    expect(() => token.detach(() => 1)).toThrow(DetachedError);
    shared.weft.attach((py) => {
      py.detach(() => {
        expect(() => py.detach(() => 1)).toThrow(DetachedError);
      });
    });
    expect(shared.weft.realm.attachCount).toBe(0);
  });

  test("gives the attachment back when its closure throws, nested as well", () => {
    shared.weft.attach((py) => {
      const object = py.list([1]);
      expect(() =>
        py.detach(() =>
          shared.weft.attach((inner) =>
            inner.detach(() => {
              throw new RangeError("mine");
            }),
          ),
        ),
      ).toThrow("mine");
      expect(object.length()).toBe(1);
    });
    expect(shared.weft.realm.attachCount).toBe(0);
  });

  test("attaching works inside of a destructor that runs at a scope's end", () => {
    const { weft } = shared;
    const seen: unknown[] = [];
    weft.attach((py) => {
      const space = py.dict([["f", py.function(() => seen.push(weft.attached, weft.attach((inner) => inner.eval("7").toJs())), "f")]]);
      py.run("class D:\n def __del__(self): f()\n", space);
      space.getItem("D").call();
      expect(seen).toEqual([]);
    });
    expect(seen).toEqual([true, 7]);
    expect(weft.attached).toBe(false);
  });
});

describe("start", () => {
  test("several interpreters start at once, and each is ready only after its site modules", { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "weft-site-"));
    try {
      mkdirSync(join(folder, "site"));
      writeFileSync(join(folder, "site", "sitecustomize.py"), "import sys, time\ntime.sleep(0.2)\nsys.site_is_done = True\n");
      const options = { mounts: [{ host: join(folder, "site"), guest: "/site", readOnly: true }], env: { PYTHONPATH: "/site" } };
      const wefts = await Promise.all([loadWeft(options), loadWeft(options), loadWeft()]);
      expect(wefts.map((weft) => weft.lifecycle)).toEqual(["running", "running", "running"]);
      const done = wefts.map((weft) => weft.attach((py) => py.eval("getattr(__import__('sys'), 'site_is_done', False)").toJs()));
      expect(done).toEqual([true, true, false]);
      await Promise.all(wefts.map((weft) => weft.terminate()));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("finalize", () => {
  test("waits until the calls have ended that were given before, and their results are taken", async () => {
    for (let i = 0; i < 5; i++) {
      await whileLoaded(async (weft) => {
        const values = Promise.all([weft.run("one = 1"), weft.eval("one"), weft.globals.get("one"), weft.evalAsync("one + 1")]);
        expect(await weft.finalize()).toBe(0);
        expect(await values).toEqual([undefined, 1, 1, 2]);
      });
    }
  });

  test("waits for a thread that is attached", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      // It runs Python code: one that blocks in JavaScript would also keep the collector waiting.
      const holding = weft.spawn(state, "runAttached", words);
      await until(words, 0, 1);
      const ending = weft.finalize();
      await expect.poll(() => weft.lifecycle, { timeout: DEADLINE }).toBe("finalizing");
      expect(() => weft.attach(() => 1)).toThrow(AttachError);
      set(words, 1, 1);
      expect(await ending).toBe(0);
      expect(weft.lifecycle).toBe("finalized");
      // It left before the end, but whether its message came before the end's is open.
      expect(await holding.join().catch(String)).toSatisfy((end) => end === 42 || /has ended/.test(String(end)));
    }));

  test("waits for a thread that waits inside of Python code", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      const [event, handed] = weft.attach((py) => {
        const made = py.import("threading").callMethod("Event");
        return [made.toOwned(), made.unbind()];
      });
      void weft.spawn(state, "waitInPython", words, handed);
      await until(words, 0, 1);
      await weft.run("import atexit, threading; t = threading.Timer(0.05, lambda: e.set())", { globals: weft.attach((py) => py.dict([["e", event!.bind(py)]]).unbind()) });
      weft.attach((py) => event!.bind(py).callMethod("set"));
      expect(await weft.finalize()).toBe(0);
    }));

  test("a thread that is detached inside of an attach is refused afterwards, and keeps nobody waiting", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      const parked = weft.spawn(state, "park", words);
      const settled = parked.join().then(String, String);
      await until(words, 0, 1);
      const ending = weft.finalize();
      await expect.poll(() => weft.lifecycle, { timeout: DEADLINE }).not.toBe("running");
      set(words, 1, 1);
      expect(await ending).toBe(0);
      expect(await settled).toMatch(/Python is finaliz|has ended/);
    }));

  test("below a call from Python it is waited for, and goes on", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      const settled = weft.spawn(state, "parkInCall", words).join().then(String, String);
      await until(words, 0, 1);
      const ending = weft.finalize();
      await expect.poll(() => weft.lifecycle, { timeout: DEADLINE }).toBe("finalizing");
      set(words, 1, 1);
      expect(await ending).toBe(0);
      expect(await settled).toMatch(/^42$|has ended/);
    }));

  test("ends threads that spin detached", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      const settled = weft.spawn(state, "spinDetached", words).join().then(String, String);
      await until(words, 0, 1);
      expect(await weft.finalize()).toBe(0);
      expect(await settled).toMatch("has ended");
    }));

  test("refuses threads that attach all the time", () =>
    whileLoaded(async (weft) => {
      const words = sharedWords();
      const ends = Array.from({ length: 4 }, () => weft.spawn(state, "attachUntilRefused", words).join().then(String, String));
      await until(words, 0, 4);
      expect(await weft.finalize()).toBe(0);
      for (const end of await Promise.all(ends)) {
        expect(end).toMatch(/^AttachError$|has ended/);
      }
    }));

  test("twice, and afterwards nothing hangs", () =>
    whileLoaded(async (weft) => {
      const kept = weft.attach((py) => py.list().unbind());
      expect(await Promise.all([weft.finalize(), weft.finalize()])).toEqual([0, 0]);
      expect(await weft.finalize()).toBe(0);
      kept.drop();
      await expect(weft.spawn(state, "ok", 1).join()).rejects.toThrow("has ended");
      await expect(weft.run("1")).rejects.toThrow(AttachError);
      expect(weft.tryAttach(() => 1)).toBeUndefined();
    }));

  test("inside of an attach is refused", async () => {
    await expect(shared.weft.attach(() => shared.weft.finalize())).rejects.toThrow("leave it first");
    await expect(shared.weft.attach(() => shared.weft.terminate())).rejects.toThrow("leave it first");
    expect(shared.weft.lifecycle).toBe("running");
  });
});

describe("terminate", () => {
  test("ends threads whatever they do, and tells those who wait", async () => {
    const weft = await loadWeft();
    const kept = weft.attach((py) => py.list().unbind());
    const ends: Promise<string>[] = [];
    const job = weft.run("while True: pass").then(String, String);
    // The one that blocks while attached comes last: whoever stops the world then waits for it.
    for (const what of ["park", "parkInCall", "spinDetached", "spinAttached", "hold"]) {
      const words = sharedWords();
      ends.push(weft.spawn(state, what, words).join().then(String, String));
      await until(words, 0, 1);
    }
    await weft.terminate();
    expect(await Promise.all([...ends, job])).toEqual(Array.from({ length: 6 }, () => "Error: Python was terminated"));
    expect(weft.lifecycle).toBe("finalized");
    expect(() => weft.attach(() => 1)).toThrow(AttachError);
    kept.drop();
    await expect(weft.finalize()).rejects.toThrow("terminated");
    await expect(weft.spawn(state, "ok", 1).join()).rejects.toThrow("terminated");
    await weft.terminate();
  });

  test("takes nothing away from calls that have ended", async () => {
    const weft = await loadWeft();
    await weft.globals.set("one", 1);
    const told = weft.onJob.bind(weft);
    let ends = 3;
    // As the last has ended, before anybody who waits for one of them goes on.
    weft.onJob = (job) => {
      told(job);
      ends--;
      if (ends === 0) {
        void weft.terminate();
      }
    };
    expect(await Promise.all([weft.eval("one"), weft.evalAsync("one"), weft.globals.get("one")])).toEqual([1, 1, 1]);
    expect(weft.lifecycle).toBe("finalized");
  });

  test("while threads start and calls end", async () => {
    for (let i = 0; i < 4; i++) {
      const weft = await loadWeft();
      const ends = Array.from({ length: 4 }, () => weft.spawn(state, "hammer", Infinity, i).join().then(String, String));
      const jobs = Array.from({ length: 20 }, () => weft.eval("1").then(String, String));
      await jobs[i];
      await weft.terminate();
      expect((await Promise.all(jobs)).every((end) => end === "1" || /terminated/.test(end))).toBe(true);
      expect(await Promise.all(ends)).toEqual(ends.map(() => "Error: Python was terminated"));
    }
  });
});

describe("spawn", () => {
  test("at the limit of threads fails in words, and works again when one has been joined", () =>
    whileLoaded(async (weft) => {
      // The main thread is one of the four.
      for (let round = 0; round < 5; round++) {
        const words = [sharedWords(), sharedWords(), sharedWords()];
        const threads = words.map((own) => weft.spawn(state, "park", own));
        await Promise.all(words.map((own) => until(own, 0, 1)));
        await expect(weft.spawn(state, "ok", 1).join()).rejects.toThrow("limit of threads");
        set(words[0]!, 1, 1);
        expect(await threads[0]!.join()).toBe(42);
        expect(await weft.spawn(state, "ok", 5).join()).toBe(5);
        words.forEach((own) => set(own, 1, 1));
        await Promise.all(threads.map((thread) => thread.join()));
      }
    }, { limits: { threads: 4 } }));

  test("many times, one after the other and at once", { timeout: 60_000 }, async () => {
    const { weft } = shared;
    for (let i = 0; i < 40; i++) {
      expect(await weft.spawn(state, "ok", i).join()).toBe(i);
    }
    const threads = Array.from({ length: 24 }, (_, i) => weft.spawn(state, "ok", i));
    expect(await Promise.all(threads.map((thread) => thread.join()))).toEqual(threads.map((_, i) => i));
  });

  test("while Python starts threads too", async () => {
    const { weft } = shared;
    const python = weft.run(
      "import threading\nfor i in range(30):\n t = threading.Thread(target=lambda: None); t.start(); t.join()",
      { globals: weft.attach((py) => py.dict().unbind()) },
    );
    const threads = Array.from({ length: 12 }, (_, i) => weft.spawn(state, "ok", i));
    expect(await Promise.all(threads.map((thread) => thread.join()))).toEqual(threads.map((_, i) => i));
    await python;
  });

  test("of what cannot be copied fails in words, and releases the references beside it", async () => {
    const { weft } = shared;
    const list = weft.attach((py) => py.list().unbind());
    const count = (): unknown => weft.attach((py) => py.import("sys").callMethod("getrefcount", list.bind(py)).toJs());
    const before = count();
    // Whoever takes the pool's list may still be at it.
    const released = async (): Promise<void> => {
      await expect.poll(count, { timeout: DEADLINE }).toBe(before);
    };
    const clone = (): unknown => weft.attach((py) => list.cloneRef(py));
    await expect(weft.spawn(state, "ok", clone(), () => 1).join()).rejects.toThrow(/could not be cloned|can not be cloned/);
    await released();
    await expect(weft.spawn(state, "notCopyable").join()).rejects.toThrow(/could not be cloned|can not be cloned/);
    await expect(weft.spawn(state, "throwsNotCopyable").join()).rejects.toThrow("cannot be copied");
    await expect(weft.spawn(state, "referenceAndFunction", clone()).join()).rejects.toThrow(/could not be cloned|can not be cloned/);
    await released();
    await expect(weft.spawn(state, "absent", clone()).join()).rejects.toThrow("exports no function");
    await released();
    const used = weft.attach((py) => py.list().unbind());
    used.drop();
    await expect(weft.spawn(state, "ok", clone(), used).join()).rejects.toThrow(DetachedError);
    await released();
    list.drop();
  });

  test("a worker that exits is reported", () =>
    whileLoaded(async (weft) => {
      await expect(weft.spawn(state, "exits").join()).rejects.toThrow(/ended before the thread did|crashed/);
    }));
});
