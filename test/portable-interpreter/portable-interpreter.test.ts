/** What every profile does, by the same tests: in Node, Deno and pages. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, type PortableInterpreter, type PortableOptions, type Profile, type PythonError } from "../python/package.js";

/** A page says which: one without isolation has but one of them, and the other one's page need not try it again. */
const profiles = (globalThis as { testedProfiles?: readonly Profile[] }).testedProfiles ?? (["threaded", "solo"] as const);

async function failure(promise: Promise<unknown>): Promise<PythonError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(api.PythonError);
  return error as PythonError;
}

describe.each(profiles)("%s", (profile) => {
  let python: PortableInterpreter;
  const load = (options: PortableOptions = {}): Promise<PortableInterpreter> => api.loadWeft({ profile, ...options });
  const output: string[] = [];
  beforeAll(async () => {
    python = await load({ env: { NAME: "value" }, argv: ["program", "first"], stdout: (text) => output.push(text), stderr: (text) => output.push(`!${text}`) });
  });
  afterAll(async () => {
    await python.dispose();
  });

  test("tells which profile it is, and why", () => {
    expect(python.profile).toBe(profile);
    expect(python.reason).toBe("it was asked for");
  });

  test("eval gives values as JavaScript has them", async () => {
    const values = await python.eval(
      "[None, True, 1, -2**53, 2**53, 2**63, -2**63 - 1, 2**200, -2**200, 0.5, 'ä\\U0001f600', b'\\0\\xff', (1, 2), {1}, frozenset('a'), {'a': [1]}, {1: 2}, [], {}, '']",
    );
    expect(values).toEqual([
      undefined, true, 1, -(2n ** 53n), 2n ** 53n, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n, -(2n ** 200n), 0.5, "ä😀", Uint8Array.of(0, 255), [1, 2], new Set([1]), new Set(["a"]), { a: [1] },
      new Map([[1, 2]]), [], {}, "",
    ]);
    expect(await python.eval("float('inf')")).toBe(Infinity);
    expect(await python.eval("float('nan')")).toBeNaN();
    expect(Object.is(await python.eval("-0.0"), -0)).toBe(true);
    expect(await python.eval("  1 + 1")).toBe(2);
  });

  test("set and get carry values there and back", async () => {
    const value = { none: null, list: [1, 2.5, "x", true], big: -(2n ** 70n), wide: 2n ** 40n, bytes: Uint8Array.of(1, 2), set: new Set([1]), map: new Map<unknown, unknown>([[1, "a"]]), nested: { a: {} } };
    await python.set("carried", value);
    expect(await python.get("carried")).toEqual({ ...value, none: undefined, wide: 2 ** 40 });
    expect(await python.eval("[type(v).__name__ for v in carried.values()]")).toEqual(["NoneType", "list", "int", "int", "bytes", "set", "dict", "dict"]);
    expect((await failure(python.get("missing"))).typeName).toBe("NameError");
    await expect(python.set("bad", Symbol("s"))).rejects.toThrow(TypeError);
    await expect(python.set("bad", new Date())).rejects.toThrow(TypeError);
  });

  test("large values are whole", async () => {
    const text = "é".repeat(300_000);
    const data = Uint8Array.from({ length: 500_000 }, (_, i) => i);
    await python.set("large", [text, data]);
    expect(await python.eval("(len(large[0]), len(large[1]), sum(large[1]))")).toEqual([300_000, 500_000, data.reduce((sum, byte) => sum + byte, 0)]);
    const [textBack, dataBack] = (await python.get("large")) as [string, Uint8Array];
    expect(textBack === text).toBe(true);
    expect(dataBack).toEqual(data);
    expect(((await python.eval("list(range(20000))")) as number[]).length).toBe(20_000);
  });

  test("what has no counterpart is a TypeError, what contains itself a RecursionError", async () => {
    const error = await failure(python.eval("[object()]"));
    expect([error.typeName, error.text]).toEqual(["TypeError", "a value of type object has no counterpart in the host: convert it in Python first"]);
    await python.run("loop = []\nloop.append(loop)");
    expect((await failure(python.eval("loop"))).typeName).toBe("RecursionError");
    expect(await python.eval("'still ' + 'there'")).toBe("still there");
  });

  test("errors have type, text, traceback and cause", async () => {
    await python.run("class Own(Exception): pass\ndef fail():\n    try:\n        {}['key']\n    except KeyError as error:\n        raise Own('because') from error");
    const error = await failure(python.eval("fail()"));
    expect([error.typeName, error.text, error.message]).toEqual(["Own", "because", "Own: because"].map((text) => expect.stringContaining(text)));
    expect(error.traceback).toMatch(/Traceback.*in fail/s);
    const cause = error.cause as PythonError;
    expect([cause.typeName, cause.text]).toEqual(["KeyError", "'key'"]);
    expect(cause.cause).toBeUndefined();
    expect((await failure(python.run("x ="))).typeName).toBe("SyntaxError");
    expect((await failure(python.run("import json; json.loads('{')"))).typeName).toBe("json.decoder.JSONDecodeError");
    expect((await failure(python.run("raise SystemExit(3)"))).typeName).toBe("SystemExit");
  });

  test("call passes positional and keyword arguments", async () => {
    expect(await python.call("dict", [[["a", 1]]], { b: 2 })).toEqual({ a: 1, b: 2 });
    expect(await python.call("'-'.join", [["x", "y"]])).toBe("x-y");
    expect((await failure(python.call("int", ["x"]))).typeName).toBe("ValueError");
    expect((await failure(python.call("nothing"))).typeName).toBe("NameError");
  });

  test("Python calls functions of the host", async () => {
    const seen: unknown[] = [];
    await python.set("host", {
      add: (a: number, b: number) => a + b,
      note: (...values: unknown[]) => {
        seen.push(values);
      },
      fail: () => {
        throw new RangeError("too far");
      },
      refuse: () => {
        throw new api.PythonError("LookupError", "not here");
      },
      data: () => ({ list: [1, { a: null }], set: new Set(["x"]) }),
    });
    expect(await python.eval("host['add'](2, 3)")).toBe(5);
    expect(await python.eval("list(map(host['add'], [1, 2], [10, 20]))")).toEqual([11, 22]);
    await python.run("host['note'](1, ['x'], key={'k': None})");
    expect(seen).toEqual([[1, ["x"], { key: { k: undefined } }]]);
    expect(await python.eval("host['data']()")).toEqual({ list: [1, { a: undefined }], set: new Set(["x"]) });
    await python.run("import weft\ntry:\n    host['fail']()\nexcept weft.HostError as error:\n    told = (error.name, error.message)");
    expect(await python.get("told")).toEqual(["RangeError", "too far"]);
    const error = await failure(python.eval("host['refuse']()"));
    expect([error.typeName, error.text]).toEqual(["LookupError", "not here"]);
    expect(await python.call("lambda f: f(1, 2)", [(a: number, b: number) => a * 10 + b])).toBe(12);
  });

  test("standard streams", async () => {
    output.length = 0;
    await python.run("import sys\nprint('out', 'ä')\nprint('err', file=sys.stderr)\nsys.stdout.write('part')\nsys.stdout.flush()");
    expect(output.filter((text) => !text.startsWith("!")).join("")).toBe("out ä\npart");
    expect(output.filter((text) => text.startsWith("!")).map((text) => text.slice(1)).join("")).toBe("err\n");
    const lines = ["first", "second\n"];
    const other = await load({ stdin: () => lines.shift() ?? null });
    try {
      expect(await other.eval("[input(), input()]")).toEqual(["first", "second"]);
      expect((await failure(other.eval("input()"))).typeName).toBe("EOFError");
    } finally {
      await other.dispose();
    }
  });

  test("environment, arguments, working directory", async () => {
    expect(await python.eval("__import__('os').environ['NAME']")).toBe("value");
    expect(await python.eval("__import__('sys').argv")).toEqual(["program", "first"]);
    expect(await python.eval("__import__('os').getcwd()")).toBe("/tmp");
  });

  test("files", async () => {
    await python.writeFile("/tmp/made/by/host.txt", "text ä");
    expect(await python.eval("open('/tmp/made/by/host.txt', encoding='utf-8').read()")).toBe("text ä");
    await python.run("import os\nos.makedirs('/tmp/made/empty')\nopen('/tmp/made/data', 'wb').write(bytes(range(256)))\nos.rename('/tmp/made/data', '/tmp/made/moved')");
    expect(await python.listFolder("/tmp/made")).toEqual(["by", "empty", "moved"]);
    expect(await python.readFile("/tmp/made/moved")).toEqual(Uint8Array.from({ length: 256 }, (_, i) => i));
    expect((await failure(python.readFile("/tmp/none"))).typeName).toBe("FileNotFoundError");
    await python.remove("/tmp/made");
    expect(await python.eval("os.path.exists('/tmp/made')")).toBe(false);
  });

  test("the standard library's own C modules", async () => {
    await python.run("import bz2, lzma, sqlite3, zlib");
    expect(await python.eval("[m.decompress(m.compress(b'x' * 1000)) == b'x' * 1000 for m in (bz2, lzma, zlib)]")).toEqual([true, true, true]);
    await python.run("base = sqlite3.connect('/tmp/base.db')\nbase.execute('create table t (a)')\nbase.execute('insert into t values (42)')\nbase.commit()");
    expect(await python.eval("base.execute('select a from t').fetchall()")).toEqual([[42]]);
    expect(await python.eval("__import__('sys')._is_gil_enabled()")).toBe(false);
  });

  test("asyncio", async () => {
    await python.run("import asyncio\nasync def work(n):\n    await asyncio.sleep(0)\n    return n\nasync def main():\n    return await asyncio.gather(*map(work, range(5)))");
    expect(await python.eval("asyncio.run(main())")).toEqual([0, 1, 2, 3, 4]);
  });

  test("threads, or an error that names the profile", async () => {
    await python.run("from concurrent.futures import ThreadPoolExecutor\nimport asyncio, threading\ndone = []\ndef pool():\n    with ThreadPoolExecutor(2) as executor:\n        return list(executor.map(abs, [-1, -2]))");
    const starts = ["threading.Thread(target=done.append, args=[1]).start()", "pool()", "asyncio.run(asyncio.to_thread(abs, -1))"];
    for (const start of starts) {
      if (profile === "threaded") {
        await python.run(start);
      } else {
        expect((await failure(python.run(start))).message).toBe("RuntimeError: can't start new thread: Weft's solo profile has one thread; the threaded profile has threads");
      }
    }
  });

  test("deep recursion is a RecursionError", async () => {
    await python.run("def deep(): return deep()\nclass Deep:\n    def __repr__(self): return repr(self)\nnested = []\nfor _ in range(100_000): nested = [nested]");
    for (const code of ["deep()", "repr(Deep())", "repr(nested)", "eval('(' * 5000 + ')' * 5000)", "nested == eval('nested')[0]"]) {
      const error = await python.eval(code).catch((thrown: unknown) => thrown);
      if (code.startsWith("eval")) {
        expect(["RecursionError", "MemoryError", "SyntaxError"]).toContain((error as PythonError).typeName);
      } else {
        expect([code, (error as PythonError).typeName]).toEqual([code, "RecursionError"]);
      }
    }
    await python.run("del nested");
  });

  test("calls are carried out one after the other", async () => {
    await python.run("order = []");
    await Promise.all([1, 2, 3].map((n) => python.run(`order.append(${n})`)));
    expect(await python.get("order")).toEqual([1, 2, 3]);
  });

  test("interrupt, from a function of the host's", async () => {
    await python.set("stop", () => {
      python.interrupt();
    });
    const error = await failure(python.run("stop()\nwhile True: pass"));
    expect(error.typeName).toBe("KeyboardInterrupt");
    // It was for what ran then.
    python.interrupt();
    expect(await python.eval("1")).toBe(1);
  });

  test("a signal ends what it was given to", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    await python.set("abort", () => {
      controller.abort(reason);
    });
    await expect(python.run("abort()\nwhile True: pass", { signal: controller.signal })).rejects.toBe(reason);
    await expect(python.run("later = 1", { signal: controller.signal })).rejects.toBe(reason);
    expect(await python.eval("'later' in globals()")).toBe(false);
  });

  test("a signal ends what it was given to, also when a finalizer met the interrupt", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    await python.set("give_up", () => {
      controller.abort(reason);
    });
    // With an end of its own: the solo profile's loops hold up the test's thread, and so its deadline.
    await python.run("import sys, time\nignored = []\ndef compute():\n    end = time.monotonic() + 60\n    while time.monotonic() < end: pass\nclass Last:\n    def __del__(self):\n        give_up()\n        compute()\ndef until_given_up():\n    Last()\n    compute()");
    await python.run("sys.unraisablehook = lambda what: ignored.append(what.exc_type)");
    await expect(python.run("until_given_up()", { signal: controller.signal })).rejects.toBe(reason);
    await python.run("sys.unraisablehook = sys.__unraisablehook__");
    expect(await python.eval("ignored == [KeyboardInterrupt]")).toBe(true);
  });

  test("two interpreters share nothing", async () => {
    const other = await load();
    try {
      await python.run("mine = 1\nopen('/tmp/mine', 'w').close()");
      expect(await other.eval("['mine' in globals(), __import__('os').path.exists('/tmp/mine')]")).toEqual([false, false]);
    } finally {
      await other.dispose();
    }
  });

  test("random numbers are an interpreter's own", async () => {
    const others = await Promise.all([load(), load()]);
    try {
      const drawn = await Promise.all(others.map((one) => one.eval("(__import__('random').random(), __import__('uuid').uuid4().hex, __import__('os').urandom(8).hex())")));
      (drawn[0] as unknown[]).forEach((value, i) => {
        expect(value).not.toEqual((drawn[1] as unknown[])[i]);
      });
    } finally {
      await Promise.all(others.map((one) => one.dispose()));
    }
  });

  test("dispose runs atexit functions; later calls fail", async () => {
    const written: string[] = [];
    const other = await load({ stdout: (text) => written.push(text) });
    await other.run("import atexit\natexit.register(print, 'bye', flush=True)");
    expect(await Promise.all([other.dispose(), other.dispose()])).toEqual([0, 0]);
    expect(written.join("")).toBe("bye\n");
    await expect(other.eval("1")).rejects.toThrow();
  });

  test("a working directory is made; one that cannot be is an error", async () => {
    if (profile === "threaded") {
      return;
    }
    const other = await load({ workingDirectory: "/home/weft/project" });
    expect(await other.eval("__import__('os').getcwd()")).toBe("/home/weft/project");
    await other.dispose();
    await expect(load({ workingDirectory: "/dev/null/x" })).rejects.toThrow("NotADirectoryError");
  });
});

test("another profile is refused", async () => {
  await expect(api.loadWeft({ profile: "none" as Profile })).rejects.toThrow('profile is "auto", "threaded" or "solo", not "none"');
});
