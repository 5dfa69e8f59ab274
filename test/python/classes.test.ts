import { describe, expect, expectTypeOf, test } from "vitest";
import { expectNoLeak } from "./leaks.js";
import { sharedWeft } from "./harness.js";
import { api, type Py, type PyAny, type Parameter } from "./package.js";

const { arg, field, pyClass, pyException, pyModule, t } = api;
const MODULE = new URL("modules/counters.mjs", import.meta.url);
const shared = sharedWeft({ modules: [MODULE] });

/** Runs statements on Python's main thread, in names of their own. `assert` says what is expected. */
async function python(code: string): Promise<void> {
  const { weft } = shared;
  const globals = weft.attach((py) => py.dict().unbind());
  await weft.run(`${HELPERS}\n${code}`, { globals: globals as Py });
  globals.drop();
}

const HELPERS = `
import counters, gc, inspect
def fails(kind, text, call, *args, **kwargs):
    try:
        result = call(*args, **kwargs)
    except kind as e:
        assert str(e) == text, f"{e!s} instead of {text}"
        return e
    raise AssertionError(f"{result!r} instead of {kind}: {text}")
def statement(kind, text, code, **names):
    return fails(kind, text, exec, code, {"counters": counters, **names})
`;

describe("modules", () => {
  test("are registered by name, with their submodules, as often as one likes", async () => {
    expect(await shared.weft.addModule(MODULE)).toEqual(["counters", "counters.tools", "needs_gil"]);
    expect(await shared.weft.addModule(String(MODULE))).toEqual(["counters", "counters.tools", "needs_gil"]);
  });

  test("have what the definition says", () => python(`
assert counters.__doc__ == "Counters of many kinds."
assert counters.VERSION == "1.0"
assert "Counter" in counters.__all__ and "add" in counters.__all__ and "tools" in counters.__all__
assert all(hasattr(counters, name) for name in counters.__all__)
assert counters.__spec__.origin.endswith("modules/counters.mjs"), counters.__spec__
assert counters.__name__ == "counters"
assert type(counters.__loader__).__name__ == "HostModules"
import counters.tools
from counters.tools import three
assert three() == 3 and counters.tools.three is three
import importlib.util
assert importlib.util.find_spec("counters").loader is counters.__loader__
assert importlib.util.find_spec("counters.nothing") is None
fails(ModuleNotFoundError, "No module named 'counters.nothing'", __import__, "counters.nothing")
`));

  test("imported again have the same types", () => python(`
import sys, importlib
old = sys.modules.pop("counters")
import counters as new
assert new is not old
assert new.Counter is old.Counter and new.CounterError is old.CounterError and new.TooFar is old.TooFar
assert importlib.reload(new) is new and new.Counter is old.Counter
sys.modules["counters"] = old
`));

  test("are refused where another module has the name", async () => {
    const url = new URL("modules/same-name.mjs", import.meta.url);
    await expect(shared.weft.addModule(url)).rejects.toThrow(/^there is a Python module counters already: \S*counters\.mjs defines it$/);
    await expect(shared.weft.addModule(new URL("threads/basic.mjs", import.meta.url))).rejects.toThrow(/exports no Python module: export what pyModule\(\) returns$/);
    await expect(shared.weft.addModule(new URL("modules/none.mjs", import.meta.url))).rejects.toThrow();
  });
});

