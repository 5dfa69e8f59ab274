import { expect, test } from "vitest";
import { sharedWeft } from "./harness.js";

const DEADLINE = 60_000;
const shared = sharedWeft();

test("a thread is new, whoever ran in its place before", async () => {
  await shared.weft.run(`
import contextvars, decimal, sys, threading
local, variable, seen = threading.local(), contextvars.ContextVar("reused", default=0), []
def reused_routine():
    seen.append((getattr(local, "x", None), variable.get(), decimal.getcontext().prec, sys.gettrace(), threading.current_thread().name))
    local.x = 1
    variable.set(1)
    decimal.getcontext().prec = 5
    sys.settrace(lambda *_: None)
for i in range(200):
    thread = threading.Thread(target=reused_routine, name=f"reused {i}")
    thread.start()
    thread.join()
    assert not thread.is_alive()
assert seen == [(None, 0, 28, None, f"reused {i}") for i in range(200)], seen
`);
}, DEADLINE);

test("threads that are joined late, by nobody, by several or not at all", async () => {
  await shared.weft.run(`
import _thread, threading, time
done = threading.Semaphore(0)
late = [threading.Thread(target=done.release) for _ in range(20)]
for thread in late: thread.start()
for _ in late: assert done.acquire(timeout=30)
# Longer than a thread waits for another routine.
time.sleep(0.3)
for thread in late:
    assert not thread.is_alive()
    thread.join()
for _ in range(3):
    # Their handles go at once, before they have started, while they run, and after.
    for _ in range(20): threading.Thread(target=done.release, daemon=True).start()
    for _ in range(20): _thread.start_new_thread(done.release, ())
    for _ in range(40): assert done.acquire(timeout=30)
    time.sleep(0.15)
gate = threading.Event()
one = threading.Thread(target=gate.wait)
one.start()
joiners = [threading.Thread(target=one.join) for _ in range(6)]
for thread in joiners: thread.start()
one.join(0.01)
assert one.is_alive()
gate.set()
for thread in (*joiners, one): thread.join(30)
assert not any(thread.is_alive() for thread in (*joiners, one))
`);
}, DEADLINE);

test("threads with stacks of other sizes get those", async () => {
  await shared.weft.run(`
import threading
def deep(n): return 0 if n == 0 else 1 + max(map(deep, [n - 1]))
def stack_routine(levels):
    try: results.append(deep(levels))
    except RecursionError: results.append("too deep")
results, before = [], threading.stack_size()
try:
    for i in range(40):
        # A level of recursion in C takes up to 640 bytes, and each of these is three: the small ones have no room for 60.
        threading.stack_size(65536 if i % 2 else 1 << 20)
        thread = threading.Thread(target=stack_routine, args=(60,))
        thread.start()
        thread.join()
finally:
    threading.stack_size(before)
assert results == [60, "too deep"] * 20, results
`);
}, DEADLINE);

test("many threads start, join and forget threads at once", async () => {
  const { weft } = shared;
  await weft.run(`
import random, threading, time
CREATORS, EACH = 6, 60
counts, failures = [0] * (CREATORS * EACH), []
finished = threading.Semaphore(0)
def storm_routine(index, pause):
    counts[index] += 1
    if pause: time.sleep(pause)
    finished.release()
    if index % 7 == 0: raise SystemExit
def create(number):
    chance = random.Random(number)
    kept = []
    try:
        for i in range(EACH):
            thread = threading.Thread(target=storm_routine, args=(number * EACH + i, chance.choice([0, 0, 0, 0.001])))
            thread.start()
            if chance.random() < 0.4: thread.join()
            elif chance.random() < 0.5: kept.append(thread)
            if chance.random() < 0.05: time.sleep(0.12)
        for thread in kept: thread.join()
        assert not any(thread.is_alive() for thread in kept)
    except BaseException as error:
        failures.append(repr(error))
creators = [threading.Thread(target=create, args=(n,)) for n in range(CREATORS)]
for thread in creators: thread.start()
for thread in creators: thread.join(50)
assert not any(thread.is_alive() for thread in creators), "creators hang"
for _ in counts: assert finished.acquire(timeout=10)
assert not failures, failures
assert counts == [1] * len(counts), counts
`);
}, DEADLINE);

test("threads follow one another while the host realm is busy", async () => {
  const { weft } = shared;
  await weft.run(`
import threading
rounds, stop = bytearray(4), threading.Event()
def following():
    view = memoryview(rounds).cast("I")
    while not stop.is_set():
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        view[0] += 1
    view.release()
`);
  const running = weft.run("following()");
  using buffer = weft.attach((py) => py.eval("rounds").buffer());
  const { array } = buffer;
  const word = new Int32Array(array.buffer, array.byteOffset, 1);
  const count = (): number => Atomics.load(word, 0);
  await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(3);
  // On a busy machine the thread that starts the others may be late, and the one that waits gone: then the host realm is needed once.
  let most = 0;
  for (let attempt = 0; attempt < 40 && most < 50; attempt++) {
    const before = count();
    for (let now = before, since = performance.now(); performance.now() - since < 300 && now - before < 50; ) {
      if (count() !== now) {
        now = count();
        since = performance.now();
      }
    }
    most = Math.max(most, count() - before);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  expect(most).toBeGreaterThanOrEqual(50);
  weft.attach((py) => {
    py.eval("stop").callMethod("set");
  });
  await running;
}, DEADLINE);
