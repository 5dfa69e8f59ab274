import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type Py, type PyAny } from "./package.js";

const { AttachError, Barrier, Condvar, CriticalSectionError, GuardError, loadWeft, Once, PoisonError, PyMutex, PyOnceLock, PyRwLock, ReentrantError } = api;

const shared = sharedWeft();
const rounds = Number(process.env.WEFT_SYNC_ROUNDS ?? 1);
const repeats = rounds - 1;
const DEADLINE = 30_000;

function start<T = unknown>(name: string, ...values: readonly unknown[]): Promise<T> {
  return shared.weft.spawn<T>(threadModule("sync.mjs"), name, ...values).join();
}

/** An owned reference to the value of an expression. */
function make(code: string): Py<PyAny> {
  return shared.weft.attach((py) => py.eval(code, py.dict()).unbind());
}

/** Another reference, to give away. */
function copy(object: Py<PyAny>): Py<PyAny> {
  return shared.weft.attach((py) => object.cloneRef(py));
}

const CELL = "type('Cell', (), {})()";

/** Words of the guest's memory with these values. Tests of locks are what guards them. */
function words(...values: number[]): number {
  const { functions, memory } = shared.weft.realm;
  const address = functions.malloc(4 * values.length);
  values.forEach((value, i) => {
    memory.setWord(address + 4 * i, value);
  });
  return address;
}

const word = (address: number): number => Atomics.load(shared.weft.realm.memory.words(address), address >>> 2);

/** Waits for others without stopping the event loop that they need to start. */
async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error("waited too long");
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("PyMutex", () => {
  test("lets waiters detach, so that its holder can collect garbage", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    const holder = start("holdUntilWaiters", mutex.share(), 3, false);
    await eventually(() => {
      using guard = mutex.tryLock();
      return guard === undefined;
    });
    const waiters = [1, 2, 3].map(() => start("lockAttached", mutex.share()));
    await holder;
    expect(await Promise.all(waiters)).toEqual([1, 1, 1]);
    // This realm waits too when it must: nobody holds it now.
    shared.weft.attach((py) => {
      using guard = mutex.lock();
      expect(guard.get(py)!.toJs()).toBe(1);
    });
  });

  test.each([true, false])("excludes: no count is lost (attached: %s)", { timeout: DEADLINE, repeats }, async (attached) => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    await Promise.all([1, 2, 3].map(() => start("count", mutex.share(), 300, attached)));
    expect(mutex.withLock((guard) => shared.weft.attach((py) => guard.get(py)!.toJs()))).toBe(900);
  });

  test("blocks the host realm too, until the holder lets go", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    const holder = start("holdUntilWaiters", mutex.share(), 1, false);
    await eventually(() => {
      using guard = mutex.tryLock();
      return guard === undefined;
    });
    shared.weft.attach((py) => {
      using guard = mutex.lock();
      expect(guard.get(py)!.toJs()).toBe(1);
    });
    await holder;
  });

  test("gives up in time, and tries without waiting", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft);
    using guard = mutex.lock();
    expect(await start("tryWhileHeld", mutex.share())).toEqual([true, true]);
    expect(mutex.waiting).toBe(0);
    expect(guard.held).toBe(true);
  });

  test("is poisoned by a throw, and recovers", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft, make("0"));
    const holder = start("holdUntilWaiters", mutex.share(), 2, true);
    await eventually(() => {
      using guard = mutex.tryLock();
      return guard === undefined;
    });
    const waiters = [1, 2].map(() => start("lockPoisoned", mutex.share()));
    await expect(holder).rejects.toThrow("on purpose");
    expect(await Promise.all(waiters)).toEqual([true, true]);
    expect(mutex.isPoisoned).toBe(true);
    expect(() => mutex.lock()).toThrow(PoisonError);
    {
      using guard = mutex.recover();
      expect(guard.wasPoisoned).toBe(true);
      shared.weft.attach((py) => {
        guard.set(py, 7);
      });
      mutex.clearPoison();
    }
    expect(await start("lockAttached", mutex.share())).toBe(7);
  });

  test("says so when a thread would wait for itself", () => {
    using mutex = PyMutex.create(shared.weft);
    using guard = mutex.lock();
    expect(() => mutex.lock()).toThrow(ReentrantError);
    guard.release();
    expect(() => guard.get(undefined as never)).toThrow(GuardError);
    mutex.lock().release();
  });

  test("owns its object and releases it with the last reference", async () => {
    const { weft } = shared;
    const object = make("type('Freed', (), {})()");
    const reference = weft.attach((py) => py.import("weakref").callMethod("ref", object).unbind());
    const mutex = PyMutex.create(weft, object);
    const second = PyMutex.receive(weft, mutex.share());
    mutex.drop();
    expect(() => mutex.lock()).toThrow("dropped before");
    weft.attach((py) => {
      expect(reference.bind(py).call().isNone()).toBe(false);
    });
    second.drop();
    // Whoever drains the pool releases it, which may be the main thread, a moment later.
    await eventually(() =>
      weft.attach((py) => {
        py.import("gc").callMethod("collect");
        return reference.bind(py).call().isNone();
      }),
    );
    expect(() => PyOnceLock.receive(weft, { weftSync: 0, kind: "mutex" })).toThrow("a mutex was received as a once");
  });

  test("a thread that waits for it does not keep Python's own locks from working", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft);
    const lock = make("__import__('threading').Lock()");
    const guard = mutex.lock();
    const waiter = start("blockedByPython", mutex.share(), copy(lock));
    await eventually(() => mutex.waiting === 1);
    shared.weft.attach((py) => {
      expect(lock.bind(py).callMethod("acquire", false).toJs()).toBe(false);
      py.import("gc").callMethod("collect");
    });
    guard.release();
    expect(await waiter).toBe(true);
  });
});