describe("functions", () => {
  test("take arguments as a def does", () => python(`
assert counters.add(1) == 3 and counters.add(1, 5) == 6 and counters.add(b=1, a=2) == 3
assert counters.describe(1, 2, 3, 4, c=5, d=6) == [1, 2, [3, 4], 5, {"d": 6}]
assert counters.describe(1, b=2, a=9) == [1, 2, [], 3, {"a": 9}]
fails(TypeError, "add() missing 1 required positional argument: 'a'", counters.add)
fails(TypeError, "add() takes from 1 to 2 positional arguments but 3 were given", counters.add, 1, 2, 3)
fails(TypeError, "add() got multiple values for argument 'a'", counters.add, 1, a=2)
fails(TypeError, "add() got an unexpected keyword argument 'c'", counters.add, 1, c=2)
fails(TypeError, "describe() missing 2 required positional arguments: 'a' and 'b'", counters.describe)
fails(TypeError, "three() takes 0 positional arguments but 1 was given", counters.tools.three, 1)
`));

  test("have signatures, names and documentation", () => python(`
assert str(inspect.signature(counters.add)) == "(a, b=2)"
assert str(inspect.signature(counters.describe)) == "(a, /, b, *rest, c=3, **others)"
assert str(inspect.signature(counters.Counter.increment)) == "(self, /, by=1)"
assert str(inspect.signature(counters.Counter().increment)) == "(by=1)"
assert str(inspect.signature(counters.Counter.of)) == "(value)", inspect.signature(counters.Counter.of)
assert str(inspect.signature(counters.Counter.twice)) == "(value)"
assert str(inspect.signature(counters.Counter)) == "(value=0, label='')", inspect.signature(counters.Counter)
assert str(inspect.signature(counters.Point)) == "(x, y, *, id=0)", inspect.signature(counters.Point)
assert counters.add.__doc__ == "The sum." and counters.add.__module__ == "counters" and counters.add.__name__ == "add"
assert counters.Counter.increment.__qualname__ == "Counter.increment" and counters.Counter.increment.__doc__ == "Adds to it."
assert repr(counters.add) == "<function add of a host module>" and repr(counters.Counter.peek) == "<method Counter.peek of a host module>"
assert inspect.isroutine(counters.Counter.increment) and callable(counters.add)
import pydoc
assert "Adds to it." in pydoc.render_doc(counters.Counter, renderer=pydoc.plaintext)
`));

  test("of a module do not become methods", () => python(`
class Holder:
    add = counters.add
assert Holder().add(1) == 3
`));

  test("can be pickled by name", () => python(`
import pickle
assert pickle.loads(pickle.dumps(counters.add)) is counters.add
assert pickle.loads(pickle.dumps(counters.Counter.increment)) is counters.Counter.increment
`));

  test("are not counted by the threads that call them: they would write to one word of memory in turns", () => python(`
import sys, threading
thread = threading.Thread(target=int)
thread.start()
thread.join()
for shared in counters.add, vars(counters.Counter)["increment"], vars(counters.Counter)["value"]:
    count = sys.getrefcount(shared)
    more = [shared] * 10
    assert sys.getrefcount(shared) == count, (shared, count, sys.getrefcount(shared))
`));

  test("raise what handlers throw", () => python(`
import weft
e = fails(weft.HostError, "RangeError: no", counters.fail)
t = counters.Typed(99)
e = fails(counters.TooFar, "101 is too far", t.add, 2)
assert type(e).__mro__[1:3] == (counters.CounterError, ValueError)
assert counters.CounterError.__doc__ == "Counting went wrong." and counters.TooFar.__module__ == "counters"
fails(KeyError, "'from a handler'", t.raise_builtin, "KeyError")
fails(KeyboardInterrupt, "from a handler", t.raise_builtin, "KeyboardInterrupt")
assert issubclass(counters.Plain, Exception)
t.add()
`));

  test("end in a RecursionError and not in the engine's when they call each other without end", () => python(`
import sys
depth = 0
def again():
    global depth
    depth += 1
    return counters.recurse(again)
try:
    again()
except RecursionError as e:
    pass
else:
    raise AssertionError("no error")
assert depth > 20, depth
assert counters.add(1) == 3
`));
});

