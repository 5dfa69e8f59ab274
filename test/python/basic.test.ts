import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type Py, type PyAny, type PyErr as PyErrType } from "./package.js";

const { AttachError, DetachedError, loadWeft, PyErr } = api;

const shared = sharedWeft();

test("sys.argv is CPython's without arguments", async () => {
  expect(await shared.weft.eval("__import__('sys').argv")).toEqual([""]);
});

test("every clock of the processor time grows while Python computes", async () => {
  await shared.weft.run(`
import os, resource, time
for clock in time.process_time, lambda: sum(os.times()[:2]), lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2]):
    begin = clock()
    while clock() - begin < 0.02: pass
`);
});

describe("attach", () => {
  test("gives a token, nests, and releases what the closure made", () => {
    const { weft } = shared;
    expect(weft.attached).toBe(false);
    const kept = weft.attach((py) => {
      const outer = py.eval("[1, 2]");
      weft.attach((inner) => {
        expect(inner.eval("3").toJs()).toBe(3);
      });
      expect(weft.attached).toBe(true);
      return outer;
    });
    expect(weft.attached).toBe(false);
    expect(() => kept.str()).toThrow(DetachedError);
    weft.attach(() => {
      expect(() => kept.str()).toThrow("has ended");
    });
  });

  test("a token is worthless after its closure, in another attach too", () => {
    const { weft } = shared;
    const stale = weft.attach((py) => py);
    expect(() => stale.eval("1")).toThrow(DetachedError);
    weft.attach((py) => {
      expect(() => stale.eval("1")).toThrow("closure that has ended");
      expect(() => stale.list([1])).toThrow("closure that has ended");
      expect(() => py.eval("[]").unbind().bind(stale)).toThrow("closure that has ended");
      const inner = weft.attach((nested) => nested);
      expect(() => inner.eval("1")).toThrow("closure that has ended");
      expect(py.eval("1").toJs()).toBe(1);
    });
  });

  test("detaches also when the closure throws", () => {
    const { weft } = shared;
    expect(() =>
      weft.attach(() => {
        throw new RangeError("mine");
      }),
    ).toThrow("mine");
    expect(weft.attached).toBe(false);
  });

  test("lets go inside of detach, where bound references cannot be used", () => {
    const { weft } = shared;
    weft.attach((py) => {
      const object = py.eval("[]");
      const result = py.detach(() => {
        expect(weft.attached).toBe(false);
        expect(() => object.str()).toThrow(DetachedError);
        expect(() => py.eval("1")).toThrow(DetachedError);
        return weft.attach((inner) => inner.eval("42").toJs());
      });
      expect(result).toBe(42);
      expect(object.str()).toBe("[]");
    });
  });
});