describe("PyOnceLock", () => {
  test.each([0, 1])("makes the value once (%i failures before)", { timeout: DEADLINE, repeats }, async (failing) => {
    using once = PyOnceLock.create(shared.weft);
    using barrier = Barrier.create(shared.weft, 3);
    const failures = make(`[0] * ${failing}`);
    const results = await Promise.all(
      [1, 2, 3].map(() => start<{ made: number; failed: number; value: number }>("getOrInit", once.share(), barrier.share(), 2, copy(failures))),
    );
    const sum = (key: "made" | "failed"): number => results.reduce((total, result) => total + result[key], 0);
    expect(sum("made") - sum("failed")).toBe(1);
    expect(sum("failed")).toBe(failing);
    shared.weft.attach((py) => {
      expect(new Set(results.map((result) => result.value))).toEqual(new Set([once.get(py)!.pointer]));
      expect(once.set(py, 1)).toBe(false);
    });
  });

  test("stays empty after a failure, and says so when it asks for itself", () => {
    using once = PyOnceLock.create(shared.weft);
    shared.weft.attach((py) => {
      expect(() => once.getOrInit(py, () => py.eval("1 / 0"))).toThrow("ZeroDivisionError");
      expect(once.get(py)).toBeUndefined();
      expect(() => once.getOrInit(py, () => once.getOrInit(py, () => 1))).toThrow(ReentrantError);
      expect(once.get(py)).toBeUndefined();
      expect(once.set(py, 5)).toBe(true);
      expect(once.getOrInit(py, () => 6).toJs()).toBe(5);
    });
  });
});

