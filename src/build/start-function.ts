import type { IOperatorInformation } from "wasmparser";
import { readerOf, readFunctions, type ModuleFunction, type ModuleFunctions } from "./branches/functions.js";
import { readLeb } from "./branches/leb.js";
import { sections } from "./branches/sections.js";

/** A section's number. */
const START = 8;

/** An instruction with a number in it. */
export const I32_CONST = 0x41;

/** The reader's `BinaryReaderState.CODE_OPERATOR`, which TypeScript knows, but only as a type. */
const OPERATOR = 30;

export interface Instruction {
  readonly opcode: number;
  /** What a constant is. */
  readonly literal: unknown;
  /** The number of the data segment that it is about. */
  readonly segment: number | undefined;
  /** Offsets in the module: its first byte, and what is behind it. */
  readonly start: number;
  readonly end: number;
}

/**
 * The function by which the linker's modules write their data to a new memory, and all others.
 * @throws Error when the module has none of its own, or cannot be read.
 */
export function readStartFunction(wasm: Uint8Array): { readonly module: ModuleFunctions; readonly start: ModuleFunction } {
  const module = readFunctions(wasm);
  const entry = sections(wasm).find(({ id }) => id === START);
  const start = entry && module.functions.find(({ index }) => index === readLeb(wasm, entry.content).value);
  if (start === undefined) {
    throw new Error("the module has no start function of its own, which would fill its memory");
  }
  return { module, start };
}

/** The instructions between two offsets of a module that has been read before without an error. */
export function* instructions(wasm: Uint8Array, from: number, to: number): Generator<Instruction> {
  const reader = readerOf(wasm);
  for (let start = 0; start < to && reader.read(); start = reader.position) {
    if (start >= from && (reader.state as number) === OPERATOR) {
      const { code, literal, segmentIndex } = reader.result as IOperatorInformation;
      yield { opcode: code, literal, segment: segmentIndex, start, end: reader.position };
    }
  }
}