describe("values", () => {
  test.each<[unknown, string]>([
    [undefined, "None"],
    [null, "None"],
    [true, "True"],
    [0, "0"],
    [-0, "-0.0"],
    [1.5, "1.5"],
    [2 ** 53 - 1, "9007199254740991"],
    [2 ** 60, "1.152921504606847e+18"],
    [-(2 ** 31), "-2147483648"],
    [1n << 64n, "18446744073709551616"],
    [-(1n << 64n) - 1n, "-18446744073709551617"],
    [255n << 120n, String(255n << 120n)],
    ["", "''"],
    ["añ€😀", "'añ€😀'"],
    ["\ud800x", "'\\ud800x'"],
    ["a\0b", "'a\\x00b'"],
    [[1, [2]], "[1, [2]]"],
    [{ a: 1, b: undefined }, "{'a': 1, 'b': None}"],
    [new Map<unknown, unknown>([[1, "x"]]), "{1: 'x'}"],
    [new Set([1]), "{1}"],
    [new Uint8Array([1, 255]), "b'\\x01\\xff'"],
  ])("%o is %s in Python", (value, text) => {
    shared.weft.attach((py) => {
      expect(py.from(value).repr()).toBe(text);
    });
  });

  test.each<[string, unknown]>([
    ["None", undefined],
    ["False", false],
    ["2**31", 2 ** 31],
    ["2**53", 2n ** 53n],
    ["-2**100", -(2n ** 100n)],
    ["1.0", 1],
    ["'a\\x00\\ud800'", "a\0\ud800"],
    ["(1, 'x')", [1, "x"]],
    ["{'__proto__': 1}", Object.defineProperty({}, "__proto__", { value: 1, enumerable: true })],
    ["{1: 2}", new Map([[1, 2]])],
    ["frozenset({1})", new Set([1])],
    ["b'\\x00\\xff'", new Uint8Array([0, 255])],
    ["[{1}, {2}, {3: {4}}, {5}]", [new Set([1]), new Set([2]), new Map([[3, new Set([4])]]), new Set([5])]],
  ])("%s is converted", (code, value) => {
    shared.weft.attach((py) => {
      expect(py.eval(code).toJs()).toEqual(value);
    });
  });

  test("ints are the same on both sides, at the ends of what is special to either", () => {
    const { weft } = shared;
    const ends = [0, 5, 6, 256, 257, 2 ** 15, 2 ** 29, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 60];
    const numbers = ends.flatMap((end) => [-end - 1, -end, -end + 1, end - 1, end, end + 1]).map((one) => one + 0).filter(Number.isSafeInteger);
    weft.attach((py) => {
      const list = py.from(numbers) as PyAny;
      expect(list.repr()).toBe(`[${numbers.join(", ")}]`);
      expect(list.toJs()).toEqual(numbers);
      // Those of subclasses, as their own type sees them and as schemas do; and no new reference to any is left.
      const derived = py.eval("lambda values: [type('Derived', (int,), {})(one) for one in values]").call(list);
      expect(derived.extract(api.t.list(api.t.float))).toEqual(numbers);
      expect(py.eval("lambda a, b: all(x is y for x, y in zip(a, b) if -6 < x < 257)").call(list, py.from(numbers)).toJs()).toBe(true);
      expect(py.eval("lambda: [-5, -1, 0, 1, 256, 257 - 1]").call().toJs()).toEqual([-5, -1, 0, 1, 256, 256]);
    });
  });

  test("what contains itself does so in JavaScript", () => {
    shared.weft.attach((py) => {
      const list = py.eval("(lambda x: (x.append(x), x)[1])([1])").toJs() as unknown[];
      expect(list[1]).toBe(list);
    });
  });

  test("what has no counterpart is refused in words", () => {
    shared.weft.attach((py) => {
      expect(() => py.from(new Date())).toThrow("an object of class Date has no counterpart");
      expect(() => py.from(Symbol("s"))).toThrow("a symbol has no counterpart");
    });
  });
});

describe("arguments of calls", () => {
  test("are where the call sees them, however many there are and however deep calls go", () => {
    const { weft } = shared;
    weft.attach((py) => {
      const many = Array.from({ length: 3000 }, (_, i) => i);
      expect(py.eval("lambda *values: sum(values)").call(...many).toJs()).toBe(4498500);
      // Each level's arguments are in use while the ones below it are made, also where a level throws.
      const level = py.function((depth: number, ...rest: number[]): number => {
        if (depth === 0) {
          throw new RangeError("the bottom");
        }
        try {
          level.call(depth - 1, ...rest.map((one) => one + 1));
        } catch (error) {
          expect((error as Error).message).toContain("the bottom");
          throw error;
        }
        return 0;
      });
      for (let i = 0; i < 3; i++) {
        expect(() => level.call(60, ...many.slice(0, 50))).toThrow("the bottom");
      }
      const back = py.eval("lambda call, n: call(call, n - 1) + [n] if n else []");
      const relay = py.function((call: unknown, n: number) => back.call(call, n));
      expect(back.call(relay, 40).toJs()).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    });
  });
});

