import { withBodies, type ModuleFunction, type ModuleFunctions } from "./branches/functions.js";
import { leb, readLeb, signedLeb } from "./branches/leb.js";
import { sections, withSection } from "./branches/sections.js";
import { I32_CONST, instructions, type Instruction } from "./instructions.js";
import { readStartFunction } from "./start-function.js";

/** Numbers of sections. */
const DATA = 11;
const DATA_COUNT = 12;

/** Opcodes of two bytes. */
const MEMORY_INIT = [0xfc, 0x08];
const DATA_DROP = [0xfc, 0x09];

/** A segment's kind: its bytes are written by instructions. */
const PASSIVE = 1;

/** Zeros between two segments that cost less than a segment, for whose instructions an engine makes some 170 bytes of code. */
const GAP = 256;

/** What writes a whole segment to a fixed place. */
interface Write {
  readonly place: number;
  readonly length: number;
  /** Offsets of its instructions in the module. */
  readonly start: number;
  readonly end: number;
}

/** What the start function does with segments, by their numbers. */
interface Uses {
  readonly writes: ReadonlyMap<number, Write>;
  readonly drops: readonly Instruction[];
  /** Segments below it stay as they are: another function uses some, or the start function in another way. */
  readonly first: number;
}

/**
 * A module with fewer data segments. Binaryen leaves zeros out by making two segments of one, and the start function, which writes each by
 * instructions of its own, becomes one of the largest that engines compile before the first line of a program. Segments that
 * it writes one after the other, {@link GAP} bytes apart at most, become one with the zeros between them: the memory is new
 * then (src/runtime/guest-memory.ts), and 0 where nobody writes.
 * @returns the module, and how many segments it had and has.
 * @throws Error when the module has no start function of its own, or cannot be read.
 */
export function withJoinedSegments(wasm: Uint8Array): { readonly wasm: Uint8Array; readonly before: number; readonly after: number } {
  const { module, start } = readStartFunction(wasm);
  const segments = readSegments(wasm);
  const { writes, drops, first } = usesOf(wasm, module, start, segments);
  const joined: Uint8Array[][] = [];
  /** Of those that stay, and may be longer. */
  const numbers = new Map<number, number>();
  segments.forEach((bytes, segment) => {
    const [last, next] = [writes.get(segment - 1), writes.get(segment)];
    const gap = last && next && last.end === next.start ? next.place - last.place - last.length : -1;
    if (segment > first && gap >= 0 && gap <= GAP) {
      joined.at(-1)!.push(new Uint8Array(gap), bytes);
    } else {
      numbers.set(segment, joined.length);
      joined.push([bytes]);
    }
  });
  const contents = joined.map((parts) => Buffer.concat(parts));

  const changes = [
    ...[...writes].map(([segment, write]) => ({ segment, ...write, now: (number: number) => writing(write.place, contents[number]!.length, number) })),
    ...drops.map(({ segment, start, end }) => ({ segment: segment!, start, end, now: (number: number) => [...DATA_DROP, ...leb(number)] })),
  ].filter(({ segment }) => segment >= first);
  const body: Uint8Array[] = [];
  let at = start.start;
  for (const { segment, now, ...old } of changes.sort((a, b) => a.start - b.start)) {
    const number = numbers.get(segment);
    body.push(wasm.subarray(at, old.start), Uint8Array.from(number === undefined ? [] : now(number)));
    at = old.end;
  }
  body.push(wasm.subarray(at, start.end));
  const code = withBodies(wasm, module, (one) => (one === start ? Buffer.concat(body) : wasm.subarray(one.start, one.end)));
  const data = Buffer.concat([Uint8Array.from(leb(contents.length)), ...contents.flatMap((bytes) => [Uint8Array.from([PASSIVE, ...leb(bytes.length)]), bytes])]);
  return {
    wasm: segments.length === 0 ? wasm : withSection(withSection(code, DATA_COUNT, Uint8Array.from(leb(contents.length))), DATA, data),
    before: segments.length,
    after: contents.length,
  };
}

function writing(place: number, length: number, segment: number): number[] {
  return [...[place, 0, length].flatMap((value) => [I32_CONST, ...signedLeb(value)]), ...MEMORY_INIT, ...leb(segment), 0];
}

/** @throws Error when one is not passive: the linker makes no others for a shared memory. */
function readSegments(wasm: Uint8Array): Uint8Array[] {
  const section = sections(wasm).find(({ id }) => id === DATA);
  if (!section) {
    return [];
  }
  const count = readLeb(wasm, section.content);
  let at = count.next;
  return Array.from({ length: count.value }, (_, number) => {
    if (wasm[at] !== PASSIVE) {
      throw new Error(`segment ${number} of the module is of the kind ${wasm[at]}, not passive`);
    }
    const size = readLeb(wasm, at + 1);
    at = size.next + size.value;
    return wasm.subarray(size.next, at);
  });
}

function usesOf(wasm: Uint8Array, module: ModuleFunctions, start: ModuleFunction, segments: readonly Uint8Array[]): Uses {
  const writes = new Map<number, Write>();
  const drops: Instruction[] = [];
  let first = 0;
  let last: Instruction[] = [];
  for (const instruction of instructions(wasm, module.start, module.end)) {
    const { opcode, segment, end } = instruction;
    if (segment !== undefined && isAbout(opcode)) {
      const [place, from, length] = last;
      const within = instruction.start >= start.start && end <= start.end;
      if (within && opcode === opcodeOf(DATA_DROP)) {
        drops.push(instruction);
      } else if (within && last.length === 3 && last.every((one) => one.opcode === I32_CONST) && from!.literal === 0 && length!.literal === segments[segment]!.length && !writes.has(segment)) {
        writes.set(segment, { place: (place!.literal as number) >>> 0, length: segments[segment]!.length, start: place!.start, end });
      } else {
        first = Math.max(first, segment + 1);
      }
    }
    last = [...last.slice(-2), instruction];
  }
  return { writes, drops, first };
}

/** As the reader numbers it. */
function opcodeOf([high, low]: readonly number[]): number {
  return high! * 256 + low!;
}

/** Whether it is a data segment that an instruction is about, and not one of a table's. */
function isAbout(opcode: number): boolean {
  return opcode === opcodeOf(MEMORY_INIT) || opcode === opcodeOf(DATA_DROP);
}
