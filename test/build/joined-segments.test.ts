import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { leb, signedLeb } from "../../src/build/branches/leb.js";
import { withJoinedSegments } from "../../src/build/joined-segments.js";
import { PACKAGE_ROOT } from "./fixture.js";
import { body, MODULE, section } from "./module-bytes.js";

const I32_CONST = 0x41;
const constant = (value: number): number[] => [I32_CONST, ...signedLeb(value)];
/** (memory.init segment (i32.const place) (i32.const from) (i32.const length)) */
const init = (segment: number, place: number, length: number, from = 0): number[] => [...constant(place), ...constant(from), ...constant(length), 0xfc, 0x08, ...leb(segment), 0];
const drop = (segment: number): number[] => [0xfc, 0x09, ...leb(segment)];

/** A module with one page of memory, `m`, these segments, a start function with this code, and behind it `(func (export "more"))` with that. */
function example(segments: readonly string[], start: readonly number[], more: readonly number[] = []): Uint8Array {
  return Uint8Array.from([
    ...MODULE,
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 2, 0, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, 1, 0x6d, 2, 0, 4, 0x6d, 0x6f, 0x72, 0x65, 0, 1),
    ...section(8, 0),
    ...section(12, ...leb(segments.length)),
    ...section(10, 2, ...body(0, ...start, 0x0b), ...body(0, ...more, 0x0b)),
    ...section(11, ...leb(segments.length), ...segments.flatMap((text) => [1, ...leb(text.length), ...Buffer.from(text)])),
  ]);
}

interface Exports {
  readonly m: WebAssembly.Memory;
  more(): void;
}

async function instance(wasm: Uint8Array): Promise<{ readonly bytes: Buffer; readonly more: () => void }> {
  const { m, more } = (await WebAssembly.instantiate(await WebAssembly.compile(new Uint8Array(wasm)), {})).exports as unknown as Exports;
  return { bytes: Buffer.from(m.buffer), more };
}

describe("data segments that a start function writes", () => {
  test("become one where they are near one another", async () => {
    const before = example(["ab", "cde", "f", "gh"], [...init(0, 1000, 2), ...init(1, 1002, 3), ...init(2, 1261, 1), ...init(3, 1519, 2), ...drop(0), ...drop(1), ...drop(2), ...drop(3)]);
    const { wasm, ...count } = withJoinedSegments(before);
    expect(count).toEqual({ before: 4, after: 2 });
    // 256 bytes from one to the next, and 257.
    expect(Buffer.from(wasm)).toEqual(Buffer.from(example([`abcde${"\0".repeat(256)}f`, "gh"], [...init(0, 1000, 262), ...init(1, 1519, 2), ...drop(0), ...drop(1)])));
    expect((await instance(wasm)).bytes).toEqual((await instance(before)).bytes);
    expect((await instance(wasm)).bytes.subarray(1000, 1005).toString()).toBe("abcde");
  });

  test("stay as they are up to the last that another function uses", async () => {
    const before = example(["ab", "cd", "ef", "gh"], [...init(0, 10, 2), ...init(1, 12, 2), ...init(2, 14, 2), ...init(3, 16, 2), ...drop(0), ...drop(2), ...drop(3)], init(1, 40, 1, 1));
    const { wasm, ...count } = withJoinedSegments(before);
    expect(count).toEqual({ before: 4, after: 3 });
    const [made, other] = [await instance(wasm), await instance(before)];
    expect(made.bytes).toEqual(other.bytes);
    expect(made.bytes.subarray(10, 18).toString()).toBe("abcdefgh");
    made.more();
    expect(made.bytes[40]).toBe("d".charCodeAt(0));
  });

  test.each([
    ["written in part", [...init(0, 10, 2), ...init(1, 12, 1)]],
    ["written from within", [...init(0, 10, 2), ...init(1, 12, 1, 1)]],
    ["written twice", [...init(0, 10, 2), ...init(1, 12, 2), ...init(1, 14, 2)]],
    ["one over the other", [...init(0, 10, 2), ...init(1, 11, 2)]],
    ["in another order", [...init(1, 12, 2), ...init(0, 10, 2)]],
    ["with something between them", [...init(0, 10, 2), ...constant(12), ...constant(120), 0x3a, 0, 0, ...init(1, 13, 2)]],
  ])("stay two when they are %s", async (_, start) => {
    const before = example(["ab", "cd"], start);
    const { wasm, ...count } = withJoinedSegments(before);
    expect(count).toEqual({ before: 2, after: 2 });
    expect(Buffer.from(wasm)).toEqual(Buffer.from(before));
    expect((await instance(wasm)).bytes).toEqual((await instance(before)).bytes);
  });

  test("may have any number and any place", async () => {
    const texts = Array.from({ length: 300 }, (_, index) => `segment ${index}`);
    const start = texts.flatMap((text, index) => init(index, 64 + index * 200 + (index >= 150 ? 500 : 0), text.length));
    const before = example(texts, [...start, ...texts.flatMap((_, index) => drop(index))]);
    const { wasm, ...count } = withJoinedSegments(before);
    expect(count).toEqual({ before: 300, after: 2 });
    expect((await instance(wasm)).bytes).toEqual((await instance(before)).bytes);
  });

  test("are refused when they are active", () => {
    const active = Uint8Array.from([...MODULE, ...section(1, 1, 0x60, 0, 0), ...section(3, 1, 0), ...section(5, 1, 0, 1), ...section(8, 0), ...section(10, 1, ...body(0, 0x0b)), ...section(11, 1, 0, ...constant(0), 0x0b, 1, 7)]);
    expect(() => withJoinedSegments(active)).toThrow("segment 0 of the module is of the kind 0, not passive");
  });

  test.each(["release", "test"])("the %s variant has few", (variant) => {
    const path = join(PACKAGE_ROOT, "dist/runtime", variant, "weft.wasm");
    expect(existsSync(path), `${path} is not built`).toBe(true);
    const { before, after } = withJoinedSegments(readFileSync(path));
    expect(before).toBe(after);
    expect(before).toBeGreaterThan(3);
  });
});
