import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type HostWeft, type Py, type PyAny } from "./package.js";

const { loadWeft, PyErr } = api;
const shared = sharedWeft();
const THREADS = threadModule("js.mjs");
const DEADLINE = 30_000;

/** What Python finds as `host.lab`. */
let lab: Record<string, unknown>;

class Point {
  static made = 0;
  x: number;
  y: number;
  constructor(x: number, y: number) {
    Point.made++;
    this.x = x;
    this.y = y;
  }
  sum(factor = 1): number {
    return (this.x + this.y) * factor;
  }
}

beforeEach(() => {
  lab = {
    Point,
    point: new Point(1, 2),
    list: [1, "two", { three: 3 }],
    map: new Map<unknown, unknown>([["a", 1], [2, "b"]]),
    set: new Set([1, 2]),
    identity: (value: unknown) => value,
    kind: (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : value instanceof Map ? "map" : typeof value),
    fail: () => { throw new RangeError("mine"); },
  };
  (globalThis as Record<string, unknown>)["lab"] = lab;
});

afterEach(async () => {
  delete (globalThis as Record<string, unknown>)["lab"];
  await noValuesLeft(shared.weft);
});

setFlagsFromString("--expose-gc");
const bun = (globalThis as { readonly Bun?: { gc(now: boolean): void } }).Bun;
const collect = bun ? () => { bun.gc(true); } : (runInNewContext("gc") as () => void);

/** Python has let go of every value of the host realm's. Errors that JavaScript threw away may still hold some. */
async function noValuesLeft(weft: HostWeft): Promise<void> {
  await expect
    .poll(async () => {
      collect();
      await weft.run("import gc; gc.collect()");
      return weft.attach(() => weft.realm.keptValues);
    }, { timeout: DEADLINE })
    .toBe(0);
}

/** Runs code in a namespace of its own on Python's main thread, and gives `result`. */
async function run(code: string): Promise<unknown> {
  const { weft } = shared;
  const space = weft.attach((py) => py.dict().unbind());
  try {
    await weft.run(`import weft, js\nfrom weft import host\n${code}`, { globals: space });
    return weft.attach((py) => space.bind(py).getItem("result").toJs());
  } finally {
    clear(space);
  }
}

/** The same on this thread, where the host realm's values are at home. */
function runHere(code: string): unknown {
  return shared.weft.attach((py) => {
    const space = py.dict();
    try {
      py.run(`import weft, js\nfrom weft import host\n${code}`, space);
      return space.getItem("result").toJs();
    } finally {
      clear(space.toOwned());
    }
  });
}

/** CPython 3.13 makes functions immortal once there are threads, and with them their globals: those are emptied. */
function clear(space: Py<PyAny>): void {
  shared.weft.attach((py) => {
    space.intoBound(py).callMethod("clear");
  });
}

