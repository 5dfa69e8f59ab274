import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { errno } from "../src/abi/errno.js";
import { FUNCTIONS } from "../src/abi/functions.js";
import { GuestEvent, StdioKind } from "../src/abi/events.js";

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

/** A function as far as both languages show it. */
interface Signature {
  readonly parameters: number;
  readonly returns: boolean;
}

/** Functions that a header declares, and those of them that it marks as exports. */
function declarations(header: string): { functions: Map<string, Signature>; exported: string[] } {
  const functions = new Map<string, Signature>();
  const exported: string[] = [];
  for (const [, before = "", name = "", list = ""] of code(header).matchAll(/(?:^|[;{}"])([\s\w*]*?)\b(weft_\w+)\(([^()]*)\)\s*;/gm)) {
    const words = before.trim().split(/\s+/);
    functions.set(name, { parameters: list.trim() === "void" ? 0 : list.split(",").length, returns: words.at(-1) !== "void" });
    if (words.includes("WEFT_EXPORT")) {
      exported.push(name);
    }
  }
  return { functions, exported };
}

/** The methods `_weft_...` of an interface, without the underscore. */
function methods(text: string, name: string): Map<string, Signature> {
  const found = new Map<string, Signature>();
  const file = ts.createSourceFile("module.ts", text, ts.ScriptTarget.Latest);
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === name) {
      for (const member of statement.members) {
        if (ts.isMethodSignature(member) && ts.isIdentifier(member.name) && member.name.text.startsWith("_weft_")) {
          found.set(member.name.text.slice(1), {
            parameters: member.parameters.length,
            returns: member.type?.kind !== ts.SyntaxKind.VoidKeyword,
          });
        }
      }
    }
  }
  return found;
}

/** What is wrong with the functions that TypeScript calls. */
function problems(called: ReadonlyMap<string, Signature>, headers: readonly string[], exportList: readonly string[]): string[] {
  const declared = headers.map(declarations);
  const exported = new Set([...exportList, ...declared.flatMap((one) => one.exported)]);
  const functions = new Map(declared.flatMap((one) => [...one.functions]));
  const found: string[] = [];
  for (const [name, signature] of called) {
    const there = functions.get(name);
    if (!there) {
      found.push(`${name} is not declared in a header of wasm/include`);
    } else if (there.parameters !== signature.parameters) {
      found.push(`${name} has ${there.parameters} parameters in C and ${signature.parameters} in TypeScript`);
    } else if (there.returns !== signature.returns) {
      found.push(`${name} returns ${there.returns ? "a value" : "nothing"} in C and ${signature.returns ? "a value" : "nothing"} in TypeScript`);
    }
    if (!exported.has(name)) {
      found.push(`${name} is neither in FUNCTIONS (src/abi/functions.ts) nor marked WEFT_EXPORT`);
    }
  }
  return found;
}

describe("numbers", () => {
  test("GuestEvent is enum weft_event", () => {
    expect(enumeration(read("wasm/include/weft_main.h"), "weft_event", "WEFT_EVENT_")).toEqual(GuestEvent);
  });

  test("StdioKind is enum weft_stdio_kind", () => {
    expect(enumeration(read("wasm/include/weft_sys.h"), "weft_stdio_kind", "WEFT_STDIO_")).toEqual(StdioKind);
  });

  test("enumeration reads C", () => {
    const header = "enum other { A };\nenum x {\n  X_A, /* X_B = 9, */\n  X_LONG_NAME = 5,\n  X_C // last\n};";
    expect(enumeration(header, "x", "X_")).toEqual({ a: 0, longName: 5, c: 6 });
    expect(() => enumeration(header, "y", "X_")).toThrow("there is no enum y");
    expect(() => enumeration("enum x { X_A = 1 << 3 };", "x", "X_")).toThrow("unexpected");
  });
});

describe("functions that TypeScript calls", () => {
  const headers = readdirSync(`${ROOT}wasm/include`).filter((name) => name.endsWith(".h")).map((name) => read(`wasm/include/${name}`));
  const called = methods(read("src/abi/module.ts"), "GuestModule");

  test("are declared and exported, with as many parameters", () => {
    expect(called.has("weft_main_start")).toBe(true);
    expect(problems(called, headers, Object.keys(FUNCTIONS))).toEqual([]);
  });

  test("are reported when they do not fit", () => {
    const header = `
      #define WEFT_EXPORT __attribute__((used))
      extern "C" {
      WEFT_EXPORT int weft_marked(const char *a,
                                  int b);
      void weft_listed(void);
      /* int weft_comment(void); */
      WEFT_EXPORT void weft_pair(int a, int b);
      }`;
    const source = `export interface M {
      _weft_marked(a: number, b: number): number;
      _weft_listed(): void;
      _weft_comment(): number;
      _weft_pair(a: number): void;
    }`;
    expect(problems(methods(source, "M"), [header], ["weft_comment"])).toEqual([
      "weft_listed is neither in FUNCTIONS (src/abi/functions.ts) nor marked WEFT_EXPORT",
      "weft_comment is not declared in a header of wasm/include",
      "weft_pair has 2 parameters in C and 1 in TypeScript",
    ]);
    expect(problems(methods("interface M { _weft_marked(a: number, b: number): void }", "M"), [header], [])).toEqual([
      "weft_marked returns a value in C and nothing in TypeScript",
    ]);
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
