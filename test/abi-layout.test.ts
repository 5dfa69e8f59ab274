import { execFile, spawnSync, type ExecFileOptions } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { checkLayout, LAYOUT, LayoutError, layoutHash, offsetOf, STRUCTS, type Layout, type Struct } from "../src/abi/layout.js";
import { layoutHeader } from "../src/abi/layout-header.js";
import { cacheFolder } from "../src/build/cache.js";
import { readRecipe } from "../src/build/recipe.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const VARIANTS = ["release", "test", "debug"] as const;

/** A layout in which one number is another one. */
function changed(change: { struct?: [name: string, change: (struct: Struct) => Struct]; constants?: Record<string, number>; functions?: Record<string, string> }): Layout {
  const structs = { ...LAYOUT.structs };
  if (change.struct) {
    const [name, edit] = change.struct;
    structs[name] = edit(structs[name]!);
  }
  return { structs, constants: { ...LAYOUT.constants, ...change.constants }, functions: { ...LAYOUT.functions, ...change.functions } };
}

function withField(struct: Struct, name: string, field: readonly [number, number]): Struct {
  return { ...struct, fields: { ...struct.fields, [name]: field } };
}

/** A layout in which every number is wrong. */
function allWrong(): Layout {
  return {
    structs: Object.fromEntries(
      Object.entries(LAYOUT.structs).map(([name, struct]) => [
        name,
        {
          c: struct.c,
          size: struct.size + 1,
          align: struct.align * 2,
          fields: Object.fromEntries(Object.entries(struct.fields).map(([field, [offset, size]]) => [field, [offset + 1, size * 2]])),
        },
      ]),
    ) as Layout["structs"],
    constants: Object.fromEntries(Object.entries(LAYOUT.constants).map(([name, value]) => [name, value + 1])),
    functions: LAYOUT.functions,
  };
}

/** The assertions' messages. */
function entries(header: string): string[] {
  return [...header.matchAll(/^_Static_assert\(.*, "([^"]*)"\);$/gm)].map((match) => match[1]!);
}

/** Runs a program to its end. Not synchronously: vitest's worker answers only between two steps. */
function run(program: string, args: readonly string[], options: ExecFileOptions): Promise<{ status: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { ...options, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") {
        reject(error);
        return;
      }
      resolve({ status: child.exitCode, stdout, stderr });
    });
  });
}

/** Compiles layout.c with a given header and returns the messages of the assertions that failed. */
type Compiler = (layout: Layout) => Promise<string[]>;

/**
 * A compiler as the link stage calls it: the same program, flags and headers of CPython. Nothing is
 * installed or built for it; where something is missing, the reason comes back.
 */
