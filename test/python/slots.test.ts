import { test } from "vitest";
import { sharedWeft } from "./harness.js";
import { runThreads } from "./python-threads.js";

const shared = sharedWeft({ modules: [new URL("modules/throwing.mjs", import.meta.url)] });

test("what any special method throws comes out of the operation, on every thread; of destructors it goes to sys.unraisablehook", { timeout: 90_000 }, () =>
  runThreads(shared.weft, `
import asyncio, operator, weft
from throwing import Throwing, fail
unraisable = []
def hook(u): unraisable.append((threading.get_ident(), str(u.exc_value)))
old, sys.unraisablehook = sys.unraisablehook, hook
class Uses:
    d = Throwing()
def enter():
    with Throwing(): raise AssertionError
class Exits(Throwing):
    def __enter__(self): return self
def leave():
    with Exits(): pass
async def wait(x): await x
async def walk(x):
    async for _ in x: raise AssertionError
class Walks(Throwing):
    def __aiter__(self): return self
def operations(x):
    yield "constructor", lambda: Throwing(1)
    yield "function", fail
    yield "static", x.fixed
    yield "class", x.of
    yield "get", lambda: x.both
    yield "set", lambda: setattr(x, "both", 1)
    yield "delete", lambda: delattr(x, "both")
    yield "__call__", x
    yield "__exit__", leave
    yield "__enter__", enter
    for call in repr, str, bytes, hash, bool, len, iter, next, int, float, complex, reversed, abs, dir, sys.getsizeof:
        yield f"__{call.__name__.replace('getsizeof', 'sizeof')}__", lambda call=call: call(x)
    for name in "index", "neg", "pos", "invert":
        yield f"__{name}__", lambda name=name: getattr(operator, name)(x)
    for name in "eq", "lt", "getitem", "delitem", "contains", "add", "iadd", "matmul", "rshift":
        yield f"__{name}__", lambda name=name: getattr(operator, name)(x, 1)
    yield "__radd__", lambda: 1 + x
    yield "__divmod__", lambda: divmod(x, 1)
    yield "__setitem__", lambda: operator.setitem(x, 1, 2)
    yield "__format__", lambda: f"{x:a}"
    yield "__getattr__", lambda: x.anything
    yield "__buffer__", lambda: memoryview(x)
    yield "__get__", lambda: Uses().d
    yield "__set__", lambda: setattr(Uses(), "d", 1)
    yield "__delete__", lambda: delattr(Uses(), "d")
    yield "__await__", lambda: asyncio.run(wait(x))
    yield "__aiter__", lambda: asyncio.run(walk(x))
    yield "__anext__", lambda: asyncio.run(walk(Walks()))
def use():
    x = Throwing()
    seen = set()
    for name, call in operations(x):
        for _ in range(5):
            try:
                call()
            except weft.HostError as e:
                assert str(e) == f"RangeError: {name}", (name, str(e))
                seen.add(name)
            else:
                raise AssertionError(f"{name} did not raise")
    assert NAMES <= seen, NAMES - seen
    del x, call
# None is left out; __del__ raises where nobody can catch it.
NAMES = {n for n, it in vars(Throwing).items() if n.startswith("__") and callable(it)} - {"__del__", "__new__", "__init__"}
assert len(NAMES) > 40, NAMES
try:
    use()
    together(use, use, use)
    eventually(lambda: {text for _, text in unraisable} == {"RangeError: __del__"} and len({ident for ident, _ in unraisable}) > 1, unraisable)
finally:
    sys.unraisablehook = old
`));
