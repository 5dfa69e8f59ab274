import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api } from "./package.js";
import { runThreads } from "./python-threads.js";

const LIMIT = { timeout: 90_000 };
const MODULE = new URL("modules/traversed.mjs", import.meta.url);
const shared = sharedWeft({ modules: [MODULE] });

/** Python's main thread owns the states; its threads are other realms. Only what the test asks for is collected. */
function python(code: string): Promise<void> {
  return runThreads(shared.weft, `
import traversed
from traversed import Keeper, Lazy, Spare, Transform, Counts, Own
unraisable = []
def hook(u): unraisable.append(f"{type(u.exc_value).__name__}: {u.exc_value}")
old, sys.unraisablehook = sys.unraisablehook, hook
gc.disable()
def fails(kind, call, text):
    try:
        call()
    except kind as e:
        assert text in str(e), e
    else:
        raise AssertionError(f"no {kind}")
try:
${code.replaceAll(/^/gm, "    ")}
finally:
    gc.enable()
    sys.unraisablehook = old
`);
}

describe("traverses", () => {
  test("cycles through a state are collected on its thread, and clear runs there", LIMIT, () => python(`
gc.collect()
traversed.cleared()
for i in range(20):
    k = Keeper()
    k.keep([k])
    r = weakref.ref(k)
    del k
    eventually(lambda: r() is None, "the cycle is left")
assert traversed.cleared() == [threading.get_ident()] * 20
k, l = Keeper(), Keeper()
k.keep(l)
l.keep(k)
l.peer = k
r = [weakref.ref(k), weakref.ref(l)]
del k, l
eventually(lambda: [f() for f in r] == [None, None], "two are left")
assert not unraisable, unraisable
`));

  test("by threads that each have objects of their own, while others collect", LIMIT, () => python(`
refs = []
def own():
    mine = []
    for i in range(60):
        k = Keeper()
        k.keep((k, Keeper()))
        mine.append(weakref.ref(k))
        if i % 20 == 0: gc.collect()
    del k
    eventually(lambda: all(r() is None for r in mine), "some are left")
    refs.extend(mine)
together(own, own, own, lambda: [gc.collect() for _ in range(20)])
assert len(refs) == 180 and not unraisable, unraisable
`));

  test("unsendable_are_not_traversed_on_foreign_thread", LIMIT, () => python(`
k = Keeper()
k.keep([k])
r = weakref.ref(k)
del k
together(gc.collect, gc.collect)
assert r().visits() == 0
eventually(lambda: r() is None, "it is left")
`));

  test("gc_during_borrow: a state is visited in a shared borrow, not in an exclusive one", LIMIT, () => python(`
k = Keeper()
k.keep([k])
k.collect_alone()
assert k.visits() == 0, k.visits()
k.collect()
assert k.visits() > 0
seen = k.visits()
k.collect_alone()
assert k.visits() == seen
assert k.held() == [k]
`));

  test.each([
    ["token"],
    ["count"],
    ["bind"],
  ])("tries_gil_in_traverse: %s is refused, told, and nothing dies", LIMIT, (how) => python(`
k = Keeper()
k.keep([k, "kept"])
k.behave("${how}")
k.collect()
k.visits()
assert unraisable and all(e == "HostError: DetachedError: Python may not be used while the garbage collector visits an object" for e in unraisable), unraisable
assert k.held()[1] == "kept"
r = weakref.ref(k)
k.behave("")
del k
eventually(lambda: r() is None, "it is left")
`));

  test("test_try_attach_fail_during_gc", LIMIT, async () => {
    const seen = await shared.weft.spawn<string[][]>(threadModule("traverse.mjs"), "attachInTraverse").join();
    expect(seen.length).toBeGreaterThan(0);
    for (const one of seen) {
      expect(one).toEqual(["undefined", "DetachedError", "DetachedError", "-1"]);
    }
  });

  test("drop_during_traversal: what a traversal drops is released later, once", LIMIT, () => python(`
log = []
class Thing:
    def __del__(self): log.append(gc.collect())
k = Keeper()
k.keep([k])
k.doom(Thing())
k.behave("drop")
k.collect()
eventually(lambda: k.visits() and len(log) == 1, log)
gc.collect()
assert k.visits() and len(log) == 1 and not unraisable, unraisable
`));

  test("a throw ends the visit, is told, and what the state holds stays", LIMIT, () => python(`
k = Keeper()
k.keep(["kept"])
for how, text in ("throw", "HostError: RangeError: on purpose"), ("text", "HostError: TypeError: visit() takes owned references (Py), not string"):
    k.behave(how)
    for _ in range(3): gc.collect()
    assert k.held() == ["kept"]
    assert set(unraisable) == {text}, unraisable
    unraisable.clear()
k.behave("")
`));

  test("answers that differ from one visit to the next, or name a reference twice, free nothing that is in use", LIMIT, () => python(`
for how in "sometimes", "twice":
    k = Keeper()
    k.keep([k, ["kept"]])
    k.behave(how)
    for _ in range(10):
        gc.collect()
        assert k.held()[1] == ["kept"], k.held()
    assert k.visits() >= 10
`));

  test("without a function for garbage the references go with JavaScript's own collection", LIMIT, () => python(`
l = Lazy([[1]])
l.add(l)
r = weakref.ref(l)
del l
gc.collect()
assert not unraisable, unraisable
`));

  test("is refused where there is no state", () => {
    expect(() => api.pyClass("Plain").traverses(() => undefined)).toThrow("Plain is not unsendable, so it has no state to traverse: the collector knows its fields");
  });
});