function compiler(variant: string): Compiler | string {
  const manifest = join(ROOT, "dist/runtime", variant, "manifest.json");
  if (!existsSync(manifest)) {
    return `the variant ${variant} is not built`;
  }
  const { keys } = JSON.parse(readFileSync(manifest, "utf8")) as { keys: { cpython: string } };
  const cache = cacheFolder();
  const headers = join(cache, `cpython-${keys.cpython}`, "include");
  if (!existsSync(headers)) {
    return `CPython's headers of ${variant} are not in the cache ${cache}`;
  }
  const onPath = spawnSync("emcc", ["--version"]).status === 0;
  const root = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith("toolchain-")).map((name) => join(cache, name, "root")).find((folder) => existsSync(join(folder, "usr/bin/emcc"))) : undefined;
  if (!onPath && (root === undefined || process.getuid?.() !== 0)) {
    return `there is no emcc on PATH and no private root of the build${root === undefined ? "" : " that this user can enter"}`;
  }
  // The name says whose it is: the build removes those of processes that have ended.
  const own = `abi-test-${process.pid}-${variant}`;
  const folder = onPath ? mkdtempSync(join(tmpdir(), own)) : join(root!, "weft", own);
  const inside = onPath ? folder : `/weft/${own}`;
  mkdirSync(folder, { recursive: true });
  cleanUp.push(folder);
  for (const name of ["include", "python"]) {
    cpSync(join(ROOT, "wasm", name), join(folder, name), { recursive: true });
  }
  cpSync(headers, join(folder, "cpython"), { recursive: true });
  const command = ["emcc", ...readRecipe(join(ROOT, "cpython-build")).link.cflags, `-I${inside}/include`, `-I${inside}/cpython`, "-fsyntax-only", "-ferror-limit=0", `${inside}/python/layout.c`];
  return async (layout) => {
    writeFileSync(join(folder, "include/weft_layout.h"), layoutHeader(layout));
    const [program = "", ...rest] = onPath ? command : ["chroot", root!, ...command];
    const { status, stderr } = await run(program, rest, { timeout: 100_000, ...(onPath ? {} : { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: inside } }) });
    const failed = [...stderr.matchAll(/error: static assertion failed.*: ([a-z]+ of .*)$/gm)].map((match) => match[1]!);
    if ((status === 0) !== (failed.length === 0) || /warning:/.test(stderr)) {
      throw new Error(`the compiler ended with ${status}:\n${stderr}`);
    }
    return failed;
  };
}
const cleanUp: string[] = [];
afterAll(() => {
  for (const folder of cleanUp) {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.each(VARIANTS)("the layout in C (%s)", { timeout: 120_000 }, (variant) => {
  const compile = compiler(variant);

  test("is the declared one", async (context) => {
    if (typeof compile === "string") {
      return context.skip(compile);
    }
    expect(await compile(LAYOUT)).toEqual([]);
  });

  test("one wrong number of each kind does not compile", async (context) => {
    if (typeof compile === "string") {
      return context.skip(compile);
    }
    const job = STRUCTS.weft_job;
    expect(await compile(changed({ struct: ["weft_job", (struct) => withField(struct, "result", [job.fields.result[0] + 4, 4])] }))).toEqual(["offset of weft_job.result"]);
    expect(await compile(changed({ struct: ["PyObject", (struct) => withField(struct, "ob_mutex", [6, 2])] }))).toEqual(["size of PyObject.ob_mutex"]);
    expect(await compile(changed({ struct: ["PyCriticalSection2", (struct) => ({ ...struct, size: 8 })] }))).toEqual(["size of PyCriticalSection2"]);
    expect(await compile(changed({ struct: ["weft_host_stat", (struct) => ({ ...struct, align: 4 })] }))).toEqual(["alignment of weft_host_stat"]);
    expect(await compile(changed({ constants: { Py_eval_input: 257 } }))).toEqual(["value of Py_eval_input"]);
    expect(await compile(changed({ constants: { Py_MOD_GIL_NOT_USED: 0 } }))).toEqual(["value of Py_MOD_GIL_NOT_USED"]);
    expect(await compile(changed({ constants: { "PY_VERSION_HEX >> 16 & 255": 14 } }))).toEqual(["value of PY_VERSION_HEX >> 16 & 255"]);
    expect(await compile(changed({ constants: { ENOENT: 2 } }))).toEqual(["value of ENOENT"]);
  });

  test("every single assertion can fail", async (context) => {
    if (typeof compile === "string") {
      return context.skip(compile);
    }
    const expected = entries(layoutHeader(LAYOUT));
    expect(expected.length).toBeGreaterThan(200);
    expect((await compile(allWrong())).sort()).toEqual(expected.sort());
  });
});

describe("layoutHash", () => {
  test("differs for one change of any kind", () => {
    const hashes = [
      LAYOUT,
      changed({ struct: ["weft_job", (struct) => withField(struct, "result", [20, 4])] }),
      changed({ struct: ["weft_job", (struct) => withField(struct, "result", [16, 8])] }),
      changed({ struct: ["weft_job", (struct) => withField(struct, "next", [0, 4])] }),
      changed({ struct: ["weft_job", (struct) => ({ ...struct, size: struct.size + 4 })] }),
      changed({ struct: ["weft_job", (struct) => ({ ...struct, align: 8 })] }),
      changed({ constants: { Py_eval_input: 257 } }),
      changed({ constants: { ENOENT: 2 } }),
      changed({ functions: { weft_attach: "v" } }),
      changed({ functions: { PyLong_FromLong: "pl" } }),
      changed({ functions: { weft_new: "v" } }),
    ].map(layoutHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.every((hash) => Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32)).toBe(true);
    expect(layoutHash(structuredClone(LAYOUT))).toBe(hashes[0]);
  });

  test("is what the header gives to C", () => {
    expect(layoutHeader(LAYOUT)).toContain(`#define WEFT_LAYOUT_HASH ${layoutHash(LAYOUT)}u\n`);
  });
});

describe("offsetOf", () => {
  test("gives the table's offsets", () => {
    expect(offsetOf("PyObject", "ob_type")).toBe(16);
    expect(offsetOf("weft_words", "released")).toBe(8);
  });
});

describe("checkLayout", () => {
  const own = layoutHash(LAYOUT);

  test("accepts its own hash, as the signed number that a module returns", () => {
    expect(() => checkLayout({ weft_layout_hash: () => own | 0 })).not.toThrow();
  });

  test("refuses another hash, and a module without one", () => {
    const other = (own ^ 1) >>> 0;
    expect(() => checkLayout({ weft_layout_hash: () => other | 0 })).toThrow(LayoutError);
    expect(() => checkLayout({ weft_layout_hash: () => other | 0 })).toThrow(`(layout ${other.toString(16).padStart(8, "0")}, needed ${own.toString(16).padStart(8, "0")}); run "weft build"`);
    expect(() => checkLayout({})).toThrow("layout unknown");
  });
});

describe("a runtime of another layout", { timeout: 60_000 }, () => {
  const release = join(ROOT, "dist/runtime/release");
  const ready = existsSync(join(release, "manifest.json")) && existsSync(join(ROOT, "dist/lib/index.js"));

  /** The release runtime with another glue. */
  function runtime(edit: (glue: string) => string): string {
    return runtimeWith("weft.mjs", edit(readFileSync(join(release, "weft.mjs"), "utf8")));
  }

  /** The release runtime with another file. */
  function runtimeWith(file: string, content: string | Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), "weft-layout-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const manifest = JSON.parse(readFileSync(join(release, "manifest.json"), "utf8")) as { files: Record<string, { size: number }> };
    manifest.files[file]!.size = Buffer.byteLength(content);
    writeFileSync(join(folder, file), content);
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
    for (const name of Object.keys(manifest.files).filter((one) => one !== file)) {
      symlinkSync(join(release, name), join(folder, name));
    }
    return folder;
  }

  /** What loading it in a process of its own says. */
  async function load(folder: string): Promise<{ said: string; status: number | null }> {
    const program = `
      import { loadWeft, LayoutError } from ${JSON.stringify(new URL("../dist/lib/index.js", import.meta.url).href)};
      try {
        const weft = await loadWeft({ runtime: ${JSON.stringify(folder)} });
        console.log(await weft.eval("6 * 7"));
        await weft.terminate();
      } catch (error) {
        console.log(error instanceof LayoutError, error.message);
      }`;
    const { stdout, status } = await run(process.execPath, ["--input-type=module", "-e", program], { timeout: 50_000 });
    return { said: stdout.trim(), status };
  }

  /** What weftFunctions() has made, just before anybody gets it. */
  const made = /weftMadeFunctions=Object\.create\((\w+)\)/;

  test("is refused before Python starts, and the process ends", async (context) => {
    if (!ready) {
      return context.skip("the release runtime or the bundle is not built");
    }
    expect(await load(runtime((glue) => glue))).toEqual({ said: "42", status: 0 });

    // Another function answers, and so another number.
    const other = runtime((glue) => glue.replace(made, "$1.weft_layout_hash=$1.emscripten_stack_get_current;$&"));
    expect(await load(other)).toEqual({ said: expect.stringMatching(/^true the Python runtime was built by another version of this package \(layout [0-9a-f]{8}, needed [0-9a-f]{8}\); run "weft build"/), status: 0 });

    // As before the function was there.
    const old = runtime((glue) => glue.replace(made, "delete $1.weft_layout_hash;$&"));
    expect(await load(old)).toEqual({ said: expect.stringContaining("(layout unknown, needed "), status: 0 });

    const { stderr, status } = await run(process.execPath, [join(ROOT, "dist/bin/weft-python.js"), "-c", "print(1)"], {
      env: { ...process.env, WEFT_RUNTIME: old },
      timeout: 50_000,
    });
    expect(stderr).toMatch(/^weft-python: the Python runtime was built by another version/);
    expect(status).not.toBe(0);
  });

  test.each([
    ["has no exports", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)],
    // (import "x" "y" (func))
    ["imports what the glue does not have", Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x78, 1, 0x79, 0, 0)],
  ])("a module that %s is refused, and the process ends", async (_, module) => {
    const folder = runtimeWith("weft.wasm", module);
    expect(await load(folder)).toEqual({ said: expect.stringMatching(/^true the Python runtime's module and its glue do not belong together \(TypeError: .+\); run "weft build --force"/), status: 0 });
  });
});
