import type { Address } from "../../abi/functions.js";
import { CONSTANTS, offsetOf, STRUCTS } from "../../abi/layout.js";
import type { GuestView } from "./guest-view.js";

/** One Python function that runs, as a traceback has it. */
export interface ObservedFrame {
  readonly file: string;
  /** 0 where the instruction belongs to no line. */
  readonly line: number;
  readonly name: string;
}

/** More frames than this are not followed, nor longer texts or tables: the pointers may lead anywhere. */
const MOST_FRAMES = 100;
const LONGEST_TEXT = 1000;
const LONGEST_TABLE = 200_000;

/** The Python frames of a thread state, innermost first. */
export function readFrames(view: GuestView, state: Address): ObservedFrame[] {
  const frames: ObservedFrame[] = [];
  const seen = new Set<Address>();
  let frame = view.word(state + offsetOf("PyThreadState", "current_frame"));
  while (frame !== 0 && frames.length < MOST_FRAMES && !seen.has(frame)) {
    seen.add(frame);
    if (view.byte(frame + offsetOf("_PyInterpreterFrame", "owner")) !== CONSTANTS.FRAME_OWNED_BY_CSTACK) {
      const read = readFrame(view, frame);
      if (read !== undefined) {
        frames.push(read);
      }
    }
    frame = view.word(frame + offsetOf("_PyInterpreterFrame", "previous"));
  }
  return frames;
}

/** Nothing for the frame that ends the call of a class: its code has no file, and CPython's tracebacks leave it out too. */
function readFrame(view: GuestView, frame: Address): ObservedFrame | undefined {
  const code = view.word(frame + offsetOf("_PyInterpreterFrame", "f_executable"));
  const file = view.word(code + offsetOf("PyCodeObject", "co_filename"));
  const name = view.word(code + offsetOf("PyCodeObject", "co_qualname"));
  if (file === name) {
    return undefined;
  }
  const at = view.word(frame + offsetOf("_PyInterpreterFrame", "instr_ptr")) - (code + offsetOf("PyCodeObject", "co_code_adaptive"));
  return { file: readText(view, file), line: readLine(view, code, at), name: readText(view, name) };
}

/** The text of a `str`, or `?`. */
function readText(view: GuestView, object: Address): string {
  const state = view.word(object + offsetOf("PyASCIIObject", "state"));
  const kind = (state >>> 2) & 7;
  const compact = (state >>> 5) & 1;
  const ascii = (state >>> 6) & 1;
  const length = Math.min(view.word(object + offsetOf("PyASCIIObject", "length")), LONGEST_TEXT);
  if (object === 0 || compact === 0 || length < 0 || (kind !== 1 && kind !== 2 && kind !== 4)) {
    return "?";
  }
  const data = object + (ascii ? STRUCTS.PyASCIIObject.size : STRUCTS.PyCompactUnicodeObject.size);
  const bytes = view.copy(data, length * kind);
  const codes = kind === 1 ? bytes : kind === 2 ? new Uint16Array(bytes.buffer, 0, bytes.length >> 1) : new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  let text = "";
  for (const code of codes) {
    text += code <= 0x10ffff ? String.fromCodePoint(code) : "?";
  }
  return text;
}

/** The line of the instruction at an offset in bytes, from the code's location table. */
function readLine(view: GuestView, code: Address, offset: number): number {
  const table = view.word(code + offsetOf("PyCodeObject", "co_linetable"));
  const size = view.word(table + offsetOf("PyVarObject", "ob_size"));
  if (table === 0 || size < 0 || size > LONGEST_TABLE) {
    return 0;
  }
  const bytes = view.copy(table + offsetOf("PyBytesObject", "ob_sval"), size);
  let line = view.word(code + offsetOf("PyCodeObject", "co_firstlineno"));
  let at = 0;
  let instruction = 0;
  const variable = (): number => {
    let value = 0;
    for (let shift = 0; at < bytes.length; shift += 6) {
      const byte = bytes[at++]!;
      value |= (byte & 63) << shift;
      if (!(byte & 64)) {
        break;
      }
    }
    return value;
  };
  const signed = (): number => {
    const value = variable();
    return value & 1 ? -(value >>> 1) : value >>> 1;
  };
  while (at < bytes.length) {
    const first = bytes[at++]!;
    const form = (first >> 3) & 15;
    const end = instruction + ((first & 7) + 1) * 2;
    let here = line;
    switch (form) {
      case 15:
        here = 0;
        break;
      case 14:
        line += signed();
        here = line;
        variable();
        variable();
        variable();
        break;
      case 13:
        line += signed();
        here = line;
        break;
      case 12:
      case 11:
      case 10:
        line += form - 10;
        here = line;
        at += 2;
        break;
      default:
        at += 1;
    }
    if (offset >= instruction && offset < end) {
      return here;
    }
    instruction = end;
  }
  return 0;
}