describe("errors", () => {
  test("a Python exception is a PyErr", () => {
    shared.weft.attach((py) => {
      let error: unknown;
      try {
        py.eval("[][1]");
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(PyErr);
      const raised = error as PyErrType;
      expect(raised.message).toBe("IndexError: list index out of range");
      expect(raised.matches(py, py.builtin("LookupError"))).toBe(true);
      expect(raised.matches(py, py.builtin("TypeError"))).toBe(false);
      expect(raised.format(py)).toContain('File "<weft>", line 1');
    });
  });

  test("what JavaScript throws goes through Python and comes back itself", () => {
    const original = new RangeError("mine");
    shared.weft.attach((py) => {
      const space = py.dict([["f", py.function(() => { throw original; }, "f")]]);
      expect(() => py.eval("f()", space)).toThrow(original);
      py.run("try:\n f()\nexcept Exception as e: name = type(e).__name__, str(e)", space);
      expect(space.getItem("name").toJs()).toEqual(["HostError", "RangeError: mine"]);
    });
  });

  test("a PyErr that a JavaScript function throws is its exception in Python", () => {
    shared.weft.attach((py) => {
      const raise = py.function(() => { throw py.error(py.builtin("KeyError"), "k"); }, "raise_");
      const space = py.dict([["f", raise]]);
      py.run("try:\n f()\nexcept KeyError as e: got = e.args", space);
      expect(space.getItem("got").toJs()).toEqual(["k"]);
    });
  });
});

describe("the main thread", () => {
  test("runs and evaluates in turn", async () => {
    const { weft } = shared;
    const first = weft.run("import threading; turn_main = threading.current_thread() is threading.main_thread()");
    expect(await weft.eval("turn_main")).toBe(true);
    await first;
    await expect(weft.eval("no_such_name")).rejects.toThrow("NameError: name 'no_such_name' is not defined");
  });

  test.each(["eval", "exec"] as const)("%s() is given the code as it is, by itself and with a place for names", async (how) => {
    const { weft } = shared;
    const globals = weft.attach((py) => py.eval("__import__('__main__').__dict__").unbind());
    const codes = ["len('ä\u{1f600}')", "\ufeff1", "'a\ud800'", "1 +", "1\0", "", "  7", "\t__name__", "[n for n in range(3)]", "(lambda: turn_missing)()", "'\\ud800'.isascii()", "__builtins__ is None", "# coding: latin-1\nlen('ä')", undefined as unknown as string, 7 as unknown as string, Uint8Array.of(0x31) as unknown as string];
    const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.then((value) => [value], (error: PyErrType) => weft.attach((py) => error.format(py)));
    for (const code of codes) {
      const ways = [{}, { globals }].map((options) => outcome(how === "eval" ? weft.eval(code, options) : weft.run(code, options)));
      const [alone, placed] = await Promise.all(ways);
      expect([code, alone]).toEqual([code, placed]);
    }
    globals.drop();
  });

  test("code needs no memory when it has run", async () => {
    const { weft } = shared;
    const comment = "#".repeat(1_000_000);
    const size = (): number => weft.realm.memory.memory.buffer.byteLength;
    const round = async (): Promise<void> => {
      await Promise.all(Array.from({ length: 8 }, () => weft.run(comment)));
    };
    await round();
    const before = size();
    for (let i = 0; i < 12; i++) {
      await round();
    }
    // Were it kept, 288 MB.
    expect(size() - before).toBeLessThan(64_000_000);
  });

  test.each(["while True: pass", "import time; time.sleep(1000)", "import threading; threading.Lock().acquire(); l = threading.Lock(); l.acquire(); l.acquire()"])(
    "is interrupted by an AbortSignal: %s",
    async (code) => {
      const abort = new AbortController();
      const began = shared.weft.call((py) => ({ callable: py.builtin("len"), positional: [[]] }));
      const running = shared.weft.run(code, { signal: abort.signal });
      await began;
      abort.abort(new Error("enough"));
      await expect(running).rejects.toThrow("enough");
      expect(await shared.weft.eval("1 + 1")).toBe(2);
    },
  );
});

test("code that was given up ends also when a finalizer met the interrupt", async () => {
  const { weft } = shared;
  const abort = new AbortController();
  weft.attach((py) => {
    py.globals().setItem("give_up", py.jsProxy(() => {
      abort.abort(new Error("enough"));
    }));
  });
  await weft.run(`
import sys
ignored = []
class Last:
    def __del__(self):
        give_up()
        while True: pass
def until_given_up():
    sys.unraisablehook = lambda what: ignored.append(what.exc_type)
    try:
        Last()
        while True: pass
    finally:
        sys.unraisablehook = sys.__unraisablehook__
`);
  await expect(weft.run("until_given_up()", { signal: abort.signal })).rejects.toThrow("enough");
  expect(await weft.eval("ignored == [KeyboardInterrupt]")).toBe(true);
});

describe("threads of the host's", () => {
  test("share objects, and hand references over", async () => {
    const { weft } = shared;
    const list = weft.attach((py) => py.list().unbind());
    const handles = Array.from({ length: 4 }, (_, i) =>
      weft.spawn<{ list: Py<PyAny>; value: number }>(threadModule("basic.mjs"), "appendTo", weft.attach((py) => list.cloneRef(py)), i),
    );
    const ends = await Promise.all(handles.map((handle) => handle.join()));
    weft.attach((py) => {
      for (const end of ends) {
        expect(end.list.is(list)).toBe(true);
        end.list.drop();
      }
      expect((list.bind(py).toJs() as number[]).sort()).toEqual([0, 1, 2, 3]);
    });
    list.drop();
  });

  test("are sent neither tokens nor bound references", async () => {
    const { weft } = shared;
    const [token, bound] = weft.attach((py) => [py, py.list()] as const);
    await expect(weft.spawn(threadModule("basic.mjs"), "appendTo", token, 1).join()).rejects.toThrow("a token belongs to its thread's attachment");
    await expect(weft.spawn(threadModule("basic.mjs"), "appendTo", { deep: [bound] }, 1).join()).rejects.toThrow("send an owned one, object.unbind()");
    for (const what of ["token", "bound"]) {
      await expect(weft.spawn(threadModule("basic.mjs"), "leak", what).join()).rejects.toThrow("belongs to its thread's attachment");
    }
  });

  test("report what they throw", async () => {
    const { weft } = shared;
    await expect(weft.spawn(threadModule("basic.mjs"), "raise").join()).rejects.toThrow("KeyError: 'missing'");
    await expect(weft.spawn(threadModule("basic.mjs"), "fail").join()).rejects.toThrow(new RangeError("from the thread"));
    await expect(weft.spawn(threadModule("basic.mjs"), "absent").join()).rejects.toThrow("exports no function absent");
    await expect(weft.spawn("file:///no/such.mjs", "x").join()).rejects.toThrow(/Cannot find module|Module not found|Failed to fetch|error loading/);
  });
});

test("finalize ends Python in order, and nothing attaches any more", async () => {
  const weft = await loadWeft();
  await weft.run("import atexit, threading, time; t = threading.Thread(target=time.sleep, args=(0.05,)); t.start()");
  expect(await weft.finalize()).toBe(0);
  expect(weft.lifecycle).toBe("finalized");
  expect(() => weft.attach(() => 1)).toThrow(AttachError);
  expect(weft.tryAttach(() => 1)).toBeUndefined();
  await expect(weft.eval("1")).rejects.toThrow(AttachError);
});

test("terminate ends threads that would never end", async () => {
  const weft = await loadWeft();
  const running = weft.run("while True: pass");
  const settled = expect(running).rejects.toThrow("terminated");
  await weft.terminate();
  await settled;
});