describe("schemas", () => {
  test("convert arguments and results, and refuse others as PyO3 does", () => python(`
t = counters.Typed(1, "first")
assert t.add() == 2 and t.add(by=3) == 5 and t.count == 5
assert t.extend(["a"]) == ["first", "a"] and t.extend(("b",)) == ["first", "a", "b"]
assert t.scale(2) == 10.0 and t.scale(0.5) == 2.5 and type(t.scale(2)) is float
assert t.flag(True) is False
fails(TypeError, "argument 'by': expected int, got str 'x'", t.add, "x")
fails(TypeError, "argument 'by': expected int, got bool True", t.add, True)
fails(TypeError, "argument 'by': expected int, got float 1.5", t.add, 1.5)
fails(TypeError, "argument 'items'[1]: expected str, got int 2", t.extend, ["a", 2])
fails(TypeError, "argument 'on': expected bool, got int 1", t.flag, 1)
fails(TypeError, "argument 'count': expected int, got None", counters.Typed, None)
import weft
fails(weft.HostError, "SchemaError: result of lies(): expected a value for str, got the number 3", t.lies)
`));

  test("give and take objects of a class, to be borrowed", () => python(`
t, c = counters.Typed(1), counters.Counter(4)
assert t.sum_with(c) == 5
assert t.sum_with(counters.Stepper(2, 1)) == 3
fails(TypeError, "argument 'other': expected Counter, got counters.Point", t.sum_with, counters.Point(1, 2))
assert t.try_both(c) == [4, 4]
seen = []
c.peek_while(lambda: seen.append(t.try_both(c)))
c.increment_while(lambda: seen.append(t.try_both(c)))
assert seen == [[4, "busy"], ["busy", "busy"]], seen
c.increment_while(lambda: seen.append(fails(RuntimeError, "Already mutably borrowed (TypeScript's borrow of Counter on this Counter, while Counter.increment_while has it)", t.sum_with, c)))
assert t.steal(c) == 7
import weft
fails(weft.HostError, "ConversionError: expected Counter, got object", t.steal, object())
n = counters.new_counter(3)
assert type(n) is counters.Counter and n.value == 3
`));

  test("are inferred", () => {
    const made = pyClass("Inferred", { fields: { n: field.i32(), s: field.str(), o: field.object(), b: field.bytes(3), big: field.i64() } })
      .constructs({ args: [arg("n", t.int)] }, (self, n) => {
        expectTypeOf(n).toEqualTypeOf<number>();
        self.n = n;
        expectTypeOf(self.big).toEqualTypeOf<bigint>();
      })
      .methodMut("m", { args: [arg("names", t.list(t.str)), arg.rest("rest", t.bigint), arg.keyword("k", t.float, { default: undefined }), arg.keywords("all", t.bool)], returns: t.int }, (self, names, rest, k, all) => {
        expectTypeOf(names).toEqualTypeOf<string[]>();
        expectTypeOf(k).toEqualTypeOf<number | undefined>();
        expectTypeOf(rest).toEqualTypeOf<bigint[]>();
        expectTypeOf(all).toEqualTypeOf<Map<string, boolean>>();
        expectTypeOf(self.s).toEqualTypeOf<string | undefined>();
        self.s = "x";
        return self.n;
      })
      .method("get", { args: [arg("other")] }, (self, other) => {
        expectTypeOf(other).toEqualTypeOf<unknown>();
        // @ts-expect-error in a shared borrow
        self.n = 1;
        expectTypeOf(self.o).toEqualTypeOf<PyAny | undefined>();
      })
      // @ts-expect-error the result is no number
      .method("wrong", { returns: t.int }, () => "x")
      .property("p", { type: t.str, get: () => "x", set: (_, value) => { expectTypeOf(value).toEqualTypeOf<string>(); } });
    expectTypeOf(arg("x", t.int)).toEqualTypeOf<Parameter<number>>();
    expectTypeOf<ReturnType<typeof made.borrow<string>>>().toEqualTypeOf<string>();
    expect(made.functions.map(({ name }) => name)).toEqual(["__new__", "m", "get", "wrong", "p", "p"]);
  });
});