describe("Once", () => {
  test("runs once while the others wait, detached", { timeout: DEADLINE, repeats }, async () => {
    using once = Once.create(shared.weft);
    using barrier = Barrier.create(shared.weft, 3);
    const results = await Promise.all([1, 2, 3].map(() => start<{ runs: number; completed: boolean }>("callOnce", once.share(), barrier.share(), 2, false)));
    expect(results.map((result) => result.runs).sort()).toEqual([0, 0, 1]);
    expect(results.every((result) => result.completed)).toBe(true);
  });

  test("is poisoned for all by a throw, until a forced call succeeds", { timeout: DEADLINE, repeats }, async () => {
    using once = Once.create(shared.weft);
    using barrier = Barrier.create(shared.weft, 3);
    const results = await Promise.all([1, 2, 3].map(() => start<{ runs: number; error: string }>("callOnce", once.share(), barrier.share(), 2, true)));
    expect(results.map((result) => result.error).sort()).toEqual(["PoisonError", "PoisonError", "RangeError"]);
    expect(results.map((result) => result.runs).sort()).toEqual([0, 0, 1]);
    expect(once.isPoisoned).toBe(true);
    expect(() => {
      once.callOnce(() => undefined);
    }).toThrow(PoisonError);
    const states: boolean[] = [];
    const record = ({ poisoned }: { readonly poisoned: boolean }): void => {
      states.push(poisoned);
    };
    expect(() => {
      once.callOnceForce(() => {
        throw new RangeError("again");
      });
    }).toThrow("again");
    once.callOnceForce(record);
    once.callOnceForce(record);
    expect(states).toEqual([true]);
    expect(once.isCompleted).toBe(true);
    expect(() => {
      using inner = Once.create(shared.weft);
      inner.callOnceForce(() => {
        inner.callOnce(() => undefined);
      });
    }).toThrow(ReentrantError);
  });
});

describe("PyRwLock", () => {
  test("lets readers in together", { timeout: DEADLINE, repeats }, async () => {
    using lock = PyRwLock.create(shared.weft, make("'inside'"));
    using barrier = Barrier.create(shared.weft, 3);
    expect(await Promise.all([1, 2, 3].map(() => start("readTogether", lock.share(), barrier.share())))).toEqual(["inside", "inside", "inside"]);
  });

  test("keeps writers alone", { timeout: DEADLINE, repeats }, async () => {
    using lock = PyRwLock.create(shared.weft, make("0"));
    const readers = [1, 2].map(() => start("read", lock.share(), 200));
    const writers = [1, 2].map(() => start("write", lock.share(), 200));
    expect(await Promise.all(readers)).toEqual([0, 0]);
    await Promise.all(writers);
    expect(shared.weft.attach((py) => lock.withRead((guard) => guard.get(py)!.toJs()))).toBe(800);
  });

  test("a writer that waits goes before later readers", { timeout: DEADLINE, repeats }, async () => {
    using lock = PyRwLock.create(shared.weft, make("0"));
    const guard = lock.read();
    const writer = start("write", lock.share(), 1);
    await eventually(() => lock.waiting === 1);
    expect(lock.tryRead()).toBeUndefined();
    guard.release();
    await writer;
    expect(lock.withRead((reading) => shared.weft.attach((py) => reading.get(py)!.toJs()))).toBe(2);
  });

  test("is poisoned by writers only", { timeout: DEADLINE }, async () => {
    using lock = PyRwLock.create(shared.weft);
    expect(() =>
      lock.withRead(() => {
        throw new RangeError("reader");
      }),
    ).toThrow("reader");
    lock.read().release();
    await expect(start("failToWrite", lock.share())).rejects.toThrow("on purpose");
    expect(() => lock.read()).toThrow(PoisonError);
    expect(() => lock.write()).toThrow(PoisonError);
    lock.recover().release();
    lock.clearPoison();
    lock.write().release();
  });
});

