import { expect, test } from "vitest";
import { sharedWeft } from "./harness.js";
import { api } from "./package.js";
import { runThreads } from "./python-threads.js";

const LIMIT = { timeout: 90_000 };
const shared = sharedWeft({ modules: [new URL("modules/asynchronous.mjs", import.meta.url)] });
const python = (code: string): Promise<void> => runThreads(shared.weft, `import asyncio, weft\nimport asynchronous as a\n${code}`);

test("are awaited, or waited for by a thread without an event loop", LIMIT, () => python(`
assert a.later(3).wait() == [3] and a.later(value=4, times=2).wait(30) == [4, 4]
async def main():
    return await asyncio.gather(a.later(1), a.later(2, times=3), a.plain("x"))
assert asyncio.run(main()) == [[1], [2, 2, 2], "x"]
assert a.later.__name__ == "later" and a.later.__doc__ == "Later." and a.later.__module__ == "asynchronous"
`));

test("an awaitable may be awaited and waited for again, and wakes loops on any thread", LIMIT, () => python(`
one = a.later(7)
async def twice():
    return await asyncio.gather(one, one), await one
together(*[lambda: asyncio.run(twice())] * 3)
assert asyncio.run(twice()) == ([[7], [7]], [7]) and one.wait() == [7]
`));

test("their errors are those of other handlers", LIMIT, () => python(`
def fails(kind, text, call):
    try:
        call()
    except kind as e:
        assert str(e) == text, e
    else:
        raise AssertionError("no error")
fails(a.Refused, "not today", lambda: a.refuse().wait())
fails(weft.HostError, "RangeError: on purpose", lambda: a.fail().wait())
fails(weft.HostError, "SchemaError: result of lie(): expected a value for str, got the number 3", lambda: a.lie().wait())
fails(TypeError, "argument 'value': expected int, got str 'x'", lambda: a.later("x"))
fails(TypeError, "later() missing 1 required positional argument: 'value'", lambda: a.later())
fails(TypeError, "later() got an unexpected keyword argument 'n'", lambda: a.later(1, n=2))
async def main():
    try:
        await a.refuse()
    except a.Refused:
        return True
assert asyncio.run(main())
`));

test("methods have their object until they are done, from many threads", LIMIT, () => python(`
tally = a.Tally()
def use():
    for _ in range(20): tally.add().wait(PATIENCE)
    async def main():
        await asyncio.gather(*[tally.add(2) for _ in range(10)])
    asyncio.run(main())
together(use, use, use)
assert tally.count == 3 * 40, tally.count
assert a.Tally.add.__qualname__ == "Tally.add" and a.Tally.add.__doc__ == "Adds later."
one = a.Tally()
pending, gone = one.add(), weakref.ref(one)
del one
assert pending.wait() == 1
del pending
eventually(lambda: gone() is None, "the object is kept")
`));

test("are refused on unsendable classes", () => {
  expect(() => api.pyClass("Own", { unsendable: true }).asyncMethod("m", {}, async () => undefined)).toThrow("Own is unsendable, so m cannot run in the host realm");
  const base = api.pyClass("Own", { unsendable: true });
  expect(() => api.pyClass("Heir", { base }).asyncMethod("m", {}, async () => undefined)).toThrow("Heir is unsendable, so m cannot run in the host realm");
});
