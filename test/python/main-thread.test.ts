import { describe, expect, expectTypeOf, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type Py, type PyAny } from "./package.js";

const { ConversionError, PyErr, t } = api;

const shared = sharedWeft({ modules: [new URL("modules/signals.mjs", import.meta.url)] });

describe("weft.import", () => {
  test("gives a module, the inner one of a dotted name", async () => {
    using module = await shared.weft.import("os.path");
    shared.weft.attach((py) => {
      expect(module.bind(py).callMethod("join", "a", "b").toJs()).toBe("a/b");
      expect(module.bind(py).is(py.import("os.path"))).toBe(true);
    });
  });

  test("runs on Python's main thread, and reports what the module raises", async () => {
    const { weft } = shared;
    await weft.run(`
import sys, importlib.abc, importlib.util, threading
class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.util.spec_from_loader(name, self) if name.startswith("made_here") else None
    def exec_module(self, module):
        if module.__name__ == "made_here_fails": raise KeyError("broken")
        if module.__name__ == "made_here_waits": threading.Event().wait()
        module.main = threading.current_thread() is threading.main_thread()
sys.meta_path.append(Finder())
`);
    using made = await weft.import("made_here");
    expect(weft.attach((py) => made.bind(py).getAttr("main").toJs())).toBe(true);
    await expect(weft.import("made_here_fails")).rejects.toThrow("KeyError: 'broken'");
    await expect(weft.import("no_such_module")).rejects.toThrow("ModuleNotFoundError");
    await expect(weft.import("made_here_waits", { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout|timed out/);
    await expect(weft.import("json", { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });
});

describe("weft.globals", () => {
  test("gets, sets, asks for and deletes names", async () => {
    const { globals } = shared.weft;
    expect(await globals.get("g_missing")).toBeUndefined();
    expect(await globals.has("g_missing")).toBe(false);
    expect(await globals.delete("g_missing")).toBe(false);
    await globals.set("gnames_value", { a: [1, 2] });
    expect(await shared.weft.eval("gnames_value['a'][1]")).toBe(2);
    await shared.weft.run("gnames_none = None");
    expect(await globals.get("gnames_none")).toBeUndefined();
    expect(await globals.has("gnames_none")).toBe(true);
    expect(await globals.has("len")).toBe(false);
    expect(await globals.get("gnames_value")).toEqual({ a: [1, 2] });
    expect((await globals.keys()).filter((name) => name.startsWith("gnames_"))).toEqual(["gnames_value", "gnames_none"]);
    expect(await globals.delete("gnames_none")).toBe(true);
    expect(await globals.has("gnames_none")).toBe(false);
    expect(await globals.keys()).not.toContain("gnames_none");
  });

  test("is in the order of what the main thread is given, and typed by a schema", async () => {
    const { weft } = shared;
    const running = weft.run("import time\ntime.sleep(0.05)\ng_order = [1]");
    const asked = weft.globals.get("g_order", t.list(t.int));
    expectTypeOf(asked).toEqualTypeOf<Promise<number[] | undefined>>();
    expect(await asked).toEqual([1]);
    await running;
    await expect(weft.globals.get("g_order", t.str)).rejects.toThrow("g_order: expected str, got list");
    expect(await weft.globals.get("g_missing", t.str)).toBeUndefined();
    await expect(weft.globals.set("g_symbol", Symbol("s"))).rejects.toThrow(ConversionError);
  });

  test("leaves no reference", async () => {
    const { weft } = shared;
    await weft.run("class GFresh: pass\ng_object = GFresh()\nimport weakref\ng_ref = weakref.ref(g_object)");
    const object = (await weft.globals.get("g_object")) as Py<PyAny>;
    await weft.globals.set("g_other", object);
    object.drop();
    expect(await weft.globals.delete("g_object")).toBe(true);
    expect(await weft.eval("g_ref() is g_other")).toBe(true);
    expect(await weft.globals.delete("g_other")).toBe(true);
    await expect.poll(() => weft.eval("__import__('gc').collect() and None or g_ref() is None"), { timeout: 30_000 }).toBe(true);
  });
});

describe("results by a schema", () => {
  test("of eval", async () => {
    const { weft } = shared;
    const list = weft.eval("[1, 2]", { as: t.list(t.int) });
    expectTypeOf(list).toEqualTypeOf<Promise<number[]>>();
    expect(await list).toEqual([1, 2]);
    await expect(weft.eval("[1, 'x']", { as: t.list(t.int) })).rejects.toThrow("value[1]: expected int, got str 'x'");
  });
});

describe("async code", () => {
  test("await stands outside of functions, and the value of an expression is awaited", async () => {
    const { weft } = shared;
    await weft.runAsync("import asyncio\nawait asyncio.sleep(0.01)\na_done = 1\nasync def a_answer(x):\n await asyncio.sleep(0)\n return [x]");
    expect(await weft.globals.get("a_done")).toBe(1);
    expect(await weft.evalAsync("a_answer(41)")).toEqual([41]);
    expect(await weft.evalAsync("(await a_answer(41))[0] + 1", { as: t.int })).toBe(42);
    expect(await weft.evalAsync("a_done")).toBe(1);
    expect(await weft.evalAsync("asyncio.get_running_loop().create_task(a_answer(3))")).toEqual([3]);
    expect(await weft.evalAsync("asyncio.to_thread(lambda: 7)")).toBe(7);
    const space = weft.attach((py) => py.dict([["x", 5]]).unbind());
    await weft.runAsync("y = x + 1", { globals: space });
    expect(await weft.evalAsync("y", { globals: space })).toBe(6);
    space.drop();
  });

  test("what it raises rejects", async () => {
    const { weft } = shared;
    await expect(weft.runAsync("raise ValueError('in')")).rejects.toThrow("ValueError: in");
    await expect(weft.evalAsync("await")).rejects.toThrow("SyntaxError");
    await weft.run("async def a_fails(): raise KeyError('later')");
    await expect(weft.evalAsync("a_fails()")).rejects.toThrow(PyErr);
  });

  test.each([
    ["a sleep", "await asyncio.sleep(1000)"],
    ["a future that nobody settles", "await asyncio.get_running_loop().create_future()"],
    ["a loop", "while True: pass"],
  ])("an AbortSignal ends %s, and its clean-up runs", async (_, code) => {
    const { weft } = shared;
    const abort = new AbortController();
    await weft.run("import asyncio\na_begun = a_cleaned = False");
    const ended = expect(weft.runAsync(`try:\n a_begun = True\n ${code}\nfinally:\n a_cleaned = True`, { signal: abort.signal })).rejects.toThrow("enough");
    await expect.poll(() => weft.attach((py) => py.globals().getItem("a_begun").toJs()), { timeout: 30_000 }).toBe(true);
    abort.abort(new Error("enough"));
    await ended;
    expect(await weft.globals.get("a_cleaned")).toBe(true);
    expect(await weft.evalAsync("asyncio.sleep(0, 'again')")).toBe("again");
  });
});

test("checkSignals ends TypeScript on Python's main thread, and does nothing on others", { timeout: 90_000 }, async () => {
  const { weft } = shared;
  const words = new Int32Array(new SharedArrayBuffer(8));
  const other = weft.spawn<number>(threadModule("state.mjs"), "askForSignals", words).join();
  await expect.poll(() => Atomics.load(words, 0), { timeout: 30_000 }).toBe(1);
  const globals = weft.attach((py) => py.dict().unbind());
  const abort = new AbortController();
  const asking = weft.run("import asking_for_signals\nbegun = True\nasking_for_signals.ask()", { globals, signal: abort.signal });
  await expect.poll(() => weft.attach((py) => globals.bind(py).contains("begun")), { timeout: 30_000 }).toBe(true);
  abort.abort(new Error("enough"));
  await expect(asking).rejects.toThrow("enough");
  Atomics.store(words, 1, 1);
  expect(await other).toBeGreaterThan(0);
  // On the host realm's thread, too.
  weft.attach((py) => {
    py.checkSignals();
  });
  globals.drop();
});

describe("limits.memory", () => {
  test("is what Python's memory grows to: then there is a MemoryError, and Python goes on", async () => {
    const weft = await api.loadWeft({ limits: { memory: 256 } });
    try {
      await weft.run("kept = bytearray(128 << 20)");
      await expect(weft.run("other = bytearray(128 << 20)")).rejects.toThrow("MemoryError");
      await weft.run("del kept\nother = bytearray(128 << 20)");
      expect(await weft.eval("len(other)")).toBe(128 << 20);
    } finally {
      await weft.terminate();
    }
  });

  test.each([64, 4097, 128.5, "512"])("%j is refused", async (memory) => {
    await expect(api.loadWeft({ limits: { memory: memory as number } })).rejects.toThrow(`can be limited to 128 to 4096 MiB, not to ${memory}`);
  });
});
