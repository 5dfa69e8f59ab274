import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { expectNoLeak } from "./leaks.js";
import { api, type HostWeft, type Py, type PyAny, type PyMutex as PyMutexType } from "./package.js";

const { AttachError, Barrier, canBlock, Condvar, loadWeft, Once, PanicError, PoisonError, PyMutex, PyOnceLock, PyRwLock, WouldBlockError } = api;

const shared = sharedWeft();
const DEADLINE = 30_000;
const options = { timeout: DEADLINE };

function start<T = unknown>(name: string, ...values: readonly unknown[]): Promise<T> {
  return shared.weft.spawn<T>(threadModule("async.mjs"), name, ...values).join();
}

function sharedWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

function set(words: Int32Array<SharedArrayBuffer>, at: number, value: number): void {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}

/** Waits without keeping the event loop from what the condition needs. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + DEADLINE / 2;
  while (!condition()) {
    if (performance.now() > end) {
      throw new Error(`waited too long until ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** How often the event loop turns until the promise is settled. */
async function turnsUntil<T>(promise: Promise<T>, least: number, then: () => void): Promise<T> {
  for (let turns = 0; turns < least; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  then();
  return promise;
}

function number(mutex: PyMutexType): unknown {
  return mutex.withLock((guard) => shared.weft.attach((py) => guard.get(py)?.toJs()));
}

function make(code: string): Py<PyAny> {
  return shared.weft.attach((py) => py.eval(code, py.dict()).unbind());
}

/** Calls while a thread keeps the world from stopping, and the main thread from going on until it has. */
async function whileStopping(weft: HostWeft, call: (goOn: () => void) => Promise<void>): Promise<void> {
  // The first use of a realm makes types, which may have to stop the world.
  await weft.run("1");
  const words = sharedWords();
  const holding = weft.spawn(threadModule("state.mjs"), "hold", words).join();
  holding.catch(() => undefined);
  await eventually(() => Atomics.load(words, 0) === 1, "the thread holds its attachment");
  const collecting = weft.run("import gc; gc.collect()");
  collecting.catch(() => undefined);
  const { functions } = weft.realm;
  await eventually(() => {
    const refused = functions.weft_attach_now();
    if (refused === 0) {
      functions.weft_detach();
    }
    return refused !== 0;
  }, "the world is being stopped");
  const goOn = (): void => {
    set(words, 1, 1);
  };
  try {
    await call(goOn);
  } finally {
    goOn();
    if (weft.lifecycle === "running") {
      await Promise.all([collecting, holding]);
    }
  }
}

/** Calls as a realm whose thread may not wait. */
async function mayNotBlock(weft: HostWeft, call: () => Promise<void> | void): Promise<void> {
  const before = weft.realm.mayBlock;
  weft.realm.mayBlock = false;
  try {
    await call();
  } finally {
    weft.realm.mayBlock = before;
  }
}

describe("attachAsync", () => {
  test("runs the call attached, later, and gives what it returns or throws", options, async () => {
    const { weft } = shared;
    const seen: string[] = [];
    const attached = weft.attachAsync((py) => {
      seen.push(`called, attached: ${weft.attached}`);
      return py.eval("6 * 7").toJs();
    });
    seen.push("returned");
    expect(await attached).toBe(42);
    expect(seen).toEqual(["returned", "called, attached: true"]);
    expect(weft.attached).toBe(false);
    await expect(weft.attachAsync(() => { throw new RangeError("mine"); })).rejects.toThrow("mine");
    expect(weft.realm.attachCount).toBe(0);
  });

  test("waits for a stopped world while the event loop turns", options, () =>
    whileStopping(shared.weft, async (goOn) => {
      let done = false;
      const attached = [1, 2, 3].map((n) => shared.weft.attachAsync((py) => {
        done = true;
        return py.eval(`${n} * 2`).toJs();
      }));
      const result = await turnsUntil(Promise.all(attached), 20, () => {
        expect(done).toBe(false);
        goOn();
      });
      expect(result).toEqual([2, 4, 6]);
    }));

  test("while threads attach and collect all the time", options, async () => {
    const threads = [1, 2, 3].map((seed) => shared.weft.spawn(threadModule("state.mjs"), "hammer", 3000, seed).join());
    let settled = false;
    const all = Promise.all(threads).finally(() => {
      settled = true;
    });
    let calls = 0;
    while (!settled) {
      expect(await shared.weft.attachAsync((py) => py.list([1, 2]).length())).toBe(2);
      calls++;
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await all;
    expect(calls).toBeGreaterThan(0);
  });

  test("is refused when Python is terminated meanwhile", options, async () => {
    const weft = await loadWeft();
    const ends: unknown[] = [];
    await whileStopping(weft, async () => {
      const waiting = [weft.attachAsync(() => 1), weft.attachAsync(() => 2)];
      const caught = waiting.map((one) => one.catch((error: unknown) => error));
      await turnsUntil(Promise.resolve(), 5, () => undefined);
      await weft.terminate();
      ends.push(...(await Promise.all(caught)));
    });
    expect(ends.map((end) => end instanceof AttachError && end.state)).toEqual(["finalized", "finalized"]);
    await expect(weft.attachAsync(() => 1)).rejects.toThrow(AttachError);
  });

  test("is refused when Python finalizes meanwhile", options, async () => {
    const weft = await loadWeft();
    const words = sharedWords();
    const holding = weft.spawn(threadModule("state.mjs"), "runAttached", words).join().catch(() => undefined);
    await eventually(() => Atomics.load(words, 0) === 1, "the thread runs");
    const ending = weft.finalize();
    await eventually(() => weft.lifecycle === "finalizing", "Python finalizes");
    await expect(weft.attachAsync(() => 1)).rejects.toThrow("Python is finalizing");
    set(words, 1, 1);
    await Promise.all([ending, holding]);
  });
});

describe("a realm that may not wait", () => {
  test("is found out by the engine's answer", () => {
    const mayWait = !("document" in globalThis);
    expect(canBlock()).toBe(mayWait);
    expect(shared.weft.realm.mayBlock).toBe(mayWait);
    const refusing = ((...values: unknown[]) => {
      expect(values.slice(1)).toEqual([0, 1]);
      throw new TypeError("Atomics.wait cannot be called in this context");
    }) as unknown as typeof Atomics.wait;
    expect(canBlock(refusing)).toBe(false);
    expect(() => canBlock((() => { throw new RangeError("other"); }) as unknown as typeof Atomics.wait)).toThrow("other");
  });

  test("attaches at once where it can, and else throws after a second", options, () =>
    mayNotBlock(shared.weft, async () => {
      expect(shared.weft.attach((py) => py.eval("1 + 1").toJs())).toBe(2);
      await whileStopping(shared.weft, async (goOn) => {
        const begin = performance.now();
        expect(() => shared.weft.attach(() => 1)).toThrow(WouldBlockError);
        expect(performance.now() - begin).toBeGreaterThanOrEqual(1000);
        expect(() => shared.weft.attach(() => 1)).toThrow("attachAsync");
        expect(shared.weft.realm.attachCount).toBe(0);
        goOn();
      });
      expect(shared.weft.attach((py) => py.eval("1 + 1").toJs())).toBe(2);
    }));

  test("gives Python code also while attaching is not possible", options, () =>
    mayNotBlock(shared.weft, async () => {
      let given: Promise<unknown> | undefined;
      await whileStopping(shared.weft, async (goOn) => {
        given = shared.weft.eval("6 * 7");
        goOn();
      });
      expect(await given).toBe(42);
    }));

  test("takes free locks, and of others never waits in the guest", options, async () => {
    const { weft } = shared;
    using mutex = PyMutex.create(weft, make("0"));
    using lock = PyRwLock.create(weft);
    using barrier = Barrier.create(weft, 2);
    using condition = Condvar.create(weft);
    const words = sharedWords();
    const holder = start("holdMutex", mutex, words);
    await eventually(() => Atomics.load(words, 0) === 1, "the thread holds the mutex");
    await mayNotBlock(weft, () => {
      expect(lock.withWrite(() => 5)).toBe(5);
      expect(mutex.tryLock()).toBeUndefined();
      expect(mutex.tryLock(20)).toBeUndefined();
      expect(() => mutex.lock()).toThrow(WouldBlockError);
      expect(() => weft.attach(() => mutex.lock())).toThrow("Async");
      expect(() => barrier.wait()).toThrow("waitAsync");
      lock.withWrite((guard) => {
        expect(() => condition.wait(guard)).toThrow(WouldBlockError);
      });
      // Nobody was left in a queue.
      expect([mutex.waiting, lock.waiting, barrier.waiting, condition.waiting]).toEqual([0, 0, 0, 0]);
    });
    set(words, 1, 1);
    // Told by the class: the lock itself went to the thread.
    expect(await holder).toBe(true);
    await mayNotBlock(weft, () => {
      expect(mutex.withLock(() => 6)).toBe(6);
    });
  });
});

describe("PyMutex.lockAsync", () => {
  test("waits for a thread while the event loop turns", options, async () => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    const words = sharedWords();
    const holder = start("holdMutex", mutex, words);
    await eventually(() => Atomics.load(words, 0) === 1, "the thread holds the mutex");
    const locked = mutex.lockAsync();
    expect(mutex.waiting).toBe(1);
    const guard = await turnsUntil(locked, 10, () => {
      set(words, 1, 1);
    });
    expect(guard.held).toBe(true);
    expect(mutex.tryLock).toBeTypeOf("function");
    // Held by this thread: its own synchronous code would wait for ever.
    expect(() => mutex.lock()).toThrow("holds the lock already");
    guard.release();
    await holder;
    expect(mutex.waiting).toBe(0);
  });

  test("excludes asynchronous code of one realm, in the order of its coming", options, async () => {
    using mutex = PyMutex.create(shared.weft);
    const order: number[] = [];
    let inside = 0;
    await Promise.all(
      [0, 1, 2, 3, 4].map((n) =>
        mutex.withLockAsync(async () => {
          inside++;
          await new Promise((resolve) => setTimeout(resolve, 1));
          expect(inside).toBe(1);
          order.push(n);
          inside--;
        }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(mutex.waiting).toBe(0);
  });

  test("loses no count beside threads", { timeout: DEADLINE }, async () => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    const threads = [1, 2, 3].map(() => start("add", mutex, 300));
    const tasks = [1, 2].map(async () => {
      for (let i = 0; i < 100; i++) {
        await mutex.withLockAsync((guard) => shared.weft.attach((py) => guard.set(py, (guard.get(py)!.toJs() as number) + 1)));
      }
    });
    await Promise.all([...threads, ...tasks]);
    expect(number(mutex)).toBe(1100);
  });

  test("poisons when its code throws, and is told of poison", options, async () => {
    using mutex = PyMutex.create(shared.weft);
    await expect(mutex.withLockAsync(async () => { await Promise.resolve(); throw new RangeError("mine"); })).rejects.toThrow("mine");
    expect(mutex.isPoisoned).toBe(true);
    await expect(mutex.lockAsync()).rejects.toThrow(PoisonError);
    mutex.clearPoison();
    (await mutex.lockAsync()).release();
  });

  test("a signal ends the wait and leaves the queue to others", options, async () => {
    using mutex = PyMutex.create(shared.weft);
    const guard = mutex.lock();
    const controller = new AbortController();
    const first = mutex.lockAsync(controller.signal).catch((error: unknown) => error);
    const second = mutex.lockAsync();
    expect(mutex.waiting).toBe(2);
    controller.abort(new RangeError("enough"));
    expect(await first).toMatchObject({ message: "enough" });
    expect(mutex.waiting).toBe(1);
    guard.release();
    (await second).release();
    await expect(mutex.lockAsync(AbortSignal.abort(new RangeError("before")))).rejects.toThrow("before");
    expect(mutex.waiting).toBe(0);
  });

  test("of a lock that is dropped meanwhile gives it back", options, async () => {
    const mutex = PyMutex.create(shared.weft);
    using other = PyMutex.receive(shared.weft, mutex.share());
    const guard = other.lock();
    const waiting = mutex.lockAsync().catch(String);
    mutex.drop();
    guard.release();
    expect(await waiting).toMatch("was dropped while it was waited for");
    other.lock().release();
  });

  test("ends with Python", options, async () => {
    const weft = await loadWeft();
    const mutex = PyMutex.create(weft);
    mutex.lock();
    const waiting = [mutex.lockAsync(), mutex.lockAsync()].map((one) => one.catch((error: unknown) => error));
    await weft.terminate();
    for (const end of await Promise.all(waiting)) {
      expect(end).toBeInstanceOf(AttachError);
    }
    mutex.drop();
  });
});

test("PyRwLock: asynchronous readers share, writers exclude, beside threads", options, async () => {
  const { weft } = shared;
  using lock = PyRwLock.create(weft);
  const readers = await Promise.all([lock.readAsync(), lock.readAsync()]);
  const writing = lock.writeAsync();
  expect(lock.waiting).toBe(1);
  readers.forEach((guard) => {
    guard.release();
  });
  (await writing).release();
  const words = sharedWords();
  const threads = [1, 2].map(() => start("writeAndRead", lock, words, 200));
  const task = (async () => {
    for (let i = 0; i < 100; i++) {
      const guard = await lock.writeAsync();
      words[0]!++;
      await Promise.resolve();
      words[1]!++;
      guard.release();
      const reading = await lock.readAsync();
      expect(words[0]).toBe(words[1]);
      reading.release();
    }
  })();
  await Promise.all([...threads, task]);
  expect([...words]).toEqual([500, 500]);
});

describe("code that runs once", () => {
  test("is waited for, and run by who comes first", options, async () => {
    using once = Once.create(shared.weft);
    const words = sharedWords();
    const runner = start("runOnce", once, words, false);
    await eventually(() => Atomics.load(words, 0) === 1, "the thread runs it");
    let mine = 0;
    const waiting = [1, 2].map(() => once.callOnceAsync(() => { mine++; }));
    await turnsUntil(Promise.all(waiting), 5, () => {
      expect(once.isCompleted).toBe(false);
      set(words, 1, 1);
    });
    await runner;
    expect([mine, once.isCompleted]).toEqual([0, true]);
    using other = Once.create(shared.weft);
    await Promise.all([1, 2, 3].map(() => other.callOnceAsync(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      mine++;
    })));
    expect(mine).toBe(1);
  });

  test("poisons when it throws", options, async () => {
    using once = Once.create(shared.weft);
    await expect(once.callOnceAsync(() => { throw new RangeError("mine"); })).rejects.toThrow("mine");
    await expect(once.callOnceAsync(() => undefined)).rejects.toThrow(PoisonError);
  });

  test("makes a value, after another thread failed to, or gives that thread's", options, async () => {
    const { weft } = shared;
    using lock = PyOnceLock.create(weft);
    const words = sharedWords();
    const thread = start("makeValue", lock, words);
    await eventually(() => Atomics.load(words, 0) === 1, "the thread makes it");
    const value = await turnsUntil(lock.getOrInitAsync(weft, () => "here"), 5, () => {
      set(words, 1, 1);
    });
    expect(weft.attach((py) => value.intoBound(py).toJs())).toBe("by the thread");
    expect(await thread).toBe("by the thread");

    using own = PyOnceLock.create(weft);
    await expect(own.getOrInitAsync(weft, () => { throw new RangeError("mine"); })).rejects.toThrow("mine");
    const made = await Promise.all([1, 2].map((n) => own.getOrInitAsync(weft, (py) => py.list([n]))));
    expect(made.map((one) => weft.attach((py) => one.intoBound(py).toJs()))).toEqual([[1], [1]]);
  });
});

test("Barrier.waitAsync meets threads, once and again", options, async () => {
  using barrier = Barrier.create(shared.weft, 3);
  for (let round = 0; round < 3; round++) {
    const leaders = await Promise.all([start<boolean>("meet", barrier), start<boolean>("meet", barrier), barrier.waitAsync()]);
    expect(leaders.filter(Boolean)).toHaveLength(1);
  }
  const controller = new AbortController();
  const waiting = barrier.waitAsync(controller.signal).catch(String);
  controller.abort(new RangeError("enough"));
  expect(await waiting).toBe("RangeError: enough");
  expect(barrier.waiting).toBe(0);
});

describe("messages between realms", () => {
  test("carry locks as objects of their classes, both ways", options, async () => {
    const { weft } = shared;
    const values = {
      mutex: PyMutex.create(weft, make("1")), lock: PyRwLock.create(weft), condition: Condvar.create(weft),
      barrier: Barrier.create(weft, 1), once: Once.create(weft), onceLock: PyOnceLock.create(weft),
    };
    const { names, mutex } = await start<{ names: string[]; mutex: PyMutexType }>("describe", values);
    expect(names).toEqual(["mutex: PyMutex", "lock: PyRwLock", "condition: Condvar", "barrier: Barrier", "once: Once", "onceLock: PyOnceLock"]);
    expect(mutex).toBeInstanceOf(PyMutex);
    expect([number(mutex), number(values.mutex)]).toEqual([7, 7]);
    mutex.drop();
    expect(number(values.mutex)).toBe(7);
    Object.values(values).forEach((one) => {
      one.drop();
    });
  });

  test("carry messages that were made by hand, as they are", options, async () => {
    using mutex = PyMutex.create(shared.weft);
    using lock = PyRwLock.create(shared.weft);
    using once = PyOnceLock.create(shared.weft);
    expect(await start("receiveByHand", mutex.share(), lock.share(), once.share())).toEqual(["PyMutex", "PyRwLock", "PyOnceLock"]);
  });

  test("free the locks in them when nobody gets them", options, async () => {
    const { weft } = shared;
    const spent: Promise<unknown>[] = [];
    await expectNoLeak(weft, (object, py) => {
      // The object inside is released with the last of its mutex.
      const mutex = PyMutex.create(weft, object.cloneRef(py));
      spent.push(expect(start("absent", mutex)).rejects.toThrow("exports no function"));
      spent.push(expect(start("absent", [mutex.share()])).rejects.toThrow("exports no function"));
      spent.push(expect(start("absent", mutex, () => 1)).rejects.toThrow(/clone/));
      mutex.drop();
    });
    await Promise.all(spent);
  });
});

describe("what a thread throws", () => {
  test("a PanicError arrives as one, with its cause and stack", options, async () => {
    const error = await start("panic").catch((one: unknown) => one as Error);
    expect(error).toBeInstanceOf(PanicError);
    expect(error).toMatchObject({ message: "the invariant is broken", cause: { message: "why" } });
    expect((error as Error).stack).toMatch("async.mjs");
    const through = await start("panicThroughPython").catch((one: unknown) => one);
    expect(through).toBeInstanceOf(PanicError);
    expect(through).toMatchObject({ message: "below Python" });
  });

  test("an error that cannot even be told to Python is a MemoryError there, and nothing breaks", options, () => {
    const { weft } = shared;
    class Unspeakable extends Error {
      override get message(): string {
        throw new Unspeakable();
      }
    }
    const seen = weft.attach((py) => {
      const space = py.dict([["f", py.function(() => { throw new Unspeakable(); }, "f")]]);
      py.run("try:\n    f()\nexcept MemoryError as error:\n    seen = type(error).__name__", space);
      return space.getItem("seen").toJs();
    });
    expect(seen).toBe("MemoryError");
    expect(weft.attach((py) => py.eval("1").toJs())).toBe(1);
  });
});