describe("classes", () => {
  test("have fields in the object", () => python(`
c = counters.Counter(3, label="x")
assert (c.value, c.label) == (3, "x")
c.value = 10
assert c.value == 10 and c.peek() == 10
c.last = c
assert c.last is c
del c
assert counters.Counter.value.__name__ == "value" and counters.Counter.value.__doc__ == "The count."
assert counters.Counter.value.__objclass__ is counters.Counter and inspect.isdatadescriptor(counters.Counter.value)
c = counters.Counter()
statement(OverflowError, "value must be between -2147483648 and 2147483647, not 1099511627776", "c.value = 2**40", c=c)
statement(TypeError, "'str' object cannot be interpreted as an integer", "c.value = 'x'", c=c)
statement(AttributeError, "attribute 'label' of 'counters.Counter' objects is not writable", "c.label = 'x'", c=c)
statement(TypeError, "can't delete attribute 'value' of 'counters.Counter' objects", "del c.value", c=c)
statement(AttributeError, "'counters.Counter' object has no attribute 'last' yet", "c.last", c=c)
statement(AttributeError, "'Counter' object has no attribute 'foo' and no __dict__ for setting new attributes", "c.foo = 1", c=c)
fails(TypeError, "descriptor 'value' for 'counters.Counter' objects doesn't apply to a 'int' object", counters.Counter.value.__get__, 3)
k = counters.Cell()
assert k.raw == bytes(10) and k.on is False
k.raw = bytes(range(10)); k.on = True
assert k.raw == bytes(range(10)) and k.on is True and k.fill(7) == b"\\7\\7" and k.raw == b"\\7" * 10
statement(ValueError, "raw holds 10 bytes, not 1", "k.raw = b'x'", k=k)
statement(TypeError, "a bytes-like object is required, not 'int'", "k.raw = 3", k=k)
statement(TypeError, "on must be a bool, not int", "k.on = 1", k=k)
p = counters.Point(1.5, 2, id=2**62)
assert (p.x, p.y, p.id) == (1.5, 2.0, 2**62)
statement(AttributeError, "attribute 'x' of 'counters.Point' objects is not writable", "p.x = 1", p=p)
`));

  test("have constructors, class and static methods, properties and attributes", () => python(`
c = counters.Counter.of(5)
assert type(c) is counters.Counter and c.value == 5
class Sub(counters.Counter): pass
assert type(Sub.of(1)) is Sub
assert counters.Counter.twice(4) == 8 and c.twice(4) == 8
assert c.double == 10
c.double = 6
assert c.value == 3
del c.double
assert c.value == 0 and counters.Counter.double.__doc__ == "Twice the count."
assert counters.Counter.LIMIT == 100 and counters.Counter.__doc__ == "Counts." and counters.Counter.__module__ == "counters"
fails(TypeError, "No constructor defined for counters.Blank", counters.Blank)
fails(TypeError, "Counter.__new__() takes from 0 to 2 positional arguments but 3 were given", counters.Counter, 1, "", 3)
fails(TypeError, "Counter.__new__(int): int is not a subtype of counters.Counter", counters.Counter.__new__, int)
fails(TypeError, "Counter.__new__() needs a type as its first argument", counters.Counter.__new__)
fails(TypeError, "descriptor 'increment' for 'counters.Counter' objects doesn't apply to a 'int' object", counters.Counter.increment, 3)
fails(TypeError, "unbound method Counter.increment() needs an argument", counters.Counter.increment)
empty = object.__new__(counters.Counter)
assert empty.value == 0 and empty.increment() == 1
`));

  test("have the protocols of their special methods", () => python(`
c = counters.Counter(8)
assert repr(c) == "Counter(8)" and c == 8 and c != 9 and not c == "x" and c + 1 == 9 and len(c) == 8 and 3 in c and 8 not in c and c[2] == 16 and c(1, 2) == 10
fails(TypeError, "unsupported operand type(s) for +: 'Counter' and 'str'", lambda: c + "x")
fails(TypeError, "unhashable type: 'Counter'", hash, c)
with c as same: assert same is c
assert list(counters.Range(4)) == [0, 1, 2, 3] and sum(counters.Range(5)) == 10
r = counters.Range(1)
assert next(r) == 0 and next(r, "end") == "end"
assert hash(counters.Point(1, 2)) == 33
p = counters.Protocols()
view = memoryview(p)
assert bytes(view) == b"\\1\\2\\3\\4"
view[0] = 9
assert bytes(memoryview(p)) == b"\\x09\\2\\3\\4"
view.release()
assert "released" in p.log
class Uses:
    d = counters.Protocols()
assert Uses.d == "class" and Uses().d == "object"
Uses().d = 4
assert Uses.__dict__["d"].log == [4]
async def main():
    assert await p is None
    async for _ in p: raise AssertionError
import asyncio
asyncio.run(main())
assert not p and [*range(10)][p] == 7 and (p < 1) is True and -p == "neg" and p @ 1 == "matmul" and 1 + p == "radd" and f"{p:abc}" == "<abc>"
p["k"] = 1
del p["k"]
assert p.log[-2:] == [["k", 1], "k"] and p.dyn_x == "dyn_x"
fails(AttributeError, "other", lambda: p.other)
q = p
q += 1
assert q is p
`));

  test("are derived from each other and by Python", () => python(`
s = counters.Stepper(5, 2)
assert s.advance() == 7 and s.step == 2 and s.label == "stepper" and isinstance(s, counters.Counter) and s.increment() == 8
class Sub(counters.Stepper):
    extra = 0
    def __init__(self, *a): self.extra = 1
    def increment(self, by): return super().increment(by * 100)
x = Sub(1, 2)
assert x.increment(1) == 101 and x.extra == 1 and x.advance() == 103 and repr(x) == "Counter(103)"
class Slots(counters.Counter):
    __slots__ = ("a",)
y = Slots(3); y.a = 1
assert (y.value, y.a) == (3, 1)
class Other(counters.Counter):
    def __new__(cls, v): return super().__new__(cls, v * 2)
assert Other(4).value == 8
fails(TypeError, "type 'Final' is not an acceptable base type", type, "F", (counters.Final,), {})
fails(TypeError, "multiple bases have instance lay-out conflict", type, "M", (counters.Counter, counters.Point), {})
assert counters.MutableChild(4).id_of() == 4 and counters.MutableChild(4).id == 4
`));

  test("are derived from builtin types", () => python(`
b = counters.Bag([1, 2, 3])
b.append(4)
assert b.total() == 10 and b == [1, 2, 3, 4]
b.owner = b
b.z = 1
assert b.owner is b and b.z == 1
n = counters.Named("name", 1, 2)
assert n == [1, 2] and n.name == "name"
class Sub(counters.Named):
    def __init__(self, *args): super().__init__(*args)
assert Sub("x", 1) == [1]
e = counters.Failure("broken", 4)
assert isinstance(e, ValueError) and e.args == ("broken", 4) and e.code == 4
try:
    raise counters.Failure("again", code=5)
except ValueError as found:
    assert found.code == 5 and found.__traceback__ is not None
`));

  test("support weak references, attributes and generics as they say", () => python(`
import weakref
c = counters.Counter()
seen = []
w = weakref.ref(c, seen.append)
assert w() is c
del c
assert w() is None and seen == [w]
fails(TypeError, "cannot create weak reference to 'Final' object", weakref.ref, counters.Final())
t = counters.Typed(1)
t.anything = 2
assert t.__dict__ == {"anything": 2}
assert counters.Typed[int].__origin__ is counters.Typed and counters.Typed[int].__args__ == (int,)
fails(TypeError, "type 'Counter' is not subscriptable", lambda: counters.Counter[int])
`));

  test("cannot be exchanged by setting __class__", () => python(`
for a, b in [(counters.Counter(), counters.Range), (counters.Counter(), counters.Stepper), (counters.Local(1), counters.Blank), (counters.Range(1), counters.Counter)]:
    try:
        a.__class__ = b
    except TypeError as e:
        assert "layout differs" in str(e) or "deallocator differs" in str(e), e
    else:
        raise AssertionError((a, b))
assert not [name for name in dir(counters.Counter) if "weft" in name]
class Sub(counters.Counter): pass
class Sub2(counters.Counter): pass
x = Sub(3)
x.__class__ = Sub2
assert x.value == 3
`));

  test("pickle and copy with the hooks that they have", () => python(`
import copy, pickle
t = counters.Typed(5)
u = pickle.loads(pickle.dumps(t))
assert type(u) is counters.Typed and u.count == 5
assert copy.copy(t).count == 5
fails(TypeError, "cannot pickle 'Counter' object", pickle.dumps, counters.Counter(1))
`));

  test("that are frozen set references once", () => python(`
import weft
fails(weft.HostError, "TypeError: item was set before: the object is frozen", counters.Twice)
`));

  test("that are frozen need no borrow, also below one that is not", () => python(`
m = counters.MutableChild(4)
assert m.bump(lambda: m.id_of() * 10 + m.id) == 44
fails(RuntimeError, "Already mutably borrowed (MutableChild.value on this MutableChild, while MutableChild.bump has it)", m.bump, lambda: m.value)
assert m.value == 1
`));

  test("lend objects to handlers for the length of a call", () => python(`
import weft
t = counters.Typed(1)
t.keep_view()
fails(weft.HostError, "DetachedError: this object was lent to a call that has ended: keep \`self.object.unbind()\` instead", t.use_kept_view)
`));
});

