import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { errno } from "../src/abi/errno.js";
import { FUNCTIONS } from "../src/abi/functions.js";
import { GuestEvent, StdioKind } from "../src/abi/events.js";
import { functionProblems, readGlue, readWasm, wasmTypeOf } from "../src/abi/wasm-types.js";
import { Lifecycle } from "../src/python/lifecycle.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

/** C without its comments. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, " ");
}

/** The members of an enumeration, in camel case without their common prefix. */
function enumeration(header: string, name: string, prefix: string): Record<string, number> {
  const body = new RegExp(`\\benum ${name} \\{([^}]*)\\}`).exec(code(header))?.[1];
  if (body === undefined) {
    throw new Error(`there is no enum ${name}`);
  }
  const members: Record<string, number> = {};
  let next = 0;
  for (const member of body.split(",").map((text) => text.trim()).filter((text) => text !== "")) {
    const match = /^(\w+)(?:\s*=\s*(\d+))?$/.exec(member);
    if (!match?.[1]?.startsWith(prefix)) {
      throw new Error(`unexpected in enum ${name}: ${member}`);
    }
    const value = match[2] === undefined ? next : Number(match[2]);
    const key = match[1].slice(prefix.length).toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    members[key] = value;
    next = value + 1;
  }
  return members;
}

/** Variants of the runtime that are built. */
const BUILT = ["release", "test", "debug"].filter((variant) => existsSync(`${ROOT}dist/runtime/${variant}/manifest.json`));

/** Exports that TypeScript does not call, and who does. */
const OTHERS = [
  // test/sys/wasm-smoke.mjs: the system-call layer alone, where the export comes from its mark in the header.
  "weft_archive_mount",
];

/** One section of a module. */
function section(id: number, ...content: number[]): number[] {
  return [id, content.length, ...content];
}

/** A string as modules contain it. */
function name(text: string): number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

describe("numbers", () => {
  test("GuestEvent is enum weft_event", () => {
    expect(enumeration(read("wasm/include/weft_main.h"), "weft_event", "WEFT_EVENT_")).toEqual(GuestEvent);
  });

  test("StdioKind is enum weft_stdio_kind", () => {
    expect(enumeration(read("wasm/include/weft_sys.h"), "weft_stdio_kind", "WEFT_STDIO_")).toEqual(StdioKind);
  });

  test("Lifecycle is enum weft_lifecycle", () => {
    expect(enumeration(read("wasm/include/weft_python.h"), "weft_lifecycle", "WEFT_")).toEqual(Lifecycle);
  });

  test("enumeration reads C", () => {
    const header = "enum other { A };\nenum x {\n  X_A, /* X_B = 9, */\n  X_LONG_NAME = 5,\n  X_C // last\n};";
    expect(enumeration(header, "x", "X_")).toEqual({ a: 0, longName: 5, c: 6 });
    expect(() => enumeration(header, "y", "X_")).toThrow("there is no enum y");
    expect(() => enumeration("enum x { X_A = 1 << 3 };", "x", "X_")).toThrow("unexpected");
  });
});

