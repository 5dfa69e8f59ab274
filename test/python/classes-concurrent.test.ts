import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { runThreads } from "./python-threads.js";
import { api, type HostWeft, type LoadOptions, type Py, type PyAny } from "./package.js";

const LIMIT = 90_000;
const MODULE = new URL("modules/racing.mjs", import.meta.url);
const shared = sharedWeft({ modules: [MODULE] });

/** Statements on Python's main thread; its threads are other realms. */
const python = (code: string, weft = shared.weft): Promise<void> => runThreads(weft, code);

/** Starts threads of the host's that wait for each other first. */
function spawn<T>(weft: HostWeft, count: number, name: string, object: Py<PyAny> | undefined, ...values: unknown[]): Promise<T[]> {
  return Promise.all(
    weft.attach((py) => {
      const barrier = py.import("threading").callMethod("Barrier", count).unbind() as Py<PyAny>;
      const threads = Array.from({ length: count }, () =>
        weft.spawn<T>(threadModule("classes.mjs"), name, barrier.cloneRef(py), ...(object ? [object.cloneRef(py)] : []), ...values).join(),
      );
      barrier.drop();
      return threads;
    }),
  );
}

function make(code: string): Py<PyAny> {
  return shared.weft.attach((py) => {
    const globals = py.dict([["racing", py.import("racing")]]);
    return py.eval(code, globals).unbind();
  });
}

/** An interpreter that nobody has used. */
async function fresh(call: (weft: HostWeft) => Promise<void>, options: LoadOptions = { modules: [MODULE] }): Promise<void> {
  const weft = await api.loadWeft(options);
  try {
    await call(weft);
  } finally {
    await weft.terminate();
  }
}

describe("borrow checker", () => {
  test("test_thread_safety: the final value is the number of writes that succeeded", { timeout: LIMIT }, () => python(`
import racing
c, done = racing.Base(), []
def writer():
    n = 0
    for _ in range(100):
        try:
            c.step()
            n += 1
        except RuntimeError as e:
            assert str(e).startswith(("Already borrowed (Base.step on this Base", "Already mutably borrowed (Base.step on this Base")), e
    done.append(n)
together(*[writer] * 10)
assert len(done) == 10 and sum(done) == c.value > 0, (done, c.value)
`));

  test("test_thread_safety, by threads of the host's", { timeout: LIMIT }, async () => {
    const cell = make("racing.Base()");
    const done = await spawn<number>(shared.weft, 4, "writers", cell, 500);
    const value = shared.weft.attach((py) => cell.bind(py).getAttr("value").toJs());
    expect(done.reduce((a, b) => a + b)).toBe(value);
    expect(value).toBeGreaterThan(0);
    cell.drop();
  });

  test("test_thread_safety_2: nobody sees one field written and the other not", { timeout: LIMIT }, async () => {
    const pair = make("racing.Pair()");
    const ends = await spawn<{ differed: number; seen: number }>(shared.weft, 3, "pairs", pair, 4000);
    expect(ends.map(({ differed }) => differed)).toEqual([0, 0, 0]);
    expect(ends.reduce((sum, { seen }) => sum + seen, 0)).toBeGreaterThan(0);
    pair.drop();
    await python(`
import racing
p, seen = racing.Pair(), []
def use():
    for i in range(3000):
        try:
            p.set(i)
            seen.append(p.differ())
        except RuntimeError:
            pass
together(use, use, use)
assert seen and not any(seen)
`);
  });

  test("shared borrows of one object are held at once", { timeout: LIMIT }, () => python(`
import racing
c, b = racing.Base(3), threading.Barrier(4)
together(*[lambda: c.meet(b)] * 4)
c.step()
assert c.value == 4
`));

  test("frozen: no borrow, whatever a derived class does", { timeout: LIMIT }, () => python(`
import racing
f, b = racing.Frozen(7), threading.Barrier(3)
together(*[lambda: f.meet(b)] * 3)
t = racing.Thawed(8)
inside, leave = threading.Barrier(2), threading.Barrier(2)
seen = []
def look():
    inside.wait(PATIENCE)
    seen.append((t.id, t.tag))
    for call in (lambda: t.value, lambda: setattr(t, "value", 1), lambda: t.hold(inside, leave)):
        try:
            call()
        except RuntimeError as e:
            seen.append(str(e))
    leave.wait(PATIENCE)
together(lambda: t.hold(inside, leave), look)
assert seen[0] == (8, [8]) and len(seen) == 4, seen
assert all(e.startswith("Already mutably borrowed (Thawed.") and e.endswith("while Thawed.hold has it)") for e in seen[1:]), seen
assert t.value == 1
`));

  test("different objects do not hinder each other", { timeout: LIMIT }, () => python(`
import racing
def own():
    c = racing.Base()
    for _ in range(300): c.step()
    assert c.value == 300
together(own, own, own)
`));
});