/** Each operation on values of the host realm: in it, and from Python's main thread. */
describe.each<[string, (code: string) => unknown]>([
  ["on the host realm", runHere],
  ["from another thread", run],
])("a JsProxy %s", (_, execute) => {
  test.each<[string, string, unknown]>([
    ["reads attributes", "host.lab.point.x, host.lab.list[2].three", [1, 3]],
    ["calls methods with their object", "host.lab.point.sum(), host.lab.point.sum(10)", [3, 30]],
    ["calls a method that was taken out", "(lambda f: f(2))(host.lab.point.sum)", 6],
    ["gives immutable values as they are", "[host.lab.identity(v) for v in (None, True, 3, 1.5, 2**70, 'é', b'a')][:6]", [undefined, true, 3, 1.5, 2n ** 70n, "é"]],
    ["gives other values as proxies", "[type(v).__name__ for v in (host.lab.list, host.lab.fail, host.Promise.resolve(1), host.Symbol('s'))]", ["JsProxy", "JsFunction", "JsPromise", "JsProxy"]],
    ["passes containers as copies", "[host.lab.kind(v) for v in ([1], (1,), {'a': 1}, {1: 2}, {1})]", ["array", "array", "object", "map", "object"]],
    ["makes instances", "(lambda p: (p.sum(), isinstance(p, host.lab.Point), isinstance(p, host.Map), isinstance(3, host.Map)))(host.lab.Point.new(3, 4))", [7, true, false, false]],
    ["reads elements", "host.lab.list[0], host.lab.list[-2], len(host.lab.list), 'two' in host.lab.list, 'no' in host.lab.list", [1, "two", 3, true, false]],
    ["reads maps", "host.lab.map['a'], host.lab.map[2], len(host.lab.map), 2 in host.lab.map, list(host.lab.map)", [1, "b", 2, true, ["a", 2]]],
    ["reads sets", "sorted(host.lab.set), 1 in host.lab.set, len(host.lab.set)", [[1, 2], true, 2]],
    ["reads properties as items", "host.lab.point['x'], 'x' in host.lab.point, 'z' in host.lab.point", [1, true, false]],
    ["iterates", "list(host.lab.map.entries())[0].to_py(), [c for c in host.lab.list][1]", [["a", 1], "two"]],
    ["shows itself", "str(host.lab.list), repr(host.lab.point), repr(host.lab.fail), host.lab.fail.__name__", ["1,two,[object Object]", "<js Point: [object Object]>", "<js function fail>", "fail"]],
    ["says its type", "host.lab.fail.typeof, host.lab.list.typeof, host.Symbol.iterator.typeof", ["function", "object", "symbol"]],
    ["is true or not", "[bool(v) for v in (host.lab.point, host.Array.new(), host.Array.new(1), host.lab.fail)]", [true, false, true, true]],
    ["lists its names", "[n in dir(host.lab.point) for n in ('x', 'sum', 'to_py', 'z')]", [true, true, true, false]],
    ["is callable if the value is", "callable(host.lab.fail), callable(host.lab.point)", [true, false]],
    ["is equal to itself only", "host.lab.point == host.lab.point, host.lab.point != host.lab.list, host.lab.point == 3, len({host.lab.point, host.lab.point, host.lab.list})", [true, true, false, 2]],
    ["is equal to what a call gives back", "host.lab.identity(host.lab.point) == host.lab.point, host.globalThis == host", [true, true]],
    ["reads names that Python reserves", "host.Array.from_('ab').to_py(), getattr(host.Array, 'from')(host.lab.set).to_py()", [["a", "b"], [1, 2]]],
    ["takes keyword arguments as a last object", "host.lab.identity(a=1).to_py()", { a: 1 }],
    ["copies to Python", "host.lab.list.to_py(), host.lab.map.to_py(), type(host.lab.list.to_py(depth=1)[2]).__name__, type(host.lab.point.to_py()).__name__", [[1, "two", { three: 3 }], new Map<unknown, unknown>([["a", 1], [2, "b"]]), "JsProxy", "JsProxy"]],
    ["calls Python functions while it runs", "host.Array.from_('abc').map(lambda c, i, all: c * i).to_py()", ["", "b", "cc"]],
  ])("%s", async (_name, code, expected) => {
    expect(await execute(`result = ${code}`)).toEqual(expected);
  });

  test("changes its value", async () => {
    await execute(`
p = host.lab.point
p.x, p["y"] = 10, 20
host.lab.list[-1] = "last"
del host.lab.list[0]
host.lab.map["new"] = p
del host.lab.map[2]
p.gone = 1
del p.gone
result = None`);
    expect(lab["point"]).toMatchObject({ x: 10, y: 20 });
    expect(lab["point"]).not.toHaveProperty("gone");
    expect(lab["list"]).toEqual(["two", "last"]);
    expect(lab["map"]).toEqual(new Map<unknown, unknown>([["a", 1], ["new", lab["point"]]]));
  });

  test.each<[string, string]>([
    ["host.lab.nope", "AttributeError: this JavaScript value has no attribute 'nope'"],
    ["host.lab.point.__nope__", "AttributeError: this JavaScript value has no attribute '__nope__'"],
    ["delattr(host.lab, 'nope')", "AttributeError: this JavaScript value has no attribute 'nope'"],
    ["host.lab.list[3]", "IndexError: index 3 is out of range: the length is 3"],
    ["host.lab.map['no']", "KeyError: 'no'"],
    ["host.lab.point['no']", "KeyError: 'no'"],
    ["len(host.lab.point)", "TypeError: a JavaScript Point has no length"],
    ["iter(host.lab.point)", "TypeError: a JavaScript Point is not iterable"],
    ["host.lab.point()", "TypeError: 'weft.JsProxy' object is not callable"],
    ["host.lab.fail()", "HostError: RangeError: mine"],
    ["weft.create_proxy(3)", "TypeError: create_proxy() takes a callable, not 3"],
    ["weft.run_sync(3)", "TypeError: run_sync() takes a JavaScript promise, not 3"],
  ])("%s raises %s", async (code, text) => {
    expect(await execute(`
try:
    ${code}
except Exception as error:
    result = f"{type(error).__name__}: {error}"
`)).toBe(text);
  });

  test("a JavaScript error has its name, message and stack, and comes back itself", async () => {
    const error = new RangeError("mine");
    lab["fail"] = () => { throw error; };
    expect(await execute(`
try:
    host.lab.fail()
except weft.HostError as e:
    result = e.name, e.message, "js.test" in e.stack, e.host.message, isinstance(e.host, host.RangeError)
`)).toEqual(["RangeError", "mine", true, "mine", true]);
    await expect((async () => await execute("host.lab.fail()"))()).rejects.toBe(error);
  });

  test("an exception of a Python callback goes through JavaScript and stays itself", async () => {
    expect(await execute(`
mine = KeyError("mine")
def fail(*_): raise mine
try:
    host.Array.new(1, 2).forEach(fail)
except KeyError as e:
    result = e is mine
`)).toBe(true);
  });

  test("a function that was only passed is refused after the call, in words", async () => {
    lab["keep"] = (func: unknown) => { lab["kept"] = func; };
    await execute("host.lab.keep(lambda: 1); result = 0");
    expect(() => (lab["kept"] as () => unknown)()).toThrow("passed for the time of one call");
  });

  test("to_js makes containers that JavaScript keeps", async () => {
    expect(await execute("a = weft.to_js([1, [2]], host=True); a.push(3); result = a.length, a[1].typeof, type(weft.to_js([[1]], 1, host=True)[0]).__name__")).toEqual([3, "object", "list"]);
  });
});