describe("borrowing", () => {
  test("says who has the object", () => python(`
c = counters.Counter(1)
fails(RuntimeError, "Already mutably borrowed (Counter.peek on this Counter, while Counter.increment_while has it)", c.increment_while, c.peek)
fails(RuntimeError, "Already mutably borrowed (Counter.increment on this Counter, while Counter.increment_while has it)", c.increment_while, c.increment)
fails(RuntimeError, "Already borrowed (Counter.increment on this Counter, while Counter.peek_while has it)", c.peek_while, c.increment)
fails(RuntimeError, "Already mutably borrowed (Counter.value on this Counter, while Counter.increment_while has it)", c.increment_while, lambda: c.value)
fails(RuntimeError, "Already borrowed (Counter.value on this Counter, while Counter.peek_while has it)", c.peek_while, lambda: setattr(c, "value", 3))
assert c.peek_while(c.peek) == 1 and c.value == 1
s = counters.Stepper(1, 1)
fails(RuntimeError, "Already mutably borrowed (Stepper.advance on this Stepper, while Counter.increment_while has it)", s.increment_while, s.advance)
import weft
fails(weft.HostError, "TypeError: value cannot be set in a shared borrow: use methodMut", c.set_in_shared)
assert c.increment() == 2
`));

  test("is over when what a call replaced or used is released", () => python(`
o = counters.Owner()
seen = []
class Last:
    def __del__(self): seen.append(o.count)
o.put(Last())
o.put(3)
gc.collect()
assert seen == [0], seen
`));

  test("locked objects refuse the thread that has them", () => python(`
l = counters.Locked()
l.increment()
import weft
fails(RuntimeError, "Already mutably borrowed (Locked.increment on this Locked, while Locked.again has it)", l.again)
assert l.value == 1
`));
});

