import { withBodies } from "./branches/functions.js";
import { I32_CONST, instructions, type Instruction } from "./instructions.js";
import { readStartFunction } from "./start-function.js";

const MEMORY_FILL = 0xfc0b;

/**
 * A module whose start function does not fill memory with zeros. The linker cannot know that an imported memory is new and has nothing
 * else in it; every guest's is (src/runtime/guest-memory.ts), and each page that is written to takes the time and the memory of a real one.
 * @returns the module, and how many bytes it does not fill any more.
 * @throws Error when the module has no start function of its own, or cannot be read.
 */
export function withoutZeroFills(wasm: Uint8Array): { readonly wasm: Uint8Array; readonly bytes: number } {
  const { module, start } = readStartFunction(wasm);
  const parts: Uint8Array[] = [];
  let at = start.start;
  let bytes = 0;
  let last: Instruction[] = [];
  for (const instruction of instructions(wasm, start.codeStart, start.end)) {
    const [place, value, length] = last;
    if (instruction.opcode === MEMORY_FILL && last.length === 3 && last.every(({ opcode }) => opcode === I32_CONST) && value!.literal === 0) {
      parts.push(wasm.subarray(at, place!.start));
      at = instruction.end;
      bytes += (length!.literal as number) >>> 0;
    }
    last = [...last.slice(-2), instruction];
  }
  const body = Buffer.concat([...parts, wasm.subarray(at, start.end)]);
  return { wasm: withBodies(wasm, module, (one) => (one === start ? body : wasm.subarray(one.start, one.end))), bytes };
}