describe("import js", () => {
  test("is the realm of the thread that asks", async () => {
    (globalThis as Record<string, unknown>)["where"] = "host";
    try {
      const code = "import js\nresult = getattr(js, 'where', 'worker')";
      expect(runHere(code)).toBe("host");
      expect(await run(code)).toBe("worker");
      await run("js.where = 'main'; result = 0");
      expect(await run("from js import where\nresult = where, js.Math.max(1, 3), 'where' in js, js == js.globalThis, hash(js) == hash(js.globalThis)")).toEqual(["main", 3, true, true, true]);
      const ends = Array.from({ length: 3 }, () => shared.weft.spawn(THREADS, "runWith", code).join());
      expect(await Promise.all(ends)).toEqual(["worker", "worker", "worker"]);
    } finally {
      delete (globalThis as Record<string, unknown>)["where"];
      await run("del js.where; result = 0");
    }
  });

  test("leaves the GIL off", async () => {
    expect(await run("import sys; result = sys._is_gil_enabled()")).toBe(false);
  });

  test("a missing name is an ImportError", async () => {
    expect(await run("try:\n    from js import nope\nexcept ImportError as e: result = type(e).__name__")).toBe("ImportError");
  });
});

describe("threads", () => {
  test("eight Python threads call host functions at once", async () => {
    lab["add"] = (a: number, b: number) => a + b;
    const seen = new Set<number>();
    lab["note"] = (n: number) => { seen.add(n); };
    expect(await run(`
import threading
barrier = threading.Barrier(8)
errors, sums = [], []
def work(n):
    try:
        barrier.wait()
        total = 0
        for i in range(100):
            total += host.lab.add(n, i)
            host.lab.note(n * 1000 + i)
            assert host.lab.identity(host.lab.point) == host.lab.point
            try: host.lab.fail()
            except weft.HostError as e: assert e.message == "mine"
        sums.append(total)
    except BaseException as e:
        errors.append(repr(e))
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
result = errors, sorted(sums)
`)).toEqual([[], Array.from({ length: 8 }, (_, n) => n * 100 + 4950)]);
    expect(seen.size).toBe(800);
  }, 60_000);

  test("a value of a worker is refused on other threads, but can be shown and compared there", async () => {
    const { weft } = shared;
    const [list, leave] = weft.attach((py) => [py.list().unbind(), py.import("threading").callMethod("Event").unbind()]) as [Py<PyAny>, Py<PyAny>];
    const thread = weft.spawn(THREADS, "offer", ...weft.attach((py) => [list.cloneRef(py), leave.cloneRef(py)]));
    await expect.poll(() => weft.attach((py) => list.bind(py).length()), { timeout: DEADLINE }).toBe(2);
    const code = `
def text(f):
    try: return f()
    except RuntimeError as e: return str(e)
func, map = shared
result = text(func), text(lambda: map.size), repr(map), map == shared[1], map == func
`;
    const expected = (end: unknown): void => {
      const [called, read, shown, same, other] = end as unknown[];
      expect(called).toMatch(/^the JavaScript value 'mine' belongs to realm \d+ and cannot be used on a thread of realm \d+$/);
      expect(read).toMatch(/^this JavaScript value belongs to realm \d+ and cannot be used on a thread of realm \d+$/);
      expect(shown).toMatch(/^<weft.JsProxy of realm \d+>$/);
      expect([same, other]).toEqual([true, false]);
    };
    expected(await weft.spawn(THREADS, "runWith", code, weft.attach((py) => list.cloneRef(py))).join());
    const space = weft.attach((py) => py.dict([["shared", list.bind(py)]]).unbind());
    await weft.run(code, { globals: space });
    expected(weft.attach((py) => space.bind(py).getItem("result").toJs()));
    clear(space);
    weft.attach((py) => {
      leave.bind(py).callMethod("set");
    });
    await thread.join();
    list.drop();
    leave.drop();
  });

  test("a host function that py.function() made is called from every thread", async () => {
    const { weft } = shared;
    const func = weft.attach((py) => py.function((x: number) => [x, { y: x }], "pair").unbind());
    const ends = Array.from({ length: 3 }, (_, i) => weft.spawn(THREADS, "runWith", `result = shared(${i})`, weft.attach((py) => func.cloneRef(py))).join());
    expect(await Promise.all(ends)).toEqual([0, 1, 2].map((i) => [i, { y: i }]));
    func.drop();
  });

  test("and so is one of py.rawFunction(), whose result may be an object of its scope", async () => {
    const { weft } = shared;
    const func = weft.attach((py) => py.rawFunction("pair", (token, [x]) => token.tuple([x, token.list([x])])).unbind());
    const ends = Array.from({ length: 3 }, (_, i) => weft.spawn(THREADS, "runWith", `result = shared(${i})`, weft.attach((py) => func.cloneRef(py))).join());
    expect(await Promise.all(ends)).toEqual([0, 1, 2].map((i) => [i, [i]]));
    func.drop();
  });

  test("values that die on other threads are forgotten by an idle host realm", async () => {
    await run("def use(): kept = [host.lab.point, host.lab.list, host.lab.point.sum]; return len(kept)\nresult = use()");
    // Nobody attaches here from now on: an event has to do it.
    await expect.poll(() => shared.weft.realm.keptValues, { timeout: DEADLINE }).toBe(0);
  });
});

