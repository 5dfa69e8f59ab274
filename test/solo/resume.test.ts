/** What a started Python renews when an instance is made of it. */
import { afterAll, expect, test } from "vitest";
import { api, type PortableInterpreter, type PortableOptions } from "../python/package.js";

const all: PortableInterpreter[] = [];
const load = async (options: PortableOptions = {}): Promise<PortableInterpreter> => {
  const python = await api.loadWeft({ profile: "solo", ...options });
  all.push(python);
  return python;
};
afterAll(async () => {
  await Promise.all(all.map((one) => one.dispose()));
});

const HASHES = "[hash('weft'), hash(b'weft'), hash(('weft', 1)), hash(frozenset(['weft']))]";

test("every instance has hashes of its own", async () => {
  const [one, two] = await Promise.all([load(), load()]);
  expect(await one!.eval(HASHES)).toEqual(await one!.eval(HASHES));
  const others = (await two!.eval(HASHES)) as number[];
  ((await one!.eval(HASHES)) as number[]).forEach((hash, i) => {
    expect(hash).not.toBe(others[i]);
  });
  // A string that the snapshot has hashed.
  expect(await one!.eval("hash('__init__')")).not.toBe(await two!.eval("hash('__init__')"));
});

test("PYTHONHASHSEED is respected, as by the threaded profile", async () => {
  for (const seed of ["0", "1", "4294967295"]) {
    const env = { PYTHONHASHSEED: seed };
    const [one, two] = await Promise.all([load({ env }), load({ env })]);
    const threaded = await api.loadWeft({ profile: "threaded", env });
    try {
      const hashes = await one!.eval(HASHES);
      expect(await two!.eval(HASHES)).toEqual(hashes);
      expect(await threaded.eval(HASHES)).toEqual(hashes);
    } finally {
      await threaded.dispose();
    }
  }
  for (const seed of ["-1", "4294967296", "x", "1 "]) {
    await expect(api.loadWeft({ profile: "solo", env: { PYTHONHASHSEED: seed } })).rejects.toThrow('ValueError: PYTHONHASHSEED must be "random" or an integer in range [0; 4294967295]');
  }
  const [one, two] = await Promise.all([load({ env: { PYTHONHASHSEED: "random" } }), load({ env: { PYTHONHASHSEED: "" } })]);
  expect(await one!.eval(HASHES)).not.toEqual(await two!.eval(HASHES));
});

test("everything that Python had made before is found by its new hash", async () => {
  for (let round = 0; round < 5; round++) {
    const python = await load();
    const missing = await python.run(`
import gc, sys
def check():
    seen = {id(o): o for o in gc.get_objects()}
    for holder in list(seen.values()):
        for o in gc.get_referents(holder):
            seen.setdefault(id(o), o)
    for o in [sys.modules, vars(sys), vars(type), vars(str), vars(object)]:
        seen[id(o)] = o
    lost, dicts, sets = [], 0, 0
    for o in list(seen.values()):
        if type(o) is dict:
            dicts += 1
            lost += [repr(k) for k, v in list(o.items()) if k not in o or o[k] is not v]
        elif isinstance(o, (set, frozenset)):
            sets += 1
            lost += [repr(k) for k in list(o) if k not in o]
        elif isinstance(o, type):
            # Also through the type's own dict and the method cache.
            lost += [f"{o}.{k}" for k in list(vars(o)) if k not in vars(o)]
    return lost, dicts, sets
lost, dicts, sets = check()
# Names of code and of attributes are the very objects that are interned.
parts = ["so", "rted"]
interned = sys.intern("".join(parts)) is sys.intern("sor" + "ted"[0:])
`).then(() => python.eval("[lost, dicts > 100, sets > 20, interned]"));
    expect(missing).toEqual([[], true, true, true]);
  }
});

test("programs run as before", async () => {
  const python = await load();
  await python.run(`
import ast, collections, dataclasses, decimal, enum, functools, importlib, inspect, json, re, sqlite3, typing, unittest, zlib
class Color(enum.Enum):
    RED = 1
@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    names: frozenset = frozenset({"a"})
table = {Color.RED: 1, Point(1): 2, ("a", 1): 3, re.compile("x"): 4, b"x": 5}
result = [table[Color.RED], table[Point(1)], table["a", 1], table[re.compile("x")], table[b"x"], json.loads('{"a": [1]}'), typing.List[int] is typing.List[int],
    {k: v for k, v in zip("abc", range(3))}, "x" in {"x", "y"}, re.sub("(?P<n>a)", r"<\\g<n>>", "a"), inspect.signature(Point).parameters["x"].name]
`);
  expect(await python.get("result")).toEqual([1, 2, 3, 4, 5, { a: [1] }, true, { a: 0, b: 1, c: 2 }, true, "<a>", "x"]);
});

test("time and environment are the host's", async () => {
  const before = Date.now() / 1000;
  const python = await load({ env: { NAME: "value" } });
  const [time, year, names] = (await python.eval("(lambda t, os: [t.time(), t.gmtime().tm_year, sorted(os.environ)])(__import__('time'), __import__('os'))")) as [number, number, string[]];
  expect(time).toBeGreaterThanOrEqual(before - 0.01);
  expect(time).toBeLessThanOrEqual(Date.now() / 1000 + 0.01);
  expect(year).toBe(new Date().getUTCFullYear());
  expect(names).toEqual(["NAME"]);
  const [first, second] = (await python.eval("[__import__('time').monotonic(), __import__('time').monotonic()]")) as [number, number];
  // Of this instance, not of the build.
  expect(first).toBeGreaterThanOrEqual(0);
  expect(second).toBeGreaterThanOrEqual(first);
});
