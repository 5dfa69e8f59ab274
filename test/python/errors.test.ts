import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type HostWeft, type Py, type PyAny, type PyErr as PyErrType, type Python } from "./package.js";

const { lazyError, PanicError, PyErr } = api;
const state = threadModule("state.mjs");
const shared = sharedWeft();

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("a lazy error", () => {
  test("is made once, when it is needed, and needs no attached thread before", () => {
    let built = 0;
    const error = lazyError((py) => {
      built++;
      return { type: py.builtin("ValueError"), values: ["late"] };
    }, "not yet");
    expect([error.message, error.typeName, error.normalized, built]).toEqual(["not yet", "", false, 0]);
    shared.weft.attach((py) => {
      expect(error.value(py).is(error.value(py))).toBe(true);
      expect(error.matches(py, py.builtin("ValueError"))).toBe(true);
    });
    expect([error.message, error.typeName, error.normalized, built]).toEqual(["ValueError: late", "ValueError", true, 1]);
  });

  test("may be thrown out of a call from Python", () => {
    shared.weft.attach((py) => {
      const func = py.function(() => { throw lazyError((token) => ({ type: token.builtin("KeyError"), values: ["k"] })); }, "f");
      const space = py.dict([["f", func]]);
      py.run("try: f()\nexcept KeyError as e: got = e.args", space);
      expect(space.getItem("got").toJs()).toEqual(["k"]);
    });
  });

  test("whose closure uses it is refused, also through another attach while detached", () => {
    shared.weft.attach((py) => {
      const error: PyErrType = lazyError((token) => ({ type: error.value(token), values: [] }));
      expect(() => error.value(py)).toThrow(PanicError);
      expect(() => error.value(py)).toThrow("is making");
      const second: PyErrType = lazyError((token) => {
        token.detach(() => shared.weft.attach((inner) => second.value(inner)));
        return { type: token.builtin("ValueError") };
      });
      expect(() => second.value(py)).toThrow(PanicError);
    });
  });

  test("may let other threads run while it is made, and is read without detaching afterwards", async () => {
    const { weft } = shared;
    const other = weft.spawn(state, "hammer", 3000, 1);
    let detached = 0;
    const error = lazyError((py) => {
      py.detach(() => {
        detached++;
        weft.attach((inner) => inner.import("gc").callMethod("collect"));
      });
      return { type: py.builtin("ValueError"), values: [1] };
    });
    weft.attach((py) => {
      for (let i = 0; i < 10; i++) {
        expect(error.value(py).getAttr("args").toJs()).toEqual([1]);
      }
    });
    expect(detached).toBe(1);
    await other.join();
  });

  test("fails for ever when its closure fails, and becomes the PyErr that it throws", () => {
    shared.weft.attach((py) => {
      let built = 0;
      const broken = lazyError(() => {
        built++;
        throw new RangeError("mine");
      });
      expect(() => broken.value(py)).toThrow("mine");
      expect(() => broken.value(py)).toThrow("mine");
      expect(built).toBe(1);
      const other = lazyError((token) => {
        throw token.error(token.builtin("OSError"), "instead");
      });
      expect(other.value(py).str()).toBe("instead");
      // As for a type whose call fails.
      const failing = lazyError((token) => ({ type: token.builtin("UnicodeDecodeError"), values: [] }));
      failing.value(py);
      expect(failing.typeName).toBe("TypeError");
    });
  });
});

describe("what is no exception type is a TypeError", () => {
  test.each(["int", "3", "object()", "type('T', (Exception,), {'__new__': lambda c: 5})"])("%s", (code) => {
    shared.weft.attach((py) => {
      const error = py.error(py.eval(code));
      expect(error.typeName).toBe("TypeError");
      expect(error.message).toMatch(/must derive from BaseException|should have returned an instance/);
    });
  });

  test("an exception is taken as it is", () => {
    shared.weft.attach((py) => {
      const exception = py.eval("ValueError(1)");
      expect(py.error(exception).value(py).is(exception)).toBe(true);
    });
  });
});

