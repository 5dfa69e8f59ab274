import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import type { Py, PyAny } from "./package.js";
import { runThreads } from "./python-threads.js";

const LIMIT = { timeout: 90_000 };
const MODULE = new URL("../../src/examples/collections.mjs", import.meta.url);
const shared = sharedWeft({ modules: [MODULE] });

/** The example's module, on Python's main thread; its threads are other realms. */
const python = (code: string): Promise<void> => runThreads(shared.weft, `from collections_js import Histogram, LruCache, Matrix, Missing\n${code}`);

/** An object of the example's that this test owns. */
function make(code: string): Py<PyAny> {
  return shared.weft.attach((py) => py.eval(code, py.dict([["c", py.import("collections_js")]])).unbind());
}

describe("the example collections.mjs", () => {
  test("LruCache: no thread's use is lost, the oldest key goes, and Missing names the key", LIMIT, () => python(`
cache = LruCache(3)
for key in "abc": cache.put(key, key.upper())
assert cache.get("a") == "A"
cache.put("d", "D")
assert "b" not in cache and len(cache) == 3 and "a" in cache
try:
    cache.get("b")
except Missing as e:
    assert e.args == ("b",) and isinstance(e, KeyError)
else:
    raise AssertionError("found")
assert (cache.hits, cache.misses) == (1, 1)
shared = LruCache(64)
def use(n):
    for i in range(300):
        shared.put((n, i % 8), i)
        assert shared.get((n, i % 8)) == i
together(*[lambda n=n: use(n) for n in range(4)])
assert (shared.hits, shared.misses, len(shared)) == (1200, 0, 32)
class Key:
    """Compared by Python code that uses the cache."""
    def __hash__(self): return 1
    def __eq__(self, other): return len(shared) < 0
shared.put(1, "one")
try:
    shared.put(Key(), 1)
    assert False
except RuntimeError as e:
    assert "Already mutably borrowed" in str(e), e
assert shared.get(1) == "one"
`));

  test("Histogram: threads count at once, without a lock", LIMIT, () => python(`
h = Histogram(0, 10, 5)
values = [i / 10 for i in range(-5, 105)]
together(*[lambda: [h.add(values) for _ in range(20)]] * 4)
assert h.counts() == [20 * 80] * 5, h.counts()
try:
    Histogram(2, 1)
except ValueError as e:
    assert str(e) == "low must be below high"
`));

  test("Matrix: threads read one memory, which nobody can write", LIMIT, () => python(`
m = Matrix([[1, 2, 3], [4, 5, 6]])
def use():
    for _ in range(100):
        assert m @ [1, 0, 1] == [4.0, 10.0] and m[1, 2] == 6.0
        with memoryview(m) as v:
            assert v.shape == (2, 3) and v.tolist() == [[1, 2, 3], [4, 5, 6]] and v.readonly
together(use, use, use)
v = memoryview(m)
r = weakref.ref(m)
del m
gc.collect()
assert v[1, 1] == 5.0
for bad, error in (lambda: Matrix([[1], [2, 3]]), ValueError), (lambda: Matrix([]), ValueError), (lambda: Matrix([[1]])[0, 1], IndexError):
    try:
        bad()
    except error:
        pass
    else:
        raise AssertionError("no error")
`));

  test("TypeScript's threads use the same objects as Python's", LIMIT, async () => {
    const [cache, histogram] = [make("c.LruCache(50)"), make("c.Histogram(0, 1, 4)")];
    const copies = shared.weft.attach((py) => [0, 1, 2].map(() => [cache.cloneRef(py), histogram.cloneRef(py)] as const));
    const globals = shared.weft.attach((py) => py.dict([["cache", cache.bind(py)], ["histogram", histogram.bind(py)]]).unbind());
    await Promise.all([
      ...copies.map(([a, b], n) => shared.weft.spawn(threadModule("collections.mjs"), "use", a, b, n).join()),
      shared.weft.run("for i in range(200): cache.put(i % 5, i); histogram.add([0.1])", { globals: globals as Py }),
    ]);
    shared.weft.attach((py) => {
      expect(histogram.bind(py).callMethod("counts").toJs()).toEqual([200, 600, 0, 0]);
      expect(cache.bind(py).length()).toBe(35);
    });
    [cache, histogram, globals].forEach((one) => one.drop());
  });
});
