import type { IOperatorInformation } from "wasmparser";
import { readerOf } from "./branches/functions.js";

/** An instruction with a number in it. */
export const I32_CONST = 0x41;

/** The reader's `BinaryReaderState.CODE_OPERATOR`, which TypeScript knows, but only as a type. */
const OPERATOR = 30;

export interface Instruction {
  /** Of two bytes, 256 times the first and the second. */
  readonly opcode: number;
  /** What a constant is. */
  readonly literal: unknown;
  /** The number of the data segment that it is about. */
  readonly segment: number | undefined;
  /** Offsets in the module: its first byte, and what is behind it. */
  readonly start: number;
  readonly end: number;
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
