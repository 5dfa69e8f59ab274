import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { sharedWeft } from "./python/harness.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "weft-stubs-"));
const shared = sharedWeft();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function stubgen(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, "dist/bin/weft.js"), "stubgen", ...args], { encoding: "utf8", timeout: 30_000, cwd: ROOT });
  return { stdout, stderr, status };
}

/** Compares what a stub says with what the module has: names, kinds and defaults of parameters, and attributes. */
const COMPARE = `
import ast, importlib, inspect

def shape(args, skip):
    names = [(a.arg, "positional") for a in args.posonlyargs] + [(a.arg, "either") for a in args.args]
    defaults = [None] * (len(names) - len(args.defaults)) + [ast.unparse(d) for d in args.defaults]
    found = [(n, k, d) for (n, k), d in zip(names, defaults)][skip:]
    if args.vararg: found.append((args.vararg.arg, "rest", None))
    found += [(a.arg, "keyword", d and ast.unparse(d)) for a, d in zip(args.kwonlyargs, args.kw_defaults)]
    if args.kwarg: found.append((args.kwarg.arg, "keywords", None))
    return found

KINDS = {0: "positional", 1: "either", 2: "rest", 3: "keyword", 4: "keywords"}
def real(function, skip):
    # Names of parameters that come after a slash which a stub writes behind self are the same kinds there.
    return [(p.name, KINDS[p.kind], None if p.default is p.empty else repr(p.default)) for p in inspect.signature(function).parameters.values()][skip:]

def normal(found):
    return [(n, k, d and repr(ast.literal_eval(d))) for n, k, d in found]

count = 0
def compare(body, owner):
    global count
    for node in body:
        if isinstance(node, ast.ClassDef):
            cls = getattr(owner, node.name)
            assert [b.__name__ for b in cls.__bases__] == ([ast.unparse(b).split("[")[0] for b in node.bases] or ["object"]), node.name
            if ast.get_docstring(node): assert ast.get_docstring(node) == cls.__doc__
            compare(node.body, cls)
        elif isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(d) for d in node.decorator_list]
            member = inspect.getattr_static(owner, node.name)
            if decorators:
                if decorators == ["property"]: assert inspect.isdatadescriptor(member), node.name
                elif decorators == ["staticmethod"]: assert isinstance(member, staticmethod) and real(member.__func__, 0) == normal(shape(node.args, 0)), node.name
                elif decorators == ["classmethod"] and node.name != "__class_getitem__": assert isinstance(member, classmethod) and real(member.__func__, 1) == normal(shape(node.args, 1)), node.name
            else:
                skip = 1 if inspect.isclass(owner) else 0
                assert real(member, skip) == normal(shape(node.args, skip)), (node.name, real(member, skip), normal(shape(node.args, skip)))
                count += 1
        elif isinstance(node, ast.AnnAssign):
            value = inspect.getattr_static(owner, node.target.id)
            kind = ast.unparse(node.annotation)
            assert inspect.isdatadescriptor(value) or kind in ("Any", type(value).__name__), node.target.id
    return count
`;

test("weft stubgen writes stubs that say what inspect says", { timeout: 60_000 }, async () => {
  const module = join(ROOT, "test/python/modules/counters.mjs");
  const made = stubgen(module, "-o", folder);
  expect(made).toEqual({ stdout: ["counters/__init__.pyi", "counters/tools.pyi", "needs_gil.pyi"].map((path) => `${join(folder, path)}\n`).join(""), stderr: "", status: 0 });
  await shared.weft.addModule(new URL("python/modules/counters.mjs", import.meta.url));
  for (const [name, path, least] of [["counters", "counters/__init__.pyi", 60], ["counters.tools", "counters/tools.pyi", 1]] as const) {
    const globals = shared.weft.attach((py) => py.dict([["text", readFileSync(join(folder, path), "utf8")], ["name", name]]).unbind());
    await shared.weft.run(`${COMPARE}\nmodule = importlib.import_module(name)\ncount = compare(ast.parse(text).body, module)`, { globals: globals as never });
    expect(shared.weft.attach((py) => globals.intoBound(py).getItem("count").toJs())).toBeGreaterThanOrEqual(least);
  }
});

test("stubs name the types of schemas, and no others", () => {
  const text = readFileSync(join(folder, "counters/__init__.pyi"), "utf8");
  for (const line of [
    '"""Counters of many kinds."""',
    "class TooFar(CounterError): ...",
    "class Stepper(Counter):",
    "    def __new__(cls, /, count: int, name: str | None = None) -> Typed: ...",
    "    def extend(self, /, items: list[str]) -> list[str]: ...",
    "    def sum_with(self, /, other: Counter) -> Any: ...",
    "def new_counter(value: int) -> Counter: ...",
    "VERSION: str",
    "from . import tools as tools",
    "    def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test.each([
  [[], 'weft: weft stubgen takes one module, not 0; see "weft stubgen --help"\n'],
  [["test/python/threads/basic.mjs"], /exports no Python module: export what pyModule\(\) returns\n$/],
  [["nothing.mjs"], /^weft: cannot import file:.*nothing\.mjs: /],
  [["--wrong"], /^weft: Unknown option '--wrong'/],
])("weft stubgen %j says what is wrong", (args, message) => {
  const { stderr, status } = stubgen(...args);
  expect(stderr).toMatch(message);
  expect(status).not.toBe(0);
});
