import { describe, expect, test } from "vitest";
import { sharedWeft } from "./harness.js";
import { api } from "./package.js";

const { diagnose, reportThreads } = api;
type Threads = ReturnType<(typeof shared.weft)["threads"]>;

const shared = sharedWeft();

/** Looks until the threads are as wanted; the deadline is the test's. */
async function until(wanted: (threads: Threads) => boolean): Promise<Threads> {
  for (;;) {
    const threads = shared.weft.threads();
    if (wanted(threads)) {
      return threads;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const inside = (threads: Threads, name: string): Threads => threads.filter(({ frames }) => frames.some((frame) => frame.name === name));

describe("threads are seen from outside", () => {
  test("with what they wait for, and where", { timeout: 30_000 }, async () => {
    await shared.weft.run(`
import threading, time, queue
observed_stop = threading.Event()
observed_lock = threading.Lock()
def observed_owner():
    with observed_lock:
        observed_stop.wait()

def observed_waiter():
    observed_lock.acquire()
    observed_lock.release()

def observed_sleeper():
    while not observed_stop.is_set():
        time.sleep(0.02)

def observed_runner():
    n = 0
    while not observed_stop.is_set():
        n += 1

observed = [threading.Thread(target=f) for f in (observed_owner, observed_waiter, observed_sleeper, observed_runner)]
observed[0].start()
while not observed_lock.locked():
    pass
for thread in observed[1:]:
    thread.start()
`);
    const threads = await until((all) => {
      const [owner] = inside(all, "observed_owner");
      const [waiter] = inside(all, "observed_waiter");
      const [sleeper] = inside(all, "observed_sleeper");
      const [runner] = inside(all, "observed_runner");
      return owner?.wait === "lock" && waiter?.wait === "lock" && sleeper?.wait === "sleep" && runner !== undefined && runner.wait === undefined;
    });
    const [owner] = inside(threads, "observed_owner");
    const [waiter] = inside(threads, "observed_waiter");
    expect(waiter!.waitsFor).toBe(owner!.ident);
    expect(waiter!.frames[0]).toEqual({ file: "<string>", line: 10, name: "observed_waiter" });
    expect(inside(threads, "observed_runner")[0]!.attachment).toBe("attached");
    expect(reportThreads(threads)).toContain(`that 0x${owner!.ident.toString(16)} has`);
    await shared.weft.run("observed_stop.set()\nfor thread in observed: thread.join()");
    expect(inside(shared.weft.threads(), "observed_waiter")).toEqual([]);
  });

  test("with the mutex in C that they wait for, and who has it", { timeout: 30_000 }, async () => {
    const { weft } = shared;
    // sqlite keeps a connection's mutex while it calls a function.
    await weft.run(`
import sqlite3, threading
mutex_gate = threading.Event()
mutex_base = sqlite3.connect(":memory:", check_same_thread=False)
mutex_base.create_function("hold", 0, mutex_gate.wait)
def mutex_owner():
    mutex_base.execute("select hold()").fetchall()

def mutex_waiter():
    mutex_base.execute("select 1").fetchall()

mutex_threads = [threading.Thread(target=f) for f in (mutex_owner, mutex_waiter)]
mutex_threads[0].start()
`);
    await until((all) => inside(all, "mutex_owner")[0]?.wait === "lock");
    await weft.run("mutex_threads[1].start()");
    // Python's main thread, which has started it, may still be at work then.
    const threads = await until((all) => inside(all, "mutex_waiter")[0]?.wait === "mutex" && diagnose(all, all).verdict !== "livelock or slow");
    const [owner] = inside(threads, "mutex_owner");
    expect(inside(threads, "mutex_waiter")[0]).toMatchObject({ attachment: "detached", waitsFor: owner!.ident });
    expect(reportThreads(threads)).toMatch(new RegExp(`waits for a mutex of the C library \\(0x[0-9a-f]+\\) that 0x${owner!.ident.toString(16)} has`));
    // Nobody of Python's could end it.
    expect(diagnose(threads, threads)).toEqual({ verdict: "deadlock", cycle: [] });
    await weft.run("mutex_gate.set()\nfor thread in mutex_threads: thread.join()");
  });

  test("without stopping them: a program that makes and ends threads all the time goes on", { timeout: 60_000 }, async () => {
    const done = shared.weft.eval(`(lambda rounds: [[t.start() or t for t in [__import__("threading").Thread(target=sum, args=(range(1000),)) for _ in range(4)]] and
      [t.join() for t in __import__("threading").enumerate() if t is not __import__("threading").current_thread() and not t.daemon] for _ in range(rounds)].__len__())(100)`);
    let ended = false;
    void done.finally(() => {
      ended = true;
    });
    let looks = 0;
    while (!ended) {
      for (const { ident, frames } of shared.weft.threads()) {
        expect(ident).toBeGreaterThan(0);
        expect(frames.length).toBeLessThanOrEqual(100);
      }
      looks++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await done).toBe(100);
    expect(looks).toBeGreaterThan(1);
  });

  test("a ring of locks is a deadlock, and names its threads", { timeout: 30_000 }, async () => {
    const weft = await api.loadWeft();
    try {
      await weft.run(`
import threading
a, b, both = threading.Lock(), threading.RLock(), threading.Barrier(2)
def ring_ab():
    with a:
        both.wait()
        with b:
            pass

def ring_ba():
    with b:
        both.wait()
        with a:
            pass

for f in (ring_ab, ring_ba):
    threading.Thread(target=f, daemon=True).start()
`);
      for (;;) {
        const [before, after] = [weft.threads(), weft.threads()];
        const diagnosis = diagnose(before, after);
        if (diagnosis.cycle.length > 0) {
          expect(diagnosis.verdict).toBe("deadlock");
          expect(new Set(diagnosis.cycle)).toEqual(new Set([...inside(after, "ring_ab"), ...inside(after, "ring_ba")].map(({ ident }) => ident)));
          expect(reportThreads(after, diagnosis)).toMatch(/^deadlock: 0x[0-9a-f]+ waits for 0x[0-9a-f]+ waits for 0x/);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      await weft.terminate();
    }
  });

  const waiting = (...names: string[]): Threads => [
    {
      ident: 1,
      attachment: "detached",
      wait: "lock",
      waitObject: 4,
      waitsFor: undefined,
      frames: names.map((name) => ({ file: "/usr/lib/python3.13t/threading.py", line: 1, name })),
    },
  ];

  test("who waits for a thread to start is in no deadlock", () => {
    const starting = waiting("Condition.wait", "Event.wait", "Thread.start");
    expect(diagnose(starting, starting).verdict).toBe("waiting");
    const joining = waiting("Thread.join");
    expect(diagnose(joining, joining).verdict).toBe("deadlock");
  });

  test("a thread that frees what its last frame had is at work", () => {
    const freeing: Threads = [...waiting("Thread.join"), { ident: 2, attachment: "attached", wait: undefined, waitObject: 0, waitsFor: undefined, frames: [] }];
    expect(diagnose(freeing, freeing).verdict).toBe("livelock or slow");
  });
});
