import { BinaryReader, type IOperatorInformation } from "wasmparser";
import { readFunctions, withBodies } from "./branches/functions.js";
import { readLeb } from "./branches/leb.js";
import { sections } from "./branches/sections.js";

/** A section's number. */
const START = 8;

/** Opcodes. */
const I32_CONST = 0x41;
const MEMORY_FILL = 0xfc0b;

/** The reader's `BinaryReaderState`, which TypeScript knows, but only as a type. */
const State = { error: -1, operator: 30 } as const;

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

/** The instructions between two offsets. */
function* instructions(wasm: Uint8Array, from: number, to: number): Generator<Instruction> {
  const reader = new BinaryReader();
  // A Buffer's own `slice()` copies nothing, and its memory may begin with others'.
  reader.setData(new Uint8Array(wasm).buffer, 0, wasm.length, true);
  for (let start = 0; start < to && reader.read(); start = reader.position) {
    if ((reader.state as number) === State.error) {
      throw new Error(`the module cannot be read: ${reader.error!.message}`, { cause: reader.error });
    }
    if (start >= from && (reader.state as number) === State.operator) {
      const { code, literal } = reader.result as IOperatorInformation;
      yield { opcode: code, literal, start, end: reader.position };
    }
  }
}