describe("unsendable", () => {
  test("use elsewhere is an error, tryBorrow included", { timeout: LIMIT }, async () => {
    await python(`
import racing
l, errors = racing.Local(42), []
assert l.get() == 42
def use():
    for call in (l.get, lambda: l.peer, lambda: setattr(l, "peer", 1), lambda: l.set(1)):
        try:
            call()
        except RuntimeError as e:
            errors.append(str(e))
together(use)
assert errors == ["racing.Local is unsendable, but is used on another thread than the one that made it"] * 4, errors
assert l.get() == 42
keep = sys.modules.setdefault("kept_by_test", type(sys)("kept_by_test"))
keep.local = l
`);
    const local = make("__import__('sys').modules['kept_by_test'].local");
    const errors = await shared.weft.spawn<string[]>(threadModule("classes.mjs"), "foreign", local).join();
    expect(errors).toEqual(Array(5).fill("RuntimeError: racing.Local is unsendable, but is used on another thread than the one that made it"));
    await python("import sys; del sys.modules['kept_by_test']");
  });

  test("so are derived classes, which have the base's state; methods of a base that is not work elsewhere", { timeout: LIMIT }, () => python(`
import racing
class Sub(racing.Heir):
    pass
heir, sub, tied = racing.Heir(3), Sub(4), racing.Tied(6)
def here():
    assert (heir.get(), heir.twice(), heir.extra, sub.twice(), tied.own()) == (3, 6, 3, 8, 6)
here()
heir.set(5)
assert heir.twice() == 10
heir.set(3)
errors = []
def use():
    for call in heir.get, heir.twice, lambda: heir.extra, lambda: heir.set(1), sub.twice, tied.own:
        try:
            call()
        except RuntimeError as e:
            errors.append(str(e))
together(use)
assert errors == [f"{name} is unsendable, but is used on another thread than the one that made it" for name in ["racing.Heir"] * 4 + ["Sub", "racing.Tied"]], errors
together(tied.step, lambda: None)
assert tied.value == 7
here()
refs = [weakref.ref(x) for x in (heir, sub, tied)]
del heir, sub, tied
eventually(lambda: all(r() is None for r in refs), refs)
`));

  test("drop and garbage collection elsewhere let go of the state in its own realm", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    const [list, made] = [make("[]"), make("__import__('threading').Event()")];
    const copies = weft.attach((py) => [list.cloneRef(py), made.cloneRef(py)] as const);
    const owner = weft.spawn<{ during: number; left: number }>(threadModule("classes.mjs"), "owner", ...copies, 20).join();
    const globals = weft.attach((py) => py.dict([["things", list.bind(py)], ["made", made.bind(py)]]).unbind());
    await weft.run("import gc\nassert made.wait(60)\nassert len(things) == 20\nthings.clear()\ngc.collect()", { globals: globals as Py });
    expect(await owner).toEqual({ during: 20, left: 0 });
    [list, made, globals].forEach((one) => one.drop());
  });

  test("a destructor elsewhere is an unraisable error", { timeout: LIMIT }, () => python(`
import racing
errors = []
old, sys.unraisablehook = sys.unraisablehook, lambda u: errors.append(str(u.exc_value))
try:
    gc.disable()
    l = racing.Local(1)
    l.peer = l
    del l
    # A plain last reference would go back to the thread that made the object. The collector's own thread runs this.
    together(gc.collect)
finally:
    gc.enable()
    sys.unraisablehook = old
assert errors == ["racing.Local is unsendable, but is used on another thread than the one that made it"], errors
`));
});

