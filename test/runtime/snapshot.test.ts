import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FirstMemory, type Program } from "../../src/runtime/first-memory.js";
import { encodeSnapshot, Snapshot, startsFromSnapshot } from "../../src/runtime/snapshot.js";
import { damagedRuntime, python, run, withFolder, type Outcome } from "./harness.js";

const RUNTIME = fileURLToPath(new URL("../../dist/runtime/", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../dist/bin/weft-python.js", import.meta.url));
/** Python reads this variable while it is initialized, and the value is the one that it has anyway: so it is initialized anew. */
const ANEW = { PYTHONUTF8: "0" };

/** The output of a program that begins with the snapshot, and of one in which Python is initialized. */
async function both(program: (env: Readonly<Record<string, string>>) => Promise<Outcome>): Promise<[string, string]> {
  const [restored, anew] = [await program({}), await program(ANEW)];
  for (const { status, stderr } of [restored, anew]) {
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }
  return [restored.stdout, anew.stdout];
}

test("which programs begin with the snapshot", () => {
  for (const argv of [["python"], ["python", "-"], ["python", "-", "-x"], ["python", "file.py", "-X", "dev"], ["python", "-c", "pass"], ["python", "-m", "this"]]) {
    expect([argv, startsFromSnapshot(argv, { HOME: "/", LANG: "C.UTF-8", PYTHON_COLORS: "1", PYTHONPATH: "/x", PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1" })]).toEqual([argv, true]);
  }
  for (const argv of [["python", "-X", "dev"], ["python", "-cpass"], ["python", "-c"], ["python", "-m"], ["python", "-i", "file.py"], ["python", "--version"]]) {
    expect([argv, startsFromSnapshot(argv, {})]).toEqual([argv, false]);
  }
  for (const environment of [{ PYTHONHASHSEED: "1" }, { PYTHONPLATLIBDIR: "lib" }, { PYTHON_GIL: "1" }, { LC_ALL: "C" }, { LANG: "de_DE.UTF-8" }]) {
    expect([environment, startsFromSnapshot(["python"], environment)]).toEqual([environment, false]);
  }
});

test("a snapshot is what differs or may differ, but for the archive", () => {
  const before = new Uint8Array(1000).fill(7, 0, 10);
  const after = before.slice();
  after.set([1, 2, 3], 5);
  after.set([4], 30);
  after.fill(9, 400, 500);
  after.set([5, 6], 998);
  const other = before.slice();
  other[700] = 3;
  const file = encodeSnapshot([before, other.subarray(0, 900)], after, 4096, { address: 400, size: 100 });
  const snapshot = new Snapshot(file);
  expect(snapshot).toMatchObject({ stackSize: 4096, archive: { address: 400, size: 100 }, size: 1000 });
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  new Uint8Array(memory.buffer).set(other);
  snapshot.restore(memory);
  after.fill(0, 400, 500);
  expect(new Uint8Array(memory.buffer).slice(0, 1000)).toEqual(after);
  expect(file.length).toBeLessThan(130);
  // The first memories have something behind the archive.
  expect(snapshot.behind).toBe(1000);
  for (const bad of [new Uint8Array(0), file.subarray(1), file.subarray(0, file.length - 1), new Uint8Array([...file, 0])]) {
    expect(() => new Snapshot(bad)).toThrow(RangeError);
  }
});

test("what is behind a new memory may be written before the rest", () => {
  const first = [1, 2].map((value) => new Uint8Array(300).fill(value));
  const made = new Uint8Array(1000).fill(7, 0, 300);
  // On both sides of the border, and of the archive.
  made.fill(8, 390, 400);
  made.fill(9, 500, 510);
  made.fill(6, 900, 1000);
  const file = encodeSnapshot(first, made, 4096, { address: 400, size: 100 });
  const archive = new Uint8Array(100).fill(5);
  const snapshot = new Snapshot(file);
  expect(snapshot.behind).toBe(400);
  expect(snapshot.beginArchive(archive)).toBe(false);
  const memories = [0, 1].map(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })) as [WebAssembly.Memory, WebAssembly.Memory];
  const bytes = (memory: WebAssembly.Memory): Uint8Array => new Uint8Array(memory.buffer).slice(0, 1000);
  const [memory, other] = memories;
  snapshot.begin(memory);
  const early = made.slice();
  early.fill(0, 0, 400);
  expect(bytes(memory)).toEqual(early);
  expect(snapshot.beginArchive(archive.subarray(1))).toBe(false);
  expect(bytes(memory)).toEqual(early);
  expect(snapshot.beginArchive(archive)).toBe(true);
  early.set(archive, 400);
  expect(bytes(memory)).toEqual(early);
  // Instantiating the module makes it a first memory.
  for (const one of memories) {
    new Uint8Array(one.buffer).set(first[1]!);
  }
  snapshot.restore(memory);
  const whole = made.slice();
  whole.set(archive, 400);
  expect(bytes(memory)).toEqual(whole);
  expect(() => { snapshot.restore(other); }).toThrow("restored before");
  // One that has nothing yet gets everything.
  const second = new Snapshot(file);
  second.begin(memory);
  second.restore(other);
  expect(bytes(other)).toEqual(made);
  // The archive is before what is behind.
  const low = new Snapshot(encodeSnapshot([new Uint8Array(600).fill(1)], made, 4096, { address: 400, size: 100 }));
  low.begin(memory);
  expect(low.beginArchive(archive)).toBe(false);
});

test("a first memory is written early only for a program that begins with the snapshot", () => {
  const made = new Uint8Array(1000).fill(1);
  const snapshot = new Snapshot(encodeSnapshot([new Uint8Array(0)], made, 4096, { address: 400, size: 100 }));
  const limits = { threads: 4, stackSize: 4096, recursionLimit: 100, hostRecursionLimit: 100, memory: 128 };
  const restores = (program: Partial<Program>): boolean => new FirstMemory({ arguments: ["python"], environment: {}, limits, ...program }).restores(snapshot);
  expect(restores({})).toBe(true);
  expect(restores({ arguments: ["python", "-X", "dev"] })).toBe(false);
  expect(restores({ environment: ANEW })).toBe(false);
  expect(restores({ limits: { ...limits, stackSize: 8192 } })).toBe(false);
  const large = new Snapshot(encodeSnapshot([new Uint8Array(0)], made, 4096, { address: 80 * 1024 * 1024, size: 100 }));
  expect(new FirstMemory({ arguments: ["python"], environment: {}, limits }).restores(large)).toBe(false);
  expect(() => new FirstMemory({ arguments: ["python"], environment: {}, limits: { ...limits, memory: 1 } })).toThrow(RangeError);
});

// The test variant has what looks into the configuration.
describe("Python is configured as if it were initialized", () => {
  const code = `
    import json, os, site, sys, time, _testinternalcapi
    configs = _testinternalcapi.get_configs()
    # What the variable changes that has it initialized anew: a value that was asked for.
    for config in configs.values():
        config.pop("utf8_mode", None)
    flags = {name: getattr(sys.flags, name) for name in dir(sys.flags) if name[0] != "_"}
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUTF8"}
    streams = [[f.name, f.mode, f.encoding, f.errors, f.line_buffering, f.write_through, f.isatty(), type(f.buffer).__name__] for f in (sys.stdin, sys.stdout, sys.stderr)]
    print(json.dumps([configs, flags, environ, streams, sorted(sys.modules), sys.path, sys.meta_path.__repr__().count("class"), sys.argv, sys.orig_argv,
        sys.executable, sys.prefix, sys.warnoptions, sys._xoptions, sys.getrecursionlimit(), time.tzname, sys._emscripten_info.runtime, site.USER_SITE, os.getcwd(),
        list(vars(sys)), list(vars(os)), sys.thread_info.lock, sys.stdout is sys.__stdout__, sorted(sys.path_importer_cache)], default=str, indent=1))`;
  const same = (kind: "-c" | "file" | "-m" | "-" | "input", variables: Readonly<Record<string, string>>): Promise<void> =>
    withFolder({ "program.py": code }, async (cwd) => {
      const text = readFileSync(join(cwd, "program.py"), "utf8");
      const args = { "-c": ["-c", text, "a", "-b"], file: ["./program.py", "a", "ö"], "-m": ["-m", "program", "1"], "-": ["-", "x"], input: [] }[kind];
      const [restored, anew] = await both((env) => run("weft-python", args, { cwd, input: kind === "-" || kind === "input" ? text : "", env: { ...env, ...variables, WEFT_RUNTIME: `${RUNTIME}test`, TZ: "America/New_York" } }));
      expect(restored).toBe(anew);
    });
  test.each(["-c", "file", "-m", "-", "input"] as const)("%s", (kind) => same(kind, {}));
  test.each([
    { PYTHONUNBUFFERED: "1" },
    { PYTHONUNBUFFERED: "0", PYTHONDONTWRITEBYTECODE: "-2" },
    { PYTHONDONTWRITEBYTECODE: "yes" },
    { PYTHONUNBUFFERED: "", PYTHONDONTWRITEBYTECODE: "", PYTHONPATH: "" },
  ])("with %j", (variables) => same("file", variables));
});

/** The snapshot has streams, which are those of pipes. */
test.each(["< input.txt > output.txt 2> error.txt", "> output.txt", "< input.txt", "<&-", "2>&-"])("the standard streams are as if Python were initialized with them: %s", async (redirections) => {
  const code = `
    import json, sys
    told = [None if f is None else [f.name, f.mode, f.encoding, f.errors, f.newlines, f.line_buffering, f.write_through, f.isatty(), f.seekable(), f.fileno(), f.closed,
        type(f.buffer).__name__, f.buffer.name, f.buffer.mode, f.buffer.raw.name, f.buffer.raw.closefd, f.buffer.raw._blksize] for f in (sys.stdin, sys.stdout, sys.stderr)]
    told.append([sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__])
    told.append(None if sys.stdin is None else [sys.stdin.readline(), sys.stdin.buffer.read().decode()])
    print("first", end="")
    if sys.stdout.seekable():
        told.append(sys.stdout.tell())
    sys.stdout.buffer.flush()
    print(json.dumps(told))`;
  await withFolder({ "program.py": code, "input.txt": "one\ntwo\n" }, async (cwd) => {
    const [restored, anew] = [{}, ANEW].map((env) => {
      const { status, stdout, stderr } = spawnSync("sh", ["-c", `"$0" "$@" ${redirections}`, process.execPath, COMMAND, "program.py"], {
        cwd, input: "piped\nmore", encoding: "utf8", timeout: 60_000, env: { ...process.env, ...env, WEFT_RUNTIME: `${RUNTIME}test`, PYTHONUNBUFFERED: "" },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return redirections.includes(" output.txt") ? readFileSync(join(cwd, "output.txt"), "utf8") : stdout;
    });
    expect(restored).toContain("first[");
    expect(restored).toBe(anew);
  });
});

test("PYTHONPATH is as if Python were initialized with it", async () => {
  const code = `
    import json, sys, _testinternalcapi
    config = _testinternalcapi.get_configs()["config"]
    import elsewhere, customized
    print(json.dumps([sys.path, config["module_search_paths"], config["pythonpath_env"], elsewhere.__file__, customized.by, sorted(sys.modules)], indent=1))`;
  const more = {
    "elsewhere.py": "",
    "a/elsewhere.py": "",
    "a/b/elsewhere.py": "",
    "ö/elsewhere.py": "",
    "b/sitecustomize.py": "import sys, types\nsys.modules['customized'] = types.SimpleNamespace(by=(__name__, len(sys.argv)))\n",
  };
  for (const [path, first] of [["a:b", "/a"], ["./a//b/..:/usr/lib/python3.13t:b:a:", "/a"], [":b:/no/folder", ""], ["ö:b", "/\\u00f6"]] as const) {
    await withFolder({ "program.py": code }, async (cwd) => {
      for (const [name, text] of Object.entries(more)) {
        mkdirSync(dirname(join(cwd, name)), { recursive: true });
        writeFileSync(join(cwd, name), text);
      }
      // A program of another folder: its own comes first.
      mkdirSync(join(cwd, "own"));
      renameSync(join(cwd, "program.py"), join(cwd, "own/program.py"));
      const [restored, anew] = await both((env) => run("weft-python", ["own/program.py", "x"], { cwd, env: { ...env, WEFT_RUNTIME: `${RUNTIME}test`, PYTHONPATH: path } }));
      expect(restored).toBe(anew);
      expect(restored).toContain(`${cwd}${first}/elsewhere.py"`);
    });
  }
});

test("every program has a hash seed of its own, and nothing has another's", async () => {
  const code = `
    import gc, sys
    class Text(str): pass
    class Bytes(bytes): pass
    for i in range(256):
        assert hash(Text(chr(i))) == hash(chr(i)) and hash(Bytes([i])) == hash(bytes([i])), i
    dicts = sets = 0
    seen = set()
    waiting = gc.get_objects() + [vars(module) for module in sys.modules.values()]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is dict:
            dicts += 1
            for key, value in list(one.items()):
                assert one[key] is value or one is vars(sys.modules["__main__"]), key
                if type(key) is str:
                    assert one[Text(key)] is value or one is vars(sys.modules["__main__"]), key
                if type(value) in (set, frozenset, dict):
                    waiting.append(value)
        elif type(one) in (set, frozenset):
            sets += 1
            for element in one:
                assert element in one and frozenset([element]) <= one
        elif isinstance(one, type):
            waiting.append(dict(one.__dict__))
            for name in one.__dict__:
                assert one.__dict__[Text(name)] is one.__dict__[name], (one, name)
    for name, module in sys.modules.items():
        assert sys.modules[Text(name)] is module
    assert sys.intern("".join(["path", "lib"])) is sys.intern("pathlib")
    assert dicts > 100 and sets > 5, (dicts, sets)
    print(hash("weft"))`;
  const hashes = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const { stdout, stderr, status } = await python(code);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    hashes.add(stdout);
  }
  expect(hashes.size).toBe(3);
});

test("recursion ends at the limit of the realm", async () => {
  const { stdout, status } = await python(`
    import sys
    sys.setrecursionlimit(10**6)
    def nested(levels):
        made = []
        for _ in range(levels):
            made = [made]
        return made
    # More than the limit that the build's thread had, which no host had set.
    print(len(repr(nested(2000))))
    try:
        repr(nested(10**5))
    except RecursionError as error:
        print(type(error).__name__)`);
  expect({ stdout, status }).toEqual({ stdout: "4002\nRecursionError\n", status: 0 });
});

test("one of another build is refused", async () => {
  await withFolder({ "ok.py": "print('ok')" }, async (cwd) => {
    const runtime = damagedRuntime(cwd, "weft.snapshot");
    const env = { WEFT_RUNTIME: runtime };
    expect(await run("weft", ["run", "ok.py"], { cwd, env })).toMatchObject({ status: 69, stderr: expect.stringMatching(/^weft: .*weft\.snapshot is damaged; run "weft build --force"[^\n]*\n$/) });
    // Programs that cannot use it do not mind.
    expect(await run("weft", ["run", "--env", "PYTHONHASHSEED=1", "ok.py"], { cwd, env })).toMatchObject({ status: 0, stdout: "ok\n" });
  });
});
