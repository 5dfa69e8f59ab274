import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { errno } from "../src/abi/errno.js";
import { functionsHeader } from "../src/abi/functions-header.js";
import { GuestEvent, StdioKind } from "../src/abi/events.js";
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

describe("functionsHeader", () => {
  test("declares each function with its WebAssembly types, and lists it", () => {
    expect(functionsHeader({ ready: "v", made: "ppild", seen: "di" })).toBe(
      [
        "/* Generated from src/abi/functions.ts. */",
        "void ready(void);",
        "void * made(void *, int, long long, double);",
        "double seen(int);",
        "#define WEFT_FUNCTIONS \\",
        "  WEFT_FUNCTION(ready) \\",
        "  WEFT_FUNCTION(made) \\",
        "  WEFT_FUNCTION(seen)",
        "#define WEFT_CALLS(p, i, l, d) \\",
        "  ready(); \\",
        "  made(p, i, l, d); \\",
        "  seen(i);",
        "",
      ].join("\n"),
    );
    for (const wrong of ["", "x", "px", "iv"]) {
      expect(() => functionsHeader({ wrong })).toThrow(TypeError);
    }
  });
});

const runtime = process.env["WEFT_RUNTIME"] ?? `${ROOT}dist/runtime/release`;

describe("the built module", () => {
  // Each realm's engine keeps an object for each export, which idle threads have too. Without a build there is no module.
  test.runIf(existsSync(`${runtime}/manifest.json`))("exports what the glue uses itself, and nothing for TypeScript", () => {
    const glue = readFileSync(`${runtime}/weft.mjs`, "utf8");
    // Node's types lack it.
    const { Module } = WebAssembly as unknown as { Module: { new (data: Uint8Array): object; exports(module: object): { readonly name: string }[] } };
    // The debug variant's glue looks at the arguments of most, and its module keeps what was for the linker.
    const names = Module.exports(new Module(readFileSync(`${runtime}/weft.wasm`))).map(({ name }) => name).filter((name) => !/^__(start_|stop_)?em_(js|lib_deps)/.test(name));
    expect(names.filter((name) => !["wasmExports[", "createExportWrapper("].some((use) => glue.includes(`${use}"${name}"`)))).toEqual([]);
    expect(names.length).toBeLessThan(30);
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