describe("waiting", () => {
  test("a signal ends the wait for a promise", async () => {
    const abort = new AbortController();
    lab["never"] = () => {
      setTimeout(() => { abort.abort(new Error("enough")); }, 0);
      return new Promise(() => undefined);
    };
    await expect(shared.weft.run("from weft import host\nhost.lab.never().wait()", { signal: abort.signal })).rejects.toThrow("enough");
    expect(await run("result = host.lab.point.x")).toBe(1);
  });

  test("the interrupted thread gets a KeyboardInterrupt, and a later answer hurts nobody", async () => {
    const abort = new AbortController();
    let settle!: (value: unknown) => void;
    lab["slow"] = () => {
      setTimeout(() => { abort.abort(new Error("enough")); }, 0);
      return new Promise((resolve) => { settle = resolve; });
    };
    await shared.weft.run("from weft import host\ntry: host.lab.slow().wait()\nexcept KeyboardInterrupt: caught = True", { signal: abort.signal });
    expect(await shared.weft.eval("globals().pop('caught')")).toBe(true);
    settle(new Point(1, 1));
    expect(await run("result = host.lab.point.x")).toBe(1);
    await shared.weft.run("del host");
  });

  test("a timeout ends it too", async () => {
    lab["never"] = new Promise(() => undefined);
    expect(await run("try: host.lab.never.wait(0.01)\nexcept TimeoutError as e: result = str(e)")).toBe("the host realm did not answer in time");
    expect(await run("try: host.lab.never.wait(-1)\nexcept ValueError as e: result = str(e)")).toContain("-1");
  });

  test("terminate ends a thread that waits, and what is settled later is ignored", async () => {
    const weft = await loadWeft();
    let settle!: (value: unknown) => void;
    const asked = new Promise<void>((resolve) => {
      lab["slow"] = () => {
        resolve();
        return new Promise((done) => { settle = done; });
      };
    });
    const running = weft.run("from weft import host\nhost.lab.slow().wait()");
    const settled = expect(running).rejects.toThrow("terminated");
    await asked;
    await weft.terminate();
    await settled;
    settle(1);
    await new Promise((resolve) => setTimeout(resolve));
  });

  test("finalize is not held up, and refuses a request that comes too late", async () => {
    const folder = mkdtempSync(join(tmpdir(), "weft-js-"));
    const weft = await loadWeft({ mounts: [{ host: folder, guest: "/out", readOnly: false }] });
    const said: unknown[] = [];
    lab["say"] = (text: unknown) => said.push(text);
    await weft.run(`
import atexit, threading, weft
from weft import host
say = host.lab.say
threading.Thread(target=lambda: say("thread")).start()
def late():
    try: say("late")
    except RuntimeError as e: print(e, file=open("/out/late", "w"))
atexit.register(late)
`);
    expect(await weft.finalize()).toBe(0);
    expect(said).toContain("thread");
    expect(said).not.toContain("late");
    expect(readFileSync(join(folder, "late"), "utf8")).toBe("the host realm answers only while an interpreter runs that loadWeft() started\n");
    rmSync(folder, { recursive: true });
  });
});