describe("Condvar and Barrier", () => {
  test("hand numbers over one by one", { timeout: DEADLINE, repeats }, async () => {
    using mutex = PyMutex.create(shared.weft, make("[]"));
    using condvar = Condvar.create(shared.weft);
    const takers = [1, 2].map(() => start<number[]>("take", mutex.share(), condvar.share(), 50));
    await start("put", mutex.share(), condvar.share(), 100);
    const taken = (await Promise.all(takers)).flat();
    expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("a wait gives up in time and has the mutex again", () => {
    using mutex = PyMutex.create(shared.weft);
    using condvar = Condvar.create(shared.weft);
    using guard = mutex.lock();
    expect(condvar.wait(guard, 5)).toBe(false);
    expect(condvar.waitWhile(guard, () => true, 5)).toBe(false);
    expect(() => mutex.tryLock()).toThrow(ReentrantError);
  });

  test("each round has one leader", { timeout: DEADLINE, repeats }, async () => {
    using barrier = Barrier.create(shared.weft, 3);
    const led = await Promise.all([1, 2, 3].map(() => start<number>("meet", barrier.share(), 50)));
    expect(led.reduce((a, b) => a + b)).toBe(50);
  });
});

describe("critical sections", () => {
  test("no count is lost", { timeout: DEADLINE, repeats }, async () => {
    const cell = make(CELL);
    const count = words(0);
    using barrier = Barrier.create(shared.weft, 3);
    await Promise.all([1, 2, 3].map(() => start("addInSection", barrier.share(), copy(cell), count, 2000)));
    expect(word(count)).toBe(6000);
  });

  test("make operations of CPython's on the object one step", { timeout: DEADLINE, repeats }, async () => {
    // A collection stops the world, which suspends sections: what it may do is not asked here.
    const cell = make("type('Counter', (), {})()");
    shared.weft.attach((py) => {
      py.import("gc").callMethod("disable");
      const object = cell.bind(py);
      object.setAttr("value", 0);
      object.setAttr("values", [0]);
    });
    using barrier = Barrier.create(shared.weft, 3);
    await Promise.all([1, 2, 3].map(() => start("addToAttribute", barrier.share(), copy(cell), 2000)));
    const counts = shared.weft.attach((py) => {
      py.import("gc").callMethod("enable");
      return [cell.bind(py).getAttr("value").toJs(), cell.bind(py).getAttr("values").toJs()];
    });
    expect(counts).toEqual([6000, [6000]]);
  });

  test("of two objects exclude in either order", { timeout: DEADLINE, repeats }, async () => {
    const [a, b] = [make(CELL), make(CELL)];
    const values = words(0, 1);
    using barrier = Barrier.create(shared.weft, 3);
    const orders = [[a, b], [b, a], [a, b]] as const;
    const equal = await Promise.all(orders.map(([x, y]) => start("exchange", barrier.share(), copy(x), copy(y), values, 2000)));
    expect(equal).toEqual([0, 0, 0]);
    expect([word(values), word(values + 4)].sort()).toEqual([0, 1]);
  });

  test("take the same object twice", { timeout: DEADLINE, repeats }, async () => {
    const cell = make(CELL);
    using barrier = Barrier.create(shared.weft, 2);
    const values = words(0, 1);
    expect(await Promise.all([1, 2].map(() => start("exchange", barrier.share(), copy(cell), copy(cell), values, 1000)))).toEqual([0, 0]);
    shared.weft.attach((py) => {
      const bound = cell.bind(py);
      expect(py.withCriticalSection2(bound, bound, () => py.withCriticalSection(bound, () => py.withCriticalSection2(bound, bound, () => 1)))).toBe(1);
    });
  });

  test("of two containers: extending each other is one step", { timeout: DEADLINE, repeats }, async () => {
    const [a, b] = [make(CELL), make(CELL)];
    const x = words(3, 1, 2, 3, 0, 0, 0, 0, 0);
    const y = words(2, 4, 5, 0, 0, 0, 0, 0, 0);
    using barrier = Barrier.create(shared.weft, 2);
    await Promise.all([start("extend", barrier.share(), copy(a), copy(b), x, y), start("extend", barrier.share(), copy(b), copy(a), y, x)]);
    const items = (address: number): number[] => Array.from({ length: word(address) }, (_, i) => word(address + 4 + 4 * i));
    expect([
      [[1, 2, 3, 4, 5], [4, 5, 1, 2, 3, 4, 5]],
      [[1, 2, 3, 4, 5, 1, 2, 3], [4, 5, 1, 2, 3]],
    ]).toContainEqual([items(x), items(y)]);
  });

  test("end also when the call throws", () => {
    shared.weft.attach((py) => {
      const cell = py.eval(CELL);
      for (let i = 0; i < 3; i++) {
        expect(() =>
          py.withCriticalSection(cell, () => {
            throw new RangeError("mine");
          }),
        ).toThrow("mine");
      }
      py.withCriticalSection(cell, () => undefined);
    });
  });

  test("inside of each other, free locks: all are held", () => {
    shared.weft.attach((py) => {
      const [a, b] = [py.eval(CELL), py.eval(CELL)];
      expect(py.withCriticalSection(a, () => py.withCriticalSection(b, () => 1))).toBe(1);
    });
  });

  test("inside of another one, a wait for a lock is refused with both places", { timeout: DEADLINE, repeats }, async () => {
    const [mine, occupied, flag] = [make(CELL), make(CELL), words(0)];
    const other = start("occupy", copy(occupied), flag);
    await eventually(() => word(flag) === 1);
    shared.weft.attach((py) => {
      let caught: unknown;
      const inner = function innerPlace(): void {
        py.withCriticalSection(occupied.bind(py), () => undefined);
      };
      const outer = function outerPlace(): void {
        py.withCriticalSection(mine.bind(py), inner);
      };
      try {
        outer();
      } catch (error) {
        caught = error;
      }
      Atomics.store(shared.weft.realm.memory.words(flag), flag >>> 2, 2);
      expect(caught).toBeInstanceOf(CriticalSectionError);
      const { outer: first, inner: second } = caught as InstanceType<typeof CriticalSectionError>;
      // With source maps a frame is called what its caller calls the function.
      expect(first).toMatch(/outerPlace/);
      expect(second).toMatch(/innerPlace|at call \(.*sync\.test\.ts/);
      expect(second.split("\n").findIndex((line) => line.includes("outerPlace"))).toBeGreaterThan(0);
    });
    await other;
  });

  test("against each other: nobody deadlocks", { timeout: DEADLINE, repeats }, async () => {
    for (const checked of [true, false]) {
      const [a, b, x, y] = [make(CELL), make(CELL), words(0), words(0)];
      using barrier = Barrier.create(shared.weft, 2);
      const results = await Promise.all([start<string>("nest", barrier.share(), copy(a), copy(b), x, y, checked), start<string>("nest", barrier.share(), copy(b), copy(a), y, x, checked)]);
      if (checked) {
        // At least the first to ask meets a held lock.
        expect(results.some((result) => result.includes("would have to wait"))).toBe(true);
      } else {
        expect(results).toEqual(["entered", "entered"]);
      }
    }
  });

  test("inside of another one, a detach shows at the end", () => {
    shared.weft.attach((py) => {
      const [a, b] = [py.eval(CELL), py.eval(CELL)];
      const nested = (checked: boolean): number =>
        py.withCriticalSection(a, () => py.withCriticalSection(b, () => py.detach(() => 1), { checked }), { checked });
      expect(() => nested(true)).toThrow(CriticalSectionError);
      expect(nested(false)).toBe(1);
      // The innermost is held again: nothing to report.
      expect(py.withCriticalSection(a, () => py.detach(() => 1))).toBe(1);
      expect(py.withCriticalSection2(a, b, () => py.detach(() => 1))).toBe(1);
    });
  });
});

test("a thread that has ended waits nowhere: others are woken where its memory is used again", { timeout: DEADLINE, repeats }, async () => {
  // Wakes all that wait at the beginning of a thread's record, for messages, and tells how many these were.
  const waiters = (thread: number): number => Atomics.notify(shared.weft.realm.memory.words(thread) as Int32Array<SharedArrayBuffer>, thread >>> 2);
  for (let i = 0; i < 20; i++) {
    expect(waiters(await start<number>("ident"))).toBe(0);
  }
});

test("Python ends while a thread waits", { timeout: DEADLINE }, async () => {
  const weft = await loadWeft();
  using mutex = PyMutex.create(weft);
  using guard = mutex.lock();
  const waiter = weft.spawn(threadModule("sync.mjs"), "lockAttached", mutex.share()).join();
  const ended = expect(waiter).rejects.toThrow("Python has ended with status 0");
  await eventually(() => mutex.waiting === 1);
  expect(await weft.finalize()).toBe(0);
  await ended;
  expect(guard.held).toBe(true);
  expect(() => weft.attach(() => 1)).toThrow(AttachError);
});