describe("freelist", () => {
  test("multithreaded_class_with_freelist: new objects are empty, whoever had the memory before", LIMIT, () => python(`
class Derived(Spare):
    __slots__ = ("more",)
def use():
    for i in range(1, 400):
        a, b = Spare(i), Spare(-i)
        assert (a.number, a.wide, b.number, b.wide) == (i, i, -i, -i)
        a.other, b.other = b, [a] if i % 3 == 0 else None
        r = weakref.ref(a)
        if i % 7 == 0:
            d = Derived(i)
            d.more = d.other = a
        del a, b
        if i % 50 == 0: gc.collect()
    gc.collect()
together(use, use, use, use)
`));

  test("objects that other threads drop", LIMIT, () => python(`
import queue
q = queue.SimpleQueue()
def make():
    for i in range(1, 1000): q.put(Spare(i))
def drop():
    for i in range(1, 1000): assert q.get(timeout=PATIENCE).number != 0
together(make, make, drop, drop)
`));

  test("what cannot have one is refused", () => {
    expect(() => api.pyClass("Bad", { freelist: 0 })).toThrow("a freelist keeps 1 to 4096 objects, not 0");
    expect(() => api.pyClass("Bad", { freelist: 4, dict: true })).toThrow('Bad has "dict", so it cannot have a freelist');
    expect(() => api.pyClass("Bad", { freelist: 4, base: "list" })).toThrow("Bad is derived from another class");
  });
});

describe("buffers of fields", () => {
  test("show the object's own bytes, with a shape, and keep the object", LIMIT, () => python(`
import collections.abc
m = Transform([float(i) for i in range(16)])
v = memoryview(m)
assert (v.shape, v.strides, v.format, v.itemsize, v.nbytes, v.readonly, v.ndim) == ((4, 4), (32, 8), "d", 8, 128, True, 2)
assert v[1, 2] == 6.0 and v.tolist()[3] == [12.0, 13.0, 14.0, 15.0] and m.trace() == 30.0
assert v.c_contiguous and not v.f_contiguous and bytes(m) == v.tobytes()
assert isinstance(m, collections.abc.Buffer)
import array, inspect
assert array.array("d", bytes(m))[15] == 15.0
def m_buffer(object): return object.__buffer__(inspect.BufferFlags.FULL_RO)
r = weakref.ref(m)
del m
gc.collect()
assert v[3, 3] == 15.0 and r() is v.obj
v.release()
eventually(lambda: r() is None, "it is left")
import struct
fails(TypeError, lambda: struct.pack_into("d", Transform([]), 0, 1.0), "read-write")
assert m_buffer(Transform([7.0]))[0, 0] == 7.0
class Derived(Transform):
    pass
class Further(Derived):
    pass
for derived in (Derived, Further):
    d = derived([7.0])
    v = memoryview(d)
    assert (v[0, 0], v.shape, v.readonly, v.obj is d, d.trace()) == (7.0, (4, 4), True, True, 7.0)
    assert m_buffer(d)[0, 0] == 7.0
class Own(Transform):
    def __buffer__(self, flags):
        return memoryview(b"own")
assert bytes(memoryview(Own([7.0]))) == b"own"
fails(TypeError, lambda: Transform.__buffer__(3, 0), "requires a 'Transform' object")
`));

  test("of an object that is borrowed exclusively, or unsendable elsewhere, are refused", LIMIT, () => python(`
c = Counts()
v = memoryview(c)
v[3] = 5
assert c.bins[12] == 5 and v.format == "i" and v.shape == (10,)
c.hold(lambda: fails(RuntimeError, lambda: memoryview(c), "Already mutably borrowed (Counts's buffer on this Counts, while Counts.hold has it)"))
o = Own()
assert len(memoryview(o)) == 4
together(lambda: fails(RuntimeError, lambda: memoryview(o), "Own is unsendable"))
`));

  test("test_thread_safety of counters: atomic operations in shared borrows, seen by a buffer", LIMIT, () => python(`
c = Counts()
v = memoryview(c)
together(*[lambda: [c.add(i % 10, 50) for i in range(100)]] * 4)
assert v.tolist() == [2000] * 10, v.tolist()
`));

  test("that do not fit are refused", () => {
    const { field, pyClass } = api;
    expect(() => pyClass("Bad", { fields: { n: field.i32() }, buffer: { field: "n", as: Uint8Array } })).toThrow('Bad: "buffer" names a field of bytes, and n is one of i32');
    expect(() => pyClass("Bad", { buffer: { field: "n", as: Uint8Array } })).toThrow("n is none");
    expect(() => pyClass("Bad", { fields: { b: field.bytes(12) }, buffer: { field: "b", as: Int32Array, shape: [2, 2] } })).toThrow("b has 12 bytes, and 2 x 2 items of Int32Array do not fill them");
    expect(() => pyClass("Bad", { fields: { b: field.bytes(10) }, buffer: { field: "b", as: Int32Array } })).toThrow("not [2.5]");
  });
});