describe("the built runtimes", () => {
  test.runIf(BUILT.length === 0)("are not there: build one to check its functions", (context) => {
    context.skip("there is no runtime in dist/runtime");
  });

  test.each(BUILT)("%s: every function has the declared type, and nothing else is exported", (variant) => {
    const wasm = readWasm(readFileSync(`${ROOT}dist/runtime/${variant}/weft.wasm`));
    const glue = readGlue(read(`dist/runtime/${variant}/weft.mjs`));
    expect(functionProblems(FUNCTIONS, OTHERS, wasm, glue)).toEqual([]);
    expect(glue.listed.size).toBe(Object.keys(FUNCTIONS).length);
    // Functions that are listed are not offered too.
    expect(glue.offered).toEqual(OTHERS);
  });

  test.runIf(BUILT.length > 0)("do not pass with one wrong declaration", () => {
    const wasm = readWasm(readFileSync(`${ROOT}dist/runtime/${BUILT[0]}/weft.wasm`));
    const text = read(`dist/runtime/${BUILT[0]}/weft.mjs`);
    const glue = readGlue(text);
    const check = (functions: Record<string, string>, others = OTHERS, changed = glue): string[] => functionProblems(functions, others, wasm, changed);
    const without = (left: string): Record<string, string> => Object.fromEntries(Object.entries(FUNCTIONS).filter(([key]) => key !== left));

    // A parameter's type, the number of parameters, the result.
    expect(check({ ...FUNCTIONS, PyLong_FromLongLong: "pi" })).toEqual(["PyLong_FromLongLong is declared as (i32) -> i32 and is (i64) -> i32"]);
    expect(check({ ...FUNCTIONS, PyLong_FromDouble: "pl" })).toEqual(["PyLong_FromDouble is declared as (i64) -> i32 and is (f64) -> i32"]);
    expect(check({ ...FUNCTIONS, weft_error_set: "vpp" })).toEqual(["weft_error_set is declared as (i32 i32) -> nothing and is (i32 i32 i32) -> nothing"]);
    expect(check({ ...FUNCTIONS, weft_attach: "v" })).toEqual(["weft_attach is declared as () -> nothing and is () -> i32"]);
    expect(check({ ...FUNCTIONS, PyFloat_AsDouble: "ip" })).toEqual(["PyFloat_AsDouble is declared as (i32) -> i32 and is (i32) -> f64"]);

    // Declared and not there: the declaration is stale, or the module lost its export.
    expect(check({ ...FUNCTIONS, weft_gone: "v" })).toEqual(["weft_gone is declared but not exported"]);
    const fewer = new Map(wasm.exports);
    fewer.delete(glue.listed.get("weft_detach")!);
    expect(functionProblems(FUNCTIONS, OTHERS, { exports: fewer }, glue)).toEqual(["weft_detach is declared but not exported"]);

    // There and not declared: in the list, and on the module object alone.
    expect(check(without("weft_leave"))).toEqual(["weft_leave is exported but not declared"]);
    expect(check(FUNCTIONS, [])).toEqual(["weft_archive_mount is exported but not declared"]);
    expect(check(FUNCTIONS, OTHERS, readGlue(`${text};Module["_weft_new"]=wasmExports["zz"];`))).toEqual(["weft_new is exported but not declared"]);
    expect(check(FUNCTIONS, [...OTHERS, "weft_old"])).toEqual(["weft_old is excused but not exported"]);
  });
});

describe("readWasm", () => {
  const HEADER = [0, 97, 115, 109, 1, 0, 0, 0];

  test("finds types behind every kind of import", () => {
    const binary = [
      ...HEADER,
      ...section(0, ...name("custom"), 1, 2, 3),
      ...section(1, 3, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7e, 1, 0x7c, 0x60, 1, 0x7d, 0),
      ...section(
        2, 6,
        ...name("e"), ...name("f"), 0, 0,
        ...name("e"), ...name("t"), 1, 0x70, 0, 1,
        ...name("e"), ...name("m"), 2, 3, 0x80, 0x80, 1, 0x80, 0x80, 4,
        ...name("e"), ...name("g"), 3, 0x7f, 1,
        ...name("e"), ...name("x"), 4, 0, 0,
        ...name("e"), ...name("h"), 0, 2,
      ),
      ...section(3, 2, 1, 2),
      ...section(7, 4, ...name("two"), 0, 2, ...name("three"), 0, 3, ...name("memory"), 2, 0, ...name("imported"), 0, 0),
      ...section(10, 0),
    ];
    expect([...readWasm(Uint8Array.from(binary)).exports]).toEqual([
      ["two", "(i32 i64) -> f64"],
      ["three", "(f32) -> nothing"],
      ["imported", "() -> nothing"],
    ]);
  });

  test("refuses what it does not know", () => {
    const read = (...bytes: number[]) => () => readWasm(Uint8Array.from([...HEADER, ...bytes]));
    expect(() => readWasm(new Uint8Array(8))).toThrow("no WebAssembly module");
    expect(read(...section(1, 1, 0x4e, 0))).toThrow("0x4e is a form");
    expect(read(...section(1, 1, 0x60, 1, 0x64, 0))).toThrow("0x64 is a value type");
    expect(read(...section(2, 1, 0, 0, 9))).toThrow("9 is a kind of import");
    expect(read(...section(7, 1, ...name("f"), 0, 7))).toThrow("f has no type");
    expect(read(1, 9, 1)).toThrow("ends in the middle");
    expect(read(...section(1, 1, 0x60, 1))).toThrow("ends in the middle");
  });
});

