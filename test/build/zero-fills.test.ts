import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { withoutZeroFills } from "../../src/build/zero-fills.js";
import { PACKAGE_ROOT } from "./fixture.js";
import { body, MODULE, section } from "./module-bytes.js";

const I32_CONST = 0x41;
/** (memory.fill (i32.const place) (i32.const value) (i32.const length)), of numbers below 64. */
const fill = (place: number, value: number, length: number): number[] => [I32_CONST, place, I32_CONST, value, I32_CONST, length, 0xfc, 0x0b, 0];
/** (memory.init 0 (i32.const place) (i32.const 0) (i32.const 4)) */
const init = (place: number): number[] => [I32_CONST, place, I32_CONST, 0, I32_CONST, 4, 0xfc, 0x08, 0, 0];

/**
 * A module with one page of memory, `m`, four passive bytes, a start function with this code, and behind it
 * (func (export "wipe") (memory.fill (i32.const 0) (i32.const 0) (i32.const 63))).
 */
function example(...code: number[]): Uint8Array {
  return Uint8Array.from([
    ...MODULE,
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 2, 0, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, 1, 0x6d, 2, 0, 4, 0x77, 0x69, 0x70, 0x65, 0, 1),
    ...section(8, 0),
    ...section(12, 1),
    ...section(10, 2, ...body(0, ...code, 0x0b), ...body(0, ...fill(0, 0, 63), 0x0b)),
    ...section(11, 1, 1, 4, 1, 2, 3, 4),
  ]);
}

interface Exports {
  readonly m: WebAssembly.Memory;
  wipe(): void;
}

async function memory(wasm: Uint8Array): Promise<{ readonly bytes: Uint8Array; readonly wipe: () => void }> {
  const { m, wipe } = (await WebAssembly.instantiate(await WebAssembly.compile(new Uint8Array(wasm)), {})).exports as unknown as Exports;
  return { bytes: new Uint8Array(m.buffer, 0, 64), wipe };
}

describe("zeros that a start function fills its new memory with", () => {
  test("are left out, and nothing else is", async () => {
    const before = example(...fill(0, 0, 8), ...init(8), ...fill(12, 0, 20), ...fill(32, 7, 3), ...fill(40, 0, 24));
    const { wasm, bytes } = withoutZeroFills(before);
    expect(bytes).toBe(8 + 20 + 24);
    expect(Buffer.from(wasm)).toEqual(Buffer.from(example(...init(8), ...fill(32, 7, 3))));
    const made = await memory(wasm);
    expect([...made.bytes]).toEqual([...(await memory(before)).bytes]);
    expect([...made.bytes.subarray(8, 12), made.bytes[34]]).toEqual([1, 2, 3, 4, 7]);
    // Other functions' memory is not new.
    made.wipe();
    expect([...made.bytes.subarray(0, 63)].every((byte) => byte === 0)).toBe(true);
  });

  test("stay where their place or number is reckoned", () => {
    // (memory.fill (i32.const 0) (i32.const 0) (i32.eqz (i32.const 0)))
    const reckoned = example(I32_CONST, 0, I32_CONST, 0, I32_CONST, 0, 0x45, 0xfc, 0x0b, 0);
    const { wasm, bytes } = withoutZeroFills(reckoned);
    expect(bytes).toBe(0);
    expect(Buffer.from(wasm)).toEqual(Buffer.from(reckoned));
  });

  test("a module without a start function is refused", () => {
    expect(() => withoutZeroFills(Uint8Array.from([...MODULE, ...section(1, 1, 0x60, 0, 0), ...section(3, 1, 0), ...section(10, 1, ...body(0, 0x0b))]))).toThrow("no start function of its own");
  });

  test.each(["release", "test"])("the %s variant has none", (variant) => {
    const path = join(PACKAGE_ROOT, "dist/runtime", variant, "weft.wasm");
    expect(existsSync(path), `${path} is not built`).toBe(true);
    expect(withoutZeroFills(readFileSync(path)).bytes).toBe(0);
  });
});
