import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sharedWeft } from "./python/harness.js";
import { api } from "./python/package.js";

const { arg, field, pyclass, pyclassOf, pyconstructor, pyfield, PyInstance, pymethod, pyModule, t } = api;
const ROOT = fileURLToPath(new URL("../", import.meta.url));
const folder = join(ROOT, "dist", `decorated-${process.pid}`);
const shared = sharedWeft();

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(ROOT, "test/python/modules/decorated.ts")],
    outfile: join(folder, "decorated.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    // The package as applications have it, once in a realm.
    plugins: [{ name: "package", setup: (it) => { it.onResolve({ filter: /src\/index\.js$/ }, () => ({ path: pathToFileURL(join(ROOT, "dist/lib/index.js")).href, external: true })); } }],
  });
  await shared.weft.addModule(pathToFileURL(join(folder, "decorated.mjs")));
}, 60_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("decorators make what the builder makes", async () => {
  await shared.weft.run(`
import decorated, inspect, threading
t = decorated.Tally(3)
assert t.increment() == 4 and t.increment(by=100) == 14 and t.value == 14 and t.label == "tally"
t.value = 5
assert repr(t) == "Tally(5)" and t.add("x") == "Tally(5) x" and t.double == 10 and decorated.Tally.double.__doc__ == "Twice the value."
assert decorated.Tally.sum([1, 2]) == 3 and decorated.Tally.__doc__ == "Counts." and decorated.Tally[int]
assert str(inspect.signature(decorated.Tally)) == "(value=0)" and str(inspect.signature(t.increment)) == "(by=1)"
assert not hasattr(t, "limited") and not hasattr(t, "init")
s = decorated.Step(1, size=4)
assert s.advance() == 5 and isinstance(s, decorated.Tally) and decorated.value_of(s) == 5
try:
    t.increment("x")
except TypeError as e:
    assert str(e) == "argument 'by': expected int, got str 'x'", e
seen = []
def elsewhere(): seen.append(decorated.Step(2, size=1).advance())
th = threading.Thread(target=elsewhere); th.start(); th.join(30)
assert seen == [3], seen
`);
});

test("types are checked", () => {
  @pyclass()
  class Checked extends PyInstance {
    @pyfield(field.i32()) accessor n!: number;
    // @ts-expect-error a field of whole numbers is no string
    @pyfield(field.i32()) accessor wrong!: string;
    // @ts-expect-error the parameter is a number
    @pymethod({ args: [arg("a", t.int)] }) takes(_a: string): void {
      // Nothing.
    }
    // @ts-expect-error the result is a number
    @pymethod({ returns: t.int }) gives(): string {
      return "";
    }
    @pyconstructor({ args: [arg("a", t.list(t.str))] }) init(_a: string[]): void {
      // Nothing.
    }
  }
  expect([...pyclassOf(Checked).fields.keys()]).toEqual(["n", "wrong"]);
  expect(pyclassOf(Checked).functions.map(({ name, kind }) => [name, kind])).toEqual([["takes", "method"], ["gives", "method"], ["__new__", "constructor"]]);
});

test("what has no decorator is refused", () => {
  class Plain {}
  expect(() => pyModule("m").add(Plain)).toThrow("Plain is no class for Python: use @pyclass()");
  expect(() => pyclassOf(Plain)).toThrow("Plain is no class for Python: use @pyclass()");
  class Forgotten extends PyInstance {
    @pymethod() lost(): void {
      // Nothing.
    }
  }
  expect(() => {
    @pyclass()
    class Next extends PyInstance {}
    return Next;
  }).toThrow("lost has a decorator for Python, but its class has none: use @pyclass()");
  expect(Forgotten.name).toBe("Forgotten");
});