describe("readGlue", () => {
  test("reads short and long names", () => {
    const short = 'x;weftExports=()=>({malloc:wasmExports["ga"],"free":wasmExports["$b"],_x:wasmExports._c});Module["_malloc"]=a=>(Module["_malloc"]=wasmExports["ga"])(a);';
    expect(readGlue(short)).toEqual({ listed: new Map([["malloc", "ga"], ["free", "$b"], ["_x", "_c"]]), offered: ["malloc"] });
    const long = "var weftExports = () => ({\n  \"malloc\": wasmExports[\"malloc\"],\n  'free': wasmExports['free'],\n});\nvar _free = Module['_free'] = createExportWrapper('free', 1);\nif (Module['_x'] == 1) {}";
    expect(readGlue(long)).toEqual({ listed: new Map([["malloc", "malloc"], ["free", "free"]]), offered: ["free"] });
  });

  test("refuses other forms", () => {
    expect(() => readGlue("weftExports = wasmExports;")).toThrow("no weftExports()");
    expect(() => readGlue('weftExports=()=>({malloc:other["ga"]})')).toThrow("in another form: malloc");
  });
});

describe("wasmTypeOf", () => {
  test("knows the letters of functions.ts", () => {
    expect(wasmTypeOf("v")).toBe("() -> nothing");
    expect(wasmTypeOf("ppild")).toBe("(i32 i32 i64 f64) -> i32");
    for (const wrong of ["", "x", "px", "iv"]) {
      expect(() => wasmTypeOf(wrong)).toThrow(TypeError);
    }
  });
});

describe("errno", () => {
  test("is as in the table of another program that Emscripten linked", () => {
    const table = /\{(?:E[A-Z0-9]+:\d+,?){50,}\}/.exec(read("node_modules/pyodide/pyodide.asm.mjs"))?.[0] ?? "";
    const numbers = Object.fromEntries([...table.matchAll(/(E[A-Z0-9]+):(\d+)/g)].map(([, name, number]) => [name, Number(number)]));
    const differing = Object.entries(errno).filter(([name, number]) => numbers[name] !== number);
    expect(Object.keys(numbers).length).toBeGreaterThan(50);
    expect(differing).toEqual([]);
  });

  const runtime = process.env["WEFT_RUNTIME"] ?? `${ROOT}dist/runtime/release`;
  const built = existsSync(`${runtime}/manifest.json`) && existsSync(`${ROOT}dist/bin/weft-python.js`);

  // Without a build there is nothing that knows the C library's numbers.
  test.runIf(built)("is as in the C library of the built runtime", { timeout: 120_000 }, () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [`${ROOT}dist/bin/weft-python.js`, "-c", 'import errno, json; print(json.dumps({n: getattr(errno, n) for n in dir(errno) if n[0] == "E"}))'],
      { encoding: "utf8", env: { ...process.env, WEFT_RUNTIME: runtime }, timeout: 100_000 },
    );
    expect(stderr).toBe("");
    const numbers = JSON.parse(stdout) as Record<string, number>;
    const differing = Object.entries(errno).filter(([name, number]) => name in numbers && numbers[name] !== number);
    expect(Object.keys(errno).filter((name) => name in numbers).length).toBeGreaterThan(50);
    expect(differing).toEqual([]);
  });
});