describe("promises", () => {
  test("wait gives the value, or raises the reason", async () => {
    const error = new RangeError("no");
    lab["later"] = (value: unknown) => new Promise((resolve) => setTimeout(resolve, 1, value));
    lab["reject"] = () => Promise.reject(error);
    expect(await run(`
def text(f):
    try: return f()
    except weft.HostError as e: return e.message
result = host.lab.later(3).wait(), weft.run_sync(host.lab.later("x"), timeout=30), text(lambda: host.lab.reject().wait())
`)).toEqual([3, "x", "no"]);
    await expect(run("host.lab.reject().wait()")).rejects.toBe(error);
  });

  test("are awaited in asyncio, on several threads at once", async () => {
    lab["later"] = (value: unknown, time: number) => new Promise((resolve) => setTimeout(resolve, time, value));
    lab["reject"] = () => Promise.reject(new RangeError("no"));
    expect(await run(`
import asyncio, threading
async def one(n):
    values = await asyncio.gather(*(host.lab.later(n * 10 + i, 5 - i) for i in range(5)))
    try: await host.lab.reject()
    except weft.HostError as e: values.append(e.message)
    return values
result = [None] * 4
def work(n): result[n] = asyncio.run(one(n))
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
`)).toEqual([0, 1, 2, 3].map((n) => [...Array.from({ length: 5 }, (_, i) => n * 10 + i), "no"]));
  });

  test("a rejection that nobody asks for is unhandled when Python lets go of the promise, not before", async () => {
    const error = new RangeError("no");
    lab["reject"] = () => Promise.reject(error);
    lab["tick"] = () => new Promise((resolve) => setTimeout(resolve, 5));
    // Vitest would take it for a failure of its own.
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const unhandled: unknown[] = [];
    process.on("unhandledRejection", (reason) => { unhandled.push(reason); });
    try {
      expect(await run(`
promise = host.lab.reject()
host.lab.tick().wait()
try: promise.wait()
except weft.HostError as e: result = e.message
del promise
host.lab.tick().wait()
`)).toBe("no");
      expect(unhandled).toEqual([]);
      await run("host.lab.reject(); host.lab.tick().wait(); result = 0");
      await expect.poll(() => unhandled, { timeout: DEADLINE }).toEqual([error]);
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const other of others) {
        process.on("unhandledRejection", other);
      }
    }
  });

  test("a cancelled task does not mind what comes later, nor does a closed loop", async () => {
    let settle!: (value: unknown) => void;
    lab["slow"] = () => new Promise((resolve) => { settle = resolve; });
    expect(await run(`
import asyncio
async def main():
    try: await asyncio.wait_for(host.lab.slow(), 0.01)
    except TimeoutError: return "timeout"
result = asyncio.run(main())
`)).toBe("timeout");
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => { unhandled.push(error); };
    process.on("unhandledRejection", note);
    settle(1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });

  test("those that could never be settled are refused", async () => {
    const code = "try: PROMISE.wait()\nexcept RuntimeError as e: result = str(e)";
    expect(await run(code.replace("PROMISE", "js.Promise.resolve(1)"))).toMatch(/belongs to realm \d+, the worker of this thread/);
    expect(runHere(code.replace("PROMISE", "host.Promise.resolve(1)"))).toContain("wait for it on another thread");
    expect(await run("import asyncio\nasync def f(): await js.Promise.resolve(1)\ntry: asyncio.run(f())\nexcept RuntimeError as e: result = str(e)")).toContain("the worker of this thread");
  });
});

