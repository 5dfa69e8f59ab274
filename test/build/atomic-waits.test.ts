import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withWaitsApart } from "../../src/build/atomic-waits.js";
import { readFunctions } from "../../src/build/branches/functions.js";
import { leb, signedLeb } from "../../src/build/branches/leb.js";
import { PACKAGE_ROOT } from "./fixture.js";
import { body, MODULE, section } from "./module-bytes.js";

const I32 = 0x7f;
const I64 = 0x7e;
const END = 0x0b;
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, ...signedLeb(value)];
const constant64 = (value: number): number[] => [0x42, ...signedLeb(value)];
const ADD = 0x6a;
const DROP = 0x1a;
const wait32 = (offset: number): number[] => [0xfe, 0x01, 2, ...leb(offset)];
const wait64 = (offset: number): number[] => [0xfe, 0x02, 3, ...leb(offset)];

/** A module with a shared memory and these functions, `f0` and so on, from a number to a number, each with a local. */
function example(functions: readonly (readonly number[])[], types: readonly (readonly number[])[] = []): Uint8Array {
  return Uint8Array.from([
    ...MODULE,
    ...section(1, 1 + types.length, 0x60, 1, I32, 1, I32, ...types.flat()),
    ...section(3, functions.length, ...functions.map(() => 0)),
    ...section(5, 1, 3, 1, 1),
    ...section(7, functions.length, ...functions.flatMap((_, index) => [2, 0x66, 0x30 + index, 0, index])),
    ...section(10, functions.length, ...functions.flatMap((code) => body(1, 1, I32, ...code, END))),
  ]);
}

/** f(n) = n + 100, which is kept over a wait that ends at once. */
const keeps = (...wait: readonly number[]): number[] => [...get(0), ...constant(100), ADD, ...set(1), ...wait, DROP, ...get(1)];
const LAST_LOCAL = keeps(...constant(16), ...constant(7), ...constant64(1), ...wait32(0));
const ON_THE_STACK = [...get(0), ...constant(100), ADD, ...constant(16), ...constant(7), ...constant64(1), ...wait32(0), ...constant(1), 0x6b, ADD];
const ELSEWHERE = keeps(...constant(16), ...constant(7), ...constant64(1), ...wait32(4096));
const FAR = keeps(...constant(0), ...constant(7), ...constant64(1), ...wait32(3_368_452));
const OF_64_BITS = keeps(...constant(16), ...constant64(7), ...constant64(1), ...wait64(0));
const NONE = keeps(...constant(3));

const WAIT32_TYPE = [0x60, 3, I32, I32, I64, 1, I32];

/** What each function of a module makes of 5, in this engine's first code. */
function results(wasm: Uint8Array): unknown {
  const program = `
    const wasm = Buffer.from(${JSON.stringify(Buffer.from(wasm).toString("base64"))}, "base64");
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm));
    console.log(JSON.stringify(Object.values(exports).map((f) => f(5))));`;
  return JSON.parse(execFileSync(process.execPath, ["--liftoff-only", "-e", program], { encoding: "utf8" }));
}

describe("atomic waits", () => {
  test("lose no value of the function they were in, in an engine's first code", async () => {
    const { wasm, waits } = withWaitsApart(example([LAST_LOCAL, ON_THE_STACK, ELSEWHERE, OF_64_BITS, NONE]));
    expect(waits).toBe(4);
    expect(results(wasm)).toEqual([105, 105, 105, 105, 105]);
    // Whose instruction is longer than any call.
    const far = withWaitsApart(example([FAR]));
    expect(far.waits).toBe(1);
    await expect(WebAssembly.compile(new Uint8Array(far.wasm))).resolves.toBeDefined();
  });

  test("are in a function for each kind and place, whose type is there once", () => {
    const functions = [LAST_LOCAL, ON_THE_STACK, ELSEWHERE, NONE];
    const without = withWaitsApart(example(functions)).wasm;
    expect(withWaitsApart(example(functions, [WAIT32_TYPE])).wasm).toEqual(without);
    expect(readFunctions(without).functions.length).toBe(functions.length + 2);
    expect(withWaitsApart(example([...functions, OF_64_BITS])).wasm.length).toBeGreaterThan(without.length);
  });

  test("leave places within functions what they were, and are moved once", () => {
    const functions = [LAST_LOCAL, NONE];
    const before = example(functions, [WAIT32_TYPE]);
    const { wasm } = withWaitsApart(before);
    const [code, other] = [body(1, 1, I32, ...LAST_LOCAL, END), body(1, 1, I32, ...NONE, END)];
    const [at, now] = [Buffer.from(before).indexOf(Buffer.from(other)), Buffer.from(wasm).indexOf(Buffer.from(other))];
    expect(Buffer.from(before).indexOf(Buffer.from(code))).toBe(at - code.length);
    expect(wasm[now - code.length]).toBe(code[0]);
    expect(withWaitsApart(wasm)).toEqual({ wasm, waits: 0 });
    const none = example([NONE]);
    expect(withWaitsApart(none)).toEqual({ wasm: none, waits: 0 });
  });

  test.each(["release", "test"])("the %s variant has none elsewhere", (variant) => {
    const path = join(PACKAGE_ROOT, "dist/runtime", variant, "weft.wasm");
    expect(existsSync(path), `${path} is not built`).toBe(true);
    const wasm = readFileSync(path);
    expect(withWaitsApart(wasm).waits).toBe(0);
    expect(wasm.indexOf(Buffer.from([...get(0), ...get(1), ...get(2), ...wait32(0), END]))).toBeGreaterThan(0);
  });
});
