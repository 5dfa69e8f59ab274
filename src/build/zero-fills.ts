import type { IOperatorInformation } from "wasmparser";
import { readerOf, readFunctions, withBodies } from "./branches/functions.js";
import { readLeb } from "./branches/leb.js";
import { sections } from "./branches/sections.js";

/** A section's number. */
const START = 8;

/** Opcodes. */
const I32_CONST = 0x41;
const MEMORY_FILL = 0xfc0b;

/** The reader's `BinaryReaderState.CODE_OPERATOR`, which TypeScript knows, but only as a type. */
const OPERATOR = 30;

interface Instruction {
  readonly opcode: number;
  /** What a constant is. */
  readonly literal: unknown;
  /** Offsets in the module: its first byte, and what is behind it. */
  readonly start: number;
  readonly end: number;
}

/**
 * A module whose start function does not fill memory with zeros. The linker cannot know that an imported memory is new and has nothing
 * else in it; every guest's is (src/runtime/guest-memory.ts), and each page that is written to takes the time and the memory of a real one.
 * @returns the module, and how many bytes it does not fill any more.
 * @throws Error when the module has no start function of its own, or cannot be read.
 */
export function withoutZeroFills(wasm: Uint8Array): { readonly wasm: Uint8Array; readonly bytes: number } {
  const module = readFunctions(wasm);
  const entry = sections(wasm).find(({ id }) => id === START);
  const init = entry && module.functions.find(({ index }) => index === readLeb(wasm, entry.content).value);
  if (init === undefined) {
    throw new Error("the module has no start function of its own, which would fill its memory");
  }
  const parts: Uint8Array[] = [];
  let at = init.start;
  let bytes = 0;
  let last: Instruction[] = [];
  for (const instruction of instructions(wasm, init.codeStart, init.end)) {
    const [place, value, length] = last;
    if (instruction.opcode === MEMORY_FILL && last.length === 3 && last.every(({ opcode }) => opcode === I32_CONST) && value!.literal === 0) {
      parts.push(wasm.subarray(at, place!.start));
      at = instruction.end;
      bytes += (length!.literal as number) >>> 0;
    }
    last = [...last.slice(-2), instruction];
  }
  const body = Buffer.concat([...parts, wasm.subarray(at, init.end)]);
  return { wasm: withBodies(wasm, module, (one) => (one === init ? body : wasm.subarray(one.start, one.end))), bytes };
}

/** The instructions between two offsets of a module that has been read before without an error. */
function* instructions(wasm: Uint8Array, from: number, to: number): Generator<Instruction> {
  const reader = readerOf(wasm);
  for (let start = 0; start < to && reader.read(); start = reader.position) {
    if (start >= from && (reader.state as number) === OPERATOR) {
      const { code, literal } = reader.result as IOperatorInformation;
      yield { opcode: code, literal, start, end: reader.position };
    }
  }
}