describe("memory", () => {
  test("cycles through fields are collected", () => python(`
import weakref
def make(kind, *args):
    c = kind(*args)
    return c
a, b = counters.Cell(), counters.Cell()
a.other, b.other = b, a
n = counters.Counter(); n.last = [n]
bag = counters.Bag(); bag.owner = bag
refs = [weakref.ref(x) for x in (a, b, n, bag)]
del a, b, n, bag
gc.collect()
assert [r() for r in refs] == [None] * 4
`));

  test("destructors run, and what they throw goes to sys.unraisablehook", () => python(`
import sys, threading
errors, log = [], []
old, sys.unraisablehook = sys.unraisablehook, lambda u: errors.append(str(u.exc_value))
try:
    m = counters.Mortal(log)
    del m
    gc.collect()
finally:
    sys.unraisablehook = old
assert log == [threading.get_ident()] and errors == ["RangeError: died"], (log, errors)
`));

  test("calls, fields and errors leave nothing", async () => {
    await python("");
    const { weft } = shared;
    await expectNoLeak(weft, (object, py) => {
      const module = py.import("counters");
      const owner = module.getAttr("Owner").call();
      const cell = module.getAttr("Cell").call();
      for (let i = 0; i < 20; i++) {
        owner.callMethod("put", object);
        owner.getAttr("item");
        cell.setAttr("other", object);
        cell.getAttr("other");
        expect(() => owner.callMethod("put")).toThrow();
        expect(() => owner.callMethod("put", object, object)).toThrow();
        expect(() => module.getAttr("Typed").call(object)).toThrow();
        expect(() => cell.setAttr("on", object)).toThrow();
        // Of a class of ours: the schema gives a reference of the call's own.
        expect(() => module.getAttr("Typed").call(1).callMethod("sum_with", object)).toThrow();
      }
      module.getAttr("Local").call(1);
    });
  });
});