describe("create_proxy", () => {
  test("makes a function that JavaScript keeps and calls from its event loop, on the host realm's thread", async () => {
    const target = new EventTarget();
    lab["target"] = target;
    await run(`
def start():
    import threading
    events, threads = [], []
    def listener(event):
        events.append(event.type)
        threads.append(threading.current_thread() is threading.main_thread())
    host.lab.events, host.lab.threads = weft.create_proxy(lambda: len(events)), weft.create_proxy(lambda: threads)
    host.lab.listener = weft.create_proxy(listener)
    host.lab.target.addEventListener("x", host.lab.listener)
result = start()`);
    target.dispatchEvent(new Event("x"));
    target.dispatchEvent(new Event("x"));
    expect((lab["events"] as () => unknown)()).toBe(2);
    expect((lab["threads"] as () => unknown)()).toEqual([false, false]);
    // The same function each time: it is found again.
    await run("host.lab.target.removeEventListener('x', host.lab.listener); result = 0");
    target.dispatchEvent(new Event("x"));
    expect((lab["events"] as () => unknown)()).toBe(2);
    // Python gets its own object back.
    expect(await run("result = type(host.lab.listener).__name__, host.lab.listener.destroyed")).toEqual(["FunctionProxy", false]);
    await run("for name in ('events', 'threads', 'listener'): getattr(host.lab, name).destroy()\nresult = host.lab.listener.destroyed");
    expect(() => { (lab["listener"] as () => void)(); }).not.toThrow();
  });

  test("what a listener raises goes to sys.unraisablehook, or to JavaScript if that is asked for", async () => {
    await run(`
def start():
    import sys
    seen, hook = [], sys.unraisablehook
    host.lab.seen = weft.create_proxy(lambda: seen)
    host.lab.old = weft.create_proxy(lambda: setattr(sys, "unraisablehook", hook))
    sys.unraisablehook = lambda u: seen.append((type(u.exc_value).__name__, str(u.exc_value)))
    def fail(*_): raise ValueError("no")
    host.lab.quiet, host.lab.loud = weft.create_proxy(fail), weft.create_proxy(fail, throws=True)
result = start()`);
    expect((lab["quiet"] as () => unknown)()).toBeUndefined();
    expect(lab["loud"] as () => unknown).toThrow(PyErr);
    // Below a call of Python's there is somebody to catch it.
    lab["call"] = (func: () => unknown) => func();
    expect(await run("try: host.lab.call(host.lab.quiet)\nexcept ValueError as e: result = str(e)")).toBe("no");
    expect((lab["seen"] as () => unknown)()).toEqual([["ValueError", "no"]]);
    await Promise.reject(new Error("x")).catch(lab["quiet"] as () => void);
    expect((lab["seen"] as () => unknown)()).toHaveLength(2);
    (lab["old"] as () => void)();
    await run("for name in ('seen', 'old', 'quiet', 'loud'): getattr(host.lab, name).destroy()\nresult = 0");
  });

  test("a destroyed one fails loudly, and lets go of the function at once", async () => {
    const code = `
import weakref, gc
class Target:
    def __call__(self): return 1
target = Target()
ref = weakref.ref(target)
with weft.create_proxy(target) as proxy:
    host.lab.loud = weft.create_proxy(target, throws=True, once=True)
    assert host.lab.loud() == 1
    del target
    assert proxy() == 1 and not proxy.destroyed
gc.collect()
def text(f):
    try: return f()
    except RuntimeError as e: return str(e)
result = proxy.destroyed, text(proxy), ref() is None
`;
    expect(await run(code)).toEqual([true, "this proxy of a Python function was destroyed", true]);
    expect(lab["loud"] as () => unknown).toThrow("RuntimeError: this proxy of a Python function was made for one call, or was destroyed");
  });

  test("calling a function whose worker has no thread any more is an error, not a crash", async () => {
    const { weft } = shared;
    await weft.spawn(THREADS, "keep", `
import js, weft
kept = weft.create_proxy(lambda: 1)
js.outcome = "not called"
js.kept = kept
js.setTimeout(js.Function.new("try { kept(); outcome = 'called' } catch (error) { outcome = error.message }"), 0)
`).join();
    const outcomes = async (): Promise<unknown[]> => Promise.all(Array.from({ length: 4 }, () => weft.spawn(THREADS, "found").join()));
    await expect.poll(outcomes, { timeout: DEADLINE }).toContain("a Python function was called in a worker on which no Python thread runs any more");
  });
});

test("eight threads use a proxy and its end at once", async () => {
  expect(await run(`
import threading
proxy = weft.create_proxy(lambda x: x + 1)
host.lab.proxy = proxy
barrier = threading.Barrier(8)
ends = []
def work(n):
    barrier.wait()
    good = 0
    for i in range(50):
        try: good += host.lab.proxy(i) == i + 1
        except RuntimeError as e: assert "destroyed" in str(e), e
        if n == 0 and i == 25: proxy.destroy()
    ends.append(good)
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
result = len(ends), all(g <= 50 for g in ends), proxy.destroyed
`)).toEqual([8, true, true]);
}, 60_000);