describe("lazy type objects and imports", () => {
  test("racing first uses of a class and its base find one type of each", { timeout: LIMIT }, () =>
    fresh(async (weft) => {
      const sides = await Promise.all([spawn<unknown[]>(weft, 2, "firstUse", undefined, "base"), spawn<unknown[]>(weft, 2, "firstUse", undefined, "sub")]);
      const [first, ...others] = sides.flat();
      expect(first![3]).toBe(true);
      expect(first![1]).toBe(first![2]);
      for (const other of others) {
        expect(other).toEqual(first);
      }
      await python(`
import racing
eventually(lambda: racing.Base.__subclasses__() == [racing.Sub, racing.Tied], racing.Base.__subclasses__())
`, weft);
    }));

  test("a module's body runs once in a concurrent first import", { timeout: LIMIT }, () =>
    fresh(async (weft) => {
      const [first, ...others] = await spawn<number[]>(weft, 4, "firstImport", undefined);
      expect(new Set(first).size).toBe(4);
      expect(others).toEqual([first, first, first]);
    }));

  test("a module that is added while Python threads are busy can be imported by all of them", { timeout: LIMIT }, () =>
    fresh(async (weft) => {
      const busy = python(`
def busy():
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            import racing
        except ModuleNotFoundError:
            sum(range(1000))
        else:
            c = racing.Sub(1)
            assert c.step() == 2 and racing.add(1, 2) == 3
            found.append(id(racing))
            return
found = []
started = __import__("sys").modules.setdefault("busy_started", threading.Event())
together(busy, busy, busy, lambda: started.set())
assert len(found) == 3 and len(set(found)) == 1
`, weft);
      await expect.poll(() => weft.attach((py) => py.import("sys").getAttr("modules").contains("busy_started")), { timeout: 30_000 }).toBe(true);
      await weft.addModule(MODULE);
      await busy;
    }, {}));
});

describe("garbage collection", () => {
  test("cycles of objects that several threads make are collected, while others collect", { timeout: LIMIT }, () => python(`
import racing
refs, stop = [], threading.Event()
def churn():
    for i in range(300):
        a, b = racing.Node("a"), racing.Node("b")
        a.next, b.next = b, [a]
        if i % 10 == 0: refs.append(weakref.ref(a))
def collect():
    for _ in range(10): gc.collect()
together(churn, churn, churn, collect)
eventually(lambda: all(r() is None for r in refs), "objects are left")
assert len(refs) == 90
`));

  test("gc_during_borrow: collections inside of borrows see whole objects", { timeout: LIMIT }, () => python(`
import racing
def own():
    s = racing.Sub()
    s.other = s
    for i in range(10): s.collect()
    assert s.value == 10
    refs.append(weakref.ref(s))
refs = []
together(own, own, own)
eventually(lambda: all(r() is None for r in refs), "objects are left")
`));

  test("drop_during_traversal: references that go while others collect are released once", { timeout: LIMIT }, () => python(`
import racing
log = []
class Thing:
    def __del__(self): log.append(1)
def churn():
    for _ in range(200):
        n = racing.Node("x")
        n.next = Thing()
        n.next = [n, n.next]
        del n
def collect():
    for _ in range(15): gc.collect()
together(churn, churn, collect, collect)
eventually(lambda: len(log) == 400, len(log))
`));

  test("objects die on any thread, and what destructors throw goes to sys.unraisablehook", { timeout: LIMIT }, () => python(`
import racing
log, errors = [], []
old, sys.unraisablehook = sys.unraisablehook, lambda u: errors.append(str(u.exc_value))
try:
    box = [racing.Mortal(log) for _ in range(30)]
    def take():
        for _ in range(10):
            box.pop()
    together(take, take, take)
    eventually(lambda: len(log) == 30 and len(errors) == 30, (len(log), len(errors)))
    gc.disable()
    for _ in range(5):
        cycle = [racing.Mortal(log)]
        cycle.append(cycle)
    del cycle
    idents = []
    together(lambda: (idents.append(threading.get_ident()), gc.collect()))
finally:
    gc.enable()
    sys.unraisablehook = old
assert set(errors) == {"RangeError: on purpose"} and log[30:] == idents * 5, (log, idents)
`));
});