describe("definitions that make no sense are refused", () => {
  test.each<[string, () => unknown]>([
    ["a class cannot be called \"1\"", () => pyClass("1")],
    ["a module cannot be called \"a-b\"", () => pyModule("a-b")],
    ["an exception cannot be called \"x.y\"", () => pyException("x.y")],
    ["a parameter cannot be called \"a b\"", () => arg("a b")],
    ["a parameter cannot be called \"with\"", () => arg("with")],
    ["C: a field cannot be called py", () => pyClass("C", { fields: { py: field.i32() } })],
    ["C is frozen, so no field of it can have \"set\"", () => pyClass("C", { frozen: true, fields: { a: field.i32({ set: true }) } })],
    ["C is frozen, so it needs no lock", () => pyClass("C", { frozen: true, locked: true })],
    ["C is unsendable, so it needs no lock", () => pyClass("C", { unsendable: true, locked: true })],
    ["D and C, from which it is derived, have to be locked both, or neither", () => pyClass("D", { locked: true, base: pyClass("C") })],
    ['D is unsendable as C is, from which it is derived, and has its state: leave "unsendable" out', () => pyClass("D", { unsendable: true, base: pyClass("C", { unsendable: true }) })],
    ["D cannot be unsendable: C, from which it is derived, is locked", () => pyClass("D", { unsendable: true, base: pyClass("C", { locked: true }) })],
    ["C is frozen: it can have no methodMut m", () => pyClass("C", { frozen: true }).methodMut("m", {}, () => 1)],
    ["C has a m already", () => pyClass("C").method("m", {}, () => 1).property("m", { get: () => 1 })],
    ["C has a m already", () => pyClass("C").property("m", { get: () => 1 }).method("m", {}, () => 1)],
    ["C has a f already", () => pyClass("C", { fields: { f: field.i32({ get: true }) } }).method("f", {}, () => 1)],
    ["C has a f already", () => pyClass("C").method("f", {}, () => 1).attribute("f", 1)],
    ["C.m: parameter b without a default stands after one with a default", () => pyClass("C").method("m", { args: [arg("a", undefined, { default: 1 }), arg("b")] }, () => 1)],
    ["C.m: parameter a (positional) cannot stand after one that is either", () => pyClass("C").method("m", { args: [arg("b"), arg.positional("a")] }, () => 1)],
    ["C.m: two parameters are called a", () => pyClass("C").method("m", { args: [arg("a"), arg("a")] }, () => 1)],
    ["C.m needs a function, not undefined", () => pyClass("C").method("m", {}, undefined as never)],
    ["a submodule of a is called a.something, not b.c", () => pyModule("a").submodule(pyModule("b.c"))],
    ["a field of bytes has 1 to 1048576 of them, not 0", () => field.bytes(0)],
  ])("%s", (message, make) => {
    expect(make).toThrow(expect.objectContaining({ message }));
  });

  test("classes that no module has cannot be used", async () => {
    const { weft } = shared;
    await python("");
    weft.attach((py) => {
      expect(() => pyClass("Lost").type(py)).toThrow("the class Lost is in no module that was added: use pyModule(...).add(Lost) and weft.addModule(url)");
      expect(() => pyException("Lost").error(py)).toThrow("the exception Lost is in no module that was added");
    });
  });
});