describe("parts of an exception", () => {
  test("cause, context, traceback and notes", () => {
    shared.weft.attach((py) => {
      const error = caught(() => py.run("try: 1/0\nexcept ZeroDivisionError as e: raise ValueError('v') from e", py.dict())) as PyErrType;
      expect(error.pyCause(py)?.type().getAttr("__name__").str()).toBe("ZeroDivisionError");
      expect(error.context(py)?.is(error.pyCause(py)!)).toBe(true);
      expect(error.traceback(py)).toBeDefined();
      error.addNote(py, "a note");
      expect(error.notes(py)).toEqual(["a note"]);
      expect(error.format(py)).toMatch(/ZeroDivisionError[^]*direct cause[^]*ValueError: v\na note/);
      error.setCause(py, undefined);
      error.setContext(py, undefined);
      error.setTraceback(py, undefined);
      expect([error.pyCause(py), error.context(py), error.traceback(py)]).toEqual([undefined, undefined, undefined]);
      error.setCause(py, py.error(py.builtin("KeyError"), "c"));
      expect(error.pyCause(py)?.repr()).toBe("KeyError('c')");
    });
  });

  test("groups are made of errors of every kind, and taken apart", () => {
    shared.weft.attach((py) => {
      const own = new RangeError("mine");
      const group = py.exceptionGroup("several", [py.error(py.builtin("ValueError"), 1), own, py.eval("KeyError(2)")]);
      expect(group.typeName).toBe("ExceptionGroup");
      expect(group.exceptions(py).map((item) => item.type().getAttr("__name__").str())).toEqual(["ValueError", "HostError", "KeyError"]);
      expect(py.errorFrom(group.exceptions(py)[1]!)).toBe(own);
      expect(py.exceptionGroup("base", [new PanicError("p")]).typeName).toBe("BaseExceptionGroup");
      const space = py.dict([["f", py.function(() => { throw group; }, "f")]]);
      py.run("seen = []\ntry: f()\nexcept* ValueError: seen.append(1)\nexcept* Exception: seen.append(2)", space);
      expect(space.getItem("seen").toJs()).toEqual([1, 2]);
      expect(() => py.exceptionGroup("empty", [])).toThrow("ValueError");
    });
  });

  test("new exception types", () => {
    shared.weft.attach((py) => {
      const base = py.newException("test_errors.Base", undefined, "What it is.");
      const derived = py.newException("test_errors.Derived", py.tuple([base, py.builtin("KeyError")]));
      expect([base.getAttr("__module__").str(), base.getAttr("__doc__").str(), derived.getAttr("__qualname__").str()]).toEqual(["test_errors", "What it is.", "Derived"]);
      const error = py.error(derived, "k");
      expect(error.message).toBe("test_errors.Derived: 'k'");
      expect(error.matches(py, base) && error.matches(py, py.builtin("LookupError"))).toBe(true);
      expect(() => py.newException("m.Bad", py.builtin("int"))).toThrow("TypeError");
      expect(() => py.newException("NoModule")).toThrow("SystemError");
    });
  });
});

describe("panics", () => {
  test("of JavaScript pass `except Exception` and come back themselves", () => {
    shared.weft.attach((py) => {
      const panic = new PanicError("fault");
      const space = py.dict([["f", py.function(() => { throw panic; }, "f")]]);
      expect(caught(() => py.run("try: f()\nexcept Exception: pass", space))).toBe(panic);
      py.run("import weft\ntry: f()\nexcept weft.PanicException as e: text = str(e)", space);
      expect(space.getItem("text").str()).toBe("fault");
    });
  });

  test("of Python are PanicErrors, and go back as the same exception", () => {
    shared.weft.attach((py) => {
      const space = py.dict();
      py.run("import weft\nexception = weft.PanicException('from Python')\ndef f(): raise exception", space);
      const panic = caught(() => py.eval("f()", space));
      expect(panic).toBeInstanceOf(PanicError);
      expect((panic as Error).message).toBe("from Python");
      expect((panic as Error).cause).toBeInstanceOf(PyErr);
      space.setItem("g", py.function(() => { throw panic; }, "g"));
      py.run("try: g()\nexcept weft.PanicException as e: same = e is exception", space);
      expect(space.getItem("same").toJs()).toBe(true);
    });
  });
});