describe("locked", () => {
  test("no increment is lost, and none fails", { timeout: LIMIT }, () => python(`
import racing
l = racing.Locked()
def use():
    for _ in range(500): l.step()
together(use, use, use, use)
assert l.value == 2000, l.value
`));

  test("re-entry on one thread is an error and no deadlock", { timeout: LIMIT }, () => python(`
import racing
l = racing.Locked()
def use():
    try:
        l.again()
    except RuntimeError as e:
        assert str(e) == "Already mutably borrowed (Locked.step on this Locked, while Locked.again has it)", e
    else:
        raise AssertionError("no error")
use()
together(use)
l.step()
assert l.value == 1
`));

  test("those who wait let a collection of the holder's go on", { timeout: LIMIT }, () => python(`
import racing
l, ready, waiting = racing.Locked(), threading.Event(), []
def waiter():
    waiting.append(1)
    # As late as can be seen from outside; whether it waits by then or not, nothing may hang.
    if len(waiting) == 3: ready.set()
    l.step()
together(lambda: l.collect_when(ready), waiter, waiter, waiter)
assert l.value == 4
`));

  test("what a call replaced dies after the lock was given back", { timeout: LIMIT }, () => python(`
import racing
l, seen = racing.Locked(), []
class Last:
    def __del__(self): seen.append(l.value)
def use():
    for _ in range(50): l.put(Last())
together(use, use)
l.put(None)
eventually(lambda: len(seen) == 100, len(seen))
`));
});

describe("gilUsed", () => {
  const enabled = "import sys; assert sys._is_gil_enabled() is ";

  test("takes the GIL for good, and warns once", { timeout: LIMIT }, () =>
    fresh(async (weft) => {
      await python(`
import warnings
assert not sys._is_gil_enabled()
import racing
assert not sys._is_gil_enabled()
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    import racing_gil
assert sys._is_gil_enabled() and racing_gil.one() == 1
[w] = seen
assert w.category is RuntimeWarning and str(w.message).startswith("The global interpreter lock (GIL) has been enabled to load module 'racing_gil'"), w
l = racing.Locked()
def use():
    for _ in range(100): l.step()
together(use, use, use)
assert l.value == 300
`, weft);
      await weft.run(`${enabled}True`);
    }));

  test.each([
    ["PYTHON_GIL=0", { env: { PYTHON_GIL: "0" } }],
    ["-X gil=0", { pythonOptions: ["-X", "gil=0"] }],
  ])("does not where %s says so", { timeout: LIMIT }, (_, options) =>
    fresh(async (weft) => {
      await weft.run(`import warnings\nwarnings.simplefilter('error')\nimport racing_gil\n${enabled}False\nassert racing_gil.one() == 1`);
    }, { ...options, modules: [MODULE] }));

  test("an import by a thread while others are busy", { timeout: LIMIT }, () =>
    fresh(async (weft) => {
      await python(`
import warnings
warnings.simplefilter("ignore")
import racing
stop = threading.Event()
def busy():
    c = racing.Base()
    while not stop.is_set(): c.step()
    c.step()
def load():
    import racing_gil
    assert sys._is_gil_enabled()
    stop.set()
together(busy, busy, load)
`, weft);
    }));
});
