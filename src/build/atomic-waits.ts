import { readFunctions } from "./branches/functions.js";
import { leb, paddedLeb, readLeb } from "./branches/leb.js";
import { CODE, sections, withSection } from "./branches/sections.js";
import { instructions } from "./instructions.js";

/** Numbers of sections. */
const TYPE = 1;
const FUNCTION = 3;

const FUNCTION_TYPE = 0x60;
const I32 = 0x7f;
const I64 = 0x7e;

/** Opcodes. */
const LOCAL_GET = 0x20;
const CALL = 0x10;
const END = 0x0b;
const NOP = 0x01;
const WAIT32 = 0xfe01;
const WAIT64 = 0xfe02;

/** Bytes of a number of 32 bits, at most. */
const LONGEST_LEB = 5;

/** What waits take, and that they give a number of 32 bits. */
const PARAMETERS: Readonly<Record<number, readonly number[]>> = { [WAIT32]: [I32, I32, I64], [WAIT64]: [I32, I64, I64] };

/**
 * A module in which atomic waits are functions that do nothing else. In the first, fast code of V8 11.3 (Node 20) what lies below a wait's
 * operands is 0 behind it: a value on the stack, or else the function's last local or parameter. Threads wrote to address 0, and a
 * join never ended. In a function that only waits nothing is read behind it. Places within functions stay what they were.
 * @returns the module, and how many waits it had elsewhere.
 * @throws Error when the module cannot be read.
 */
export function withWaitsApart(wasm: Uint8Array): { readonly wasm: Uint8Array; readonly waits: number } {
  const { functions, start, end } = readFunctions(wasm);
  const made = new Map<string, { readonly index: number; readonly type: number; readonly body: readonly number[] }>();
  const types = readTypes(wasm);
  const next = functions.at(-1)!.index + 1;
  const changed = new Uint8Array(wasm);
  let waits = 0;
  for (const { opcode, ...at } of instructions(wasm, start, end)) {
    const parameters = PARAMETERS[opcode];
    if (!parameters) {
      continue;
    }
    const bytes = [...wasm.subarray(at.start, at.end)];
    const body = [0, ...[0, 1, 2].flatMap((number) => [LOCAL_GET, number]), ...bytes, END];
    const within = functions.find((one) => at.start >= one.codeStart && at.end <= one.end)!;
    if (Buffer.from(body).equals(wasm.subarray(within.start, within.end))) {
      continue;
    }
    const alike = bytes.join();
    const one = made.get(alike) ?? { index: next + made.size, type: types.of(parameters), body };
    made.set(alike, one);
    changed.fill(NOP, at.start, at.end).set([CALL, ...paddedLeb(one.index, Math.min(bytes.length - 1, LONGEST_LEB))], at.start);
    waits++;
  }
  if (waits === 0) {
    return { wasm, waits };
  }
  const bodies = [...made.values()].map(({ body }) => [...leb(body.length), ...body]);
  const longer = withMore(withMore(changed, CODE, bodies), FUNCTION, [...made.values()].map(({ type }) => leb(type)));
  return { wasm: withMore(longer, TYPE, types.added), waits };
}

/** The types of functions that a module has, and those that it needs besides. */
function readTypes(wasm: Uint8Array): { of(parameters: readonly number[]): number; readonly added: readonly (readonly number[])[] } {
  const section = sections(wasm).find(({ id }) => id === TYPE)!;
  const types: string[] = [];
  const added: number[][] = [];
  const count = readLeb(wasm, section.content);
  for (let at = count.next; types.length < count.value; ) {
    if (wasm[at] !== FUNCTION_TYPE) {
      throw new Error(`type ${types.length} of the module is of the kind ${wasm[at]}, not a function's`);
    }
    const parameters = readLeb(wasm, at + 1);
    const results = readLeb(wasm, parameters.next + parameters.value);
    const end = results.next + results.value;
    types.push(wasm.subarray(at, end).join());
    at = end;
  }
  return {
    added,
    of: (parameters) => {
      const wanted = [FUNCTION_TYPE, parameters.length, ...parameters, 1, I32];
      const found = types.indexOf(wanted.join());
      if (found >= 0) {
        return found;
      }
      added.push(wanted);
      return types.push(wanted.join()) - 1;
    },
  };
}

/** The module with more entries at the end of a section of entries. */
function withMore(wasm: Uint8Array, id: number, entries: readonly (readonly number[])[]): Uint8Array {
  const section = sections(wasm).find((one) => one.id === id)!;
  const { value, next } = readLeb(wasm, section.content);
  return withSection(wasm, id, Buffer.concat([Uint8Array.from(leb(value + entries.length)), wasm.subarray(next, section.end), Uint8Array.from(entries.flat())]));
}