describe("across the border", () => {
  test("every thrown value comes back itself, in the host realm and in every thread", async () => {
    const { roundTrips } = (await import(state.href)) as { roundTrips(weft: HostWeft): unknown[] };
    const all = Array.from({ length: 8 }, () => true);
    expect(roundTrips(shared.weft)).toEqual(all);
    const threads = Array.from({ length: 4 }, () => shared.weft.spawn<unknown[]>(state, "roundTrips"));
    expect(await Promise.all(threads.map((thread) => thread.join()))).toEqual(threads.map(() => all));
  });

  test.each<[string, (py: Python, func: PyAny) => unknown]>([
    ["a call", (_, func) => func.call()],
    ["a raw call", (py) => py.rawFunction("raw", () => { throw new RangeError("mine"); }).call()],
    ["a key function", (py, func) => py.builtin("sorted").callWith([[1, 2]], { key: func })],
    ["an iterator", (py, func) => [...py.builtin("map").call(func, [1])]],
    ["a comparison", (py, func) => py.eval("type('C', (), {'__eq__': f})()", py.dict([["f", func]])).eq(1)],
    ["an attribute", (py, func) => py.eval("type('C', (), {'x': property(f)})()", py.dict([["f", func]])).getAttr("x")],
    ["a generator", (py, func) => py.eval("list(f() for _ in [1])", py.dict([["f", func]]))],
    ["a codec of str()", (py, func) => py.eval("type('C', (), {'__str__': f})()", py.dict([["f", func]])).str()],
  ])("a throw in %s", (_, use) => {
    const original = new RangeError("mine");
    shared.weft.attach((py) => {
      const error = caught(() => use(py, py.function(() => { throw original; }, "f"))) as Error;
      expect(error.message).toBe("mine");
      expect(error).toBeInstanceOf(RangeError);
      expect(py.eval("1").toJs()).toBe(1);
    });
  });

  test("where nobody can catch it, it goes to sys.unraisablehook", () => {
    shared.weft.attach((py) => {
      const space = py.dict([["f", py.function(() => { throw new RangeError("mine"); }, "f")]]);
      py.run("import sys, weakref\nseen = []\ndef hook(u): seen.append((type(u.exc_value).__name__, str(u.exc_value)))\nold, sys.unraisablehook = sys.unraisablehook, hook", space);
      try {
        py.run("class D:\n def __del__(self): f()\nD()\nclass C: pass\nc = C()\nr = weakref.ref(c, lambda _: f())\ndel c", space);
        py.writeUnraisable(new TypeError("handed over"), space.getItem("seen"));
        py.writeUnraisable(py.error(py.builtin("KeyError"), "k"));
      } finally {
        py.run("sys.unraisablehook = old", space);
      }
      expect(space.getItem("seen").toJs()).toEqual([["HostError", "RangeError: mine"], ["HostError", "RangeError: mine"], ["HostError", "TypeError: handed over"], ["KeyError", "'k'"]]);
    });
  });

  test("endless recursion through both languages ends in an error, and everything works afterwards", async () => {
    const end = (await shared.weft.spawn<[string, number]>(state, "recurse").join());
    expect(end[0]).toMatch(/RecursionError|RangeError/);
    expect(end[1]).toBe(2);
    const { recurse } = (await import(state.href)) as { recurse(weft: HostWeft): [string, number] };
    expect(recurse(shared.weft)[1]).toBe(2);
  });
});

test("an error that is sent keeps its message only", () => {
  shared.weft.attach((py) => {
    const error = py.error(py.builtin("ValueError"), "v");
    const sent = error.send();
    expect(() => error.value(py)).toThrow(api.DetachedError);
    expect(error.message).toBe("ValueError: v");
    const received = py.receive(sent) as Py<PyAny>;
    expect(received.intoBound(py).repr()).toBe("ValueError('v')");
    expect(() => lazyError((token) => ({ type: token.builtin("ValueError") })).send()).toThrow("needs a token");
  });
});

test("what a realm needs for conversions and errors is made by the next who needs it, when it failed to be made", async () => {
  const weft = await api.loadWeft();
  try {
    await weft.run(`
import importlib.machinery, sys, weft
class FailsOnce:
    module = sys.modules.pop("weft")
    failures = [MemoryError("once")]
    def find_spec(self, name, path, target=None):
        if name == "weft":
            if self.failures:
                raise self.failures.pop()
            return importlib.machinery.ModuleSpec(name, self)
    def create_module(self, spec):
        return self.module
    def exec_module(self, module):
        pass
sys.meta_path.insert(0, FailsOnce())
`);
    const good = [[1, "a", 2.5], "PyErr ZeroDivisionError: division by zero"];
    expect(await weft.spawn(state, "convertThrice").join()).toEqual(["PyErr MemoryError: once", ...good, ...good]);
  } finally {
    await weft.terminate();
  }
});
