import { readFunctions, withBodies } from "./functions.js";
import { HINTS } from "./hints.js";
import { leb } from "./leb.js";
import { withoutCustom } from "./sections.js";

/** Bytes of one branch's counters: how often it ran, and how often it was taken, each of 32 bits. */
export const COUNTER_SIZE = 8;

/** Opcodes of WebAssembly's core instructions. */
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const I32_LOAD = 0x28;
const I32_STORE = 0x36;
const I32_CONST = 0x41;
const I32_EQZ = 0x45;
const I32_ADD = 0x6a;
const I32 = 0x7f;
/** As the exponent of two. */
const ALIGNMENT = 2;

/**
 * A module that does the same and counts its branches in its memory, in the order of the functions and of their branches. It adds
 * without atomic instructions: threads that count the same branch at once lose a few.
 * @param place address of the counters, where the module has nothing else.
 */
export function withCounters(module: Uint8Array, place: number): Uint8Array {
  // Which name branches by where they are.
  const wasm = withoutCustom(module, HINTS);
  let counter = place;
  return withBodies(wasm, readFunctions(wasm), (one) => {
    const { locals: condition } = one;
    const add = (address: number, value: readonly number[]): number[] => [
      I32_CONST, 0,
      I32_CONST, 0, I32_LOAD, ALIGNMENT, ...leb(address),
      ...value,
      I32_ADD, I32_STORE, ALIGNMENT, ...leb(address),
    ];
    // One more group of locals: the condition.
    const parts: Uint8Array[] = [Uint8Array.from([...leb(one.groups + 1), ...wasm.subarray(one.groupsStart, one.codeStart), 1, I32])];
    let at = one.codeStart;
    for (const branch of one.branches) {
      parts.push(
        wasm.subarray(at, branch),
        Uint8Array.from([
          LOCAL_SET, ...leb(condition),
          ...add(counter, [I32_CONST, 1]),
          ...add(counter + COUNTER_SIZE / 2, [LOCAL_GET, ...leb(condition), I32_EQZ, I32_EQZ]),
          LOCAL_GET, ...leb(condition),
        ]),
      );
      counter += COUNTER_SIZE;
      at = branch;
    }
    return Buffer.concat([...parts, wasm.subarray(at, one.end)]);
  });
}
