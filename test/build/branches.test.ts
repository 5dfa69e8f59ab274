import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COUNTER_SIZE, withCounters } from "../../src/build/branches/counting.js";
import { readFunctions } from "../../src/build/branches/functions.js";
import { HINTS, withHints } from "../../src/build/branches/hints.js";
import { leb } from "../../src/build/branches/leb.js";
import { formatProfile, makeProfile, parseProfile } from "../../src/build/branches/profile.js";
import { sections } from "../../src/build/branches/sections.js";
import type { Manifest } from "../../src/build/output.js";
import { PACKAGE_ROOT } from "./fixture.js";
import { body, MODULE, section } from "./module-bytes.js";

const I32 = 0x7f;

/**
 * (func $log (import "m" "log") (param i32))
 * (func $small (param i32) (result i32) ;; 10 when it is zero, else itself
 *   (if (result i32) (local.get 0) (then (local.get 0)) (else (i32.const 10))))
 * (func $sum (export "sum") (param i32) (result i32) (local i32) ;; of $small of n, n-1, ... 1
 *   (loop (local.set 1 (i32.add (local.get 1) (call $small (local.get 0))))
 *         (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
 *   (call $log (local.get 1)) (local.get 1))
 */
function example(constant = 10): Uint8Array {
  return Uint8Array.from([
    ...MODULE,
    ...section(1, 2, 0x60, 1, I32, 1, I32, 0x60, 1, I32, 0),
    ...section(2, 1, 1, 0x6d, 3, 0x6c, 0x6f, 0x67, 0, 1),
    ...section(3, 2, 0, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, 3, 0x73, 0x75, 0x6d, 0, 2, 1, 0x6d, 2, 0),
    ...section(10, 2,
      ...body(0, 0x20, 0, 0x04, I32, 0x20, 0, 0x05, 0x41, ...leb(constant), 0x0b, 0x0b),
      ...body(1, 1, I32, 0x03, 0x40, 0x20, 1, 0x20, 0, 0x10, 1, 0x6a, 0x21, 1, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 1, 0x10, 0, 0x20, 1, 0x0b)),
  ]);
}

interface Exports {
  sum(n: number): number;
  readonly m: WebAssembly.Memory;
}

async function start(wasm: Uint8Array): Promise<{ readonly exports: Exports; readonly logged: number[] }> {
  const logged: number[] = [];
  const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(wasm), { m: { log: (value: number) => logged.push(value) } });
  return { exports: exports as unknown as Exports, logged };
}

const counters = ({ m }: Exports, place: number): number[] => [...new Uint32Array(m.buffer, place, 2 * (COUNTER_SIZE / 4))];

test("functions are named by their instructions, and not by the numbers in them", () => {
  const [small, sum] = readFunctions(example()).functions;
  expect([small!.index, small!.locals, small!.branches.length]).toEqual([1, 1, 1]);
  expect([sum!.index, sum!.locals, sum!.branches.length]).toEqual([2, 2, 1]);
  // An address of another length moves what follows it, and is no other function.
  const moved = readFunctions(example(1000)).functions;
  expect(moved.map(({ hash }) => hash)).toEqual([small!.hash, sum!.hash]);
  expect(moved[1]!.branches[0]).toBe(sum!.branches[0]! + 1);
  const other = example();
  // Another instruction.
  other[other.lastIndexOf(0x22)] = 0x21;
  expect(readFunctions(other).functions[1]!.hash).not.toBe(sum!.hash);
});

test("what is no module is refused", () => {
  expect(() => readFunctions(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]))).toThrow("the module cannot be read");
  expect(() => readFunctions(example().slice(0, 8))).toThrow("the module has no code");
});

test("a module with counters does the same and counts", async () => {
  const place = 1000;
  const { exports, logged } = await start(withCounters(example(), place));
  expect([exports.sum(4), logged]).toEqual([10, [10]]);
  // `if` of $small was entered with 4, 3, 2, 1; the loop began again three times.
  expect(counters(exports, place)).toEqual([4, 4, 4, 3]);
});

describe("hints", () => {
  test("are where engines look for them", async () => {
    const { functions } = readFunctions(example());
    const profile = makeProfile(functions, [100_000, 100_000, 200_000, 1_000]);
    expect([...profile.values()]).toEqual([{ runs: 100_000, ways: "+" }, { runs: 200_000, ways: "-" }]);
    const { wasm, facts } = withHints(example(), profile);
    expect(facts).toEqual({ functions: 2, missing: 0, share: 1, hints: 2 });
    const found = sections(wasm);
    const at = found.findIndex(({ name }) => name === HINTS);
    // In front of the code, or engines pay no attention.
    expect(found[at + 1]!.id).toBe(10);
    const content = wasm.subarray(found[at]!.content + 1 + HINTS.length, found[at]!.end);
    // Two functions: the number, one hint, its place in the body, its size, and whether the branch is taken.
    expect([...content]).toEqual([2, 1, 1, 3, 1, 1, 2, 1, 21, 1, 0]);
    const [small, sum] = readFunctions(wasm).functions;
    expect([wasm[small!.start + 3], wasm[sum!.start + 21]]).toEqual([0x04, 0x0d]);
    expect((await start(wasm)).exports.sum(4)).toBe(10);
    // What counts again has none of them.
    expect(sections(withCounters(wasm, 0)).some(({ name }) => name === HINTS)).toBe(false);
  });

  test("are not given for branches that seldom ran or go both ways, nor for functions that have changed", () => {
    const { functions } = readFunctions(example());
    expect(makeProfile(functions, [40_000, 40_000, 200_000, 100_000])).toEqual(new Map());
    const profile = makeProfile(functions, [100_000, 100_000, 300_000, 0]);
    const changed = example();
    changed[changed.lastIndexOf(0x22)] = 0x21;
    expect(withHints(changed, profile).facts).toEqual({ functions: 2, missing: 1, share: 0.25, hints: 1 });
  });

  test("functions with the same instructions are counted together", () => {
    const { functions } = readFunctions(example());
    const twice = [functions[0]!, functions[0]!];
    expect([...makeProfile(twice, [100_000, 100_000, 100_000, 0])]).toEqual([]);
    expect([...makeProfile(twice, [100_000, 99_000, 100_000, 98_000]).values()]).toEqual([{ runs: 200_000, ways: "+" }]);
  });
});

test("a profile is written and read, and what is none is refused", () => {
  const profile = new Map([["00000000000000ff", { runs: 1_230_000, ways: "+-.." }], ["0000000000000001", { runs: 123, ways: "-" }]]);
  expect(parseProfile(formatProfile(profile))).toEqual(profile);
  expect(formatProfile(new Map([["00000000000000ff", { runs: 123_456, ways: "+" }]]))).toMatch(/^#.*\n#.*\n00000000000000ff 123000 \+\n$/);
  expect(() => parseProfile("# text\n12 34 +\n")).toThrow('line 2 of the branches\' profile is not a hash, a number and ways: "12 34 +"');
});

test.each(["release", "test"])("the %s variant has the functions whose branches were counted", (variant) => {
  const { branches } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "dist/runtime", variant, "manifest.json"), "utf8")) as Manifest;
  expect(branches!.functions).toBeGreaterThan(800);
  expect(branches!.hints).toBeGreaterThan(8000);
  // `npm run profile` counts again.
  expect(branches!.share).toBeGreaterThan(0.99);
});
