import { createHash } from "node:crypto";
import { BinaryReader, type IFunctionEntry, type IImportEntry, type IOperatorInformation, type ITypeEntry } from "wasmparser";
import { leb, readLeb } from "./leb.js";
import { CODE, sections, withSection } from "./sections.js";

/** Opcodes. */
const IF = 0x04;
const BR_IF = 0x0d;

/** An import's kind. */
const FUNCTION = 0;

/** The reader's `BinaryReaderState`, which TypeScript knows, but only as a type. */
const State = { error: -1, typeEntry: 11, importEntry: 12, functionEntry: 13, beginBody: 28, operator: 30, endBody: 31 } as const;

/** A conditional branch: `if` or `br_if`, with the condition on top of the stack. */
export type BranchPlace = number;

/** A function of a module, as those need it who count branches or give hints about them. Places are offsets in the module. */
export interface ModuleFunction {
  /** Imported functions have the lowest numbers. */
  readonly index: number;
  /**
   * Names the function by what it does: of its instructions, without what other parts of the module change (addresses, numbers of
   * functions and types), 64 bits of the sha256.
   */
  readonly hash: string;
  /** Its body, without the size before it. */
  readonly start: number;
  readonly end: number;
  /** Groups of locals, and where the first is. */
  readonly groups: number;
  readonly groupsStart: number;
  /** The first instruction. */
  readonly codeStart: number;
  /** Parameters and locals. */
  readonly locals: number;
  /** In the order of the instructions. */
  readonly branches: readonly BranchPlace[];
}

/** A module's functions, and its code section from its first byte to behind its last. */
export interface ModuleFunctions {
  readonly functions: readonly ModuleFunction[];
  readonly start: number;
  readonly end: number;
}

/** A reader of the whole module. */
export function readerOf(wasm: Uint8Array): BinaryReader {
  const reader = new BinaryReader();
  // A Buffer's own `slice()` copies nothing, and its memory may begin with others'.
  reader.setData(new Uint8Array(wasm).buffer, 0, wasm.length, true);
  return reader;
}

/** @throws Error when it is no WebAssembly module, or has instructions that the reader does not know. */
export function readFunctions(wasm: Uint8Array): ModuleFunctions {
  const reader = readerOf(wasm);
  const parameters: number[] = [];
  const types: number[] = [];
  const bodies: { readonly hash: string; readonly branches: readonly BranchPlace[] }[] = [];
  let imported = 0;
  let position = 0;
  let instructions: number[] = [];
  let branches: BranchPlace[] = [];
  while (reader.read()) {
    switch (reader.state as number) {
      // It says so for ever.
      case State.error:
        throw new Error(`the module cannot be read: ${reader.error!.message}`, { cause: reader.error });
      case State.typeEntry:
        parameters.push((reader.result as ITypeEntry).params!.length);
        break;
      case State.importEntry: {
        const { kind, funcTypeIndex } = reader.result as IImportEntry;
        if (kind === FUNCTION) {
          types.push(funcTypeIndex!);
          imported++;
        }
        break;
      }
      case State.functionEntry:
        types.push((reader.result as IFunctionEntry).typeIndex);
        break;
      case State.beginBody:
        instructions = [];
        branches = [];
        break;
      case State.operator: {
        const { code, localIndex } = reader.result as IOperatorInformation;
        const opcode: number = code;
        instructions.push(opcode, localIndex ?? -1);
        if (opcode === BR_IF || opcode === IF) {
          if (wasm[position] !== opcode) {
            throw new Error(`the instruction at ${position} of the module is ${wasm[position]}, and its reader says ${opcode}`);
          }
          branches.push(position);
        }
        break;
      }
      case State.endBody:
        bodies.push({ hash: createHash("sha256").update(Int32Array.from(instructions)).digest("hex").slice(0, 16), branches });
        break;
      default:
    }
    position = reader.position;
  }
  const section = sections(wasm).find(({ id }) => id === CODE);
  if (!section) {
    throw new Error("the module has no code");
  }
  let at = readLeb(wasm, section.content).next;
  const functions = bodies.map((body, i): ModuleFunction => {
    const size = readLeb(wasm, at);
    const start = size.next;
    const groups = readLeb(wasm, start);
    let locals = parameters[types[imported + i]!]!;
    let next = groups.next;
    for (let group = 0; group < groups.value; group++) {
      const count = readLeb(wasm, next);
      locals += count.value;
      // The type's byte.
      next = count.next + 1;
    }
    at = start + size.value;
    return { ...body, index: imported + i, start, end: at, groups: groups.value, groupsStart: groups.next, codeStart: next, locals };
  });
  return { functions, start: section.start, end: section.end };
}

/** The module with other bodies of its functions, which may be longer or shorter. */
export function withBodies(wasm: Uint8Array, { functions }: ModuleFunctions, bodyOf: (one: ModuleFunction) => Uint8Array): Uint8Array {
  const bodies = functions.flatMap((one) => {
    const body = bodyOf(one);
    return [Uint8Array.from(leb(body.length)), body];
  });
  return withSection(wasm, CODE, Buffer.concat([Uint8Array.from(leb(functions.length)), ...bodies]));
}
