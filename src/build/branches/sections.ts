import { leb, readLeb } from "./leb.js";

/** Numbers of sections. */
export const CUSTOM = 0;
export const CODE = 10;

/** A section of a module: offsets of its first byte, of its content, and of what is behind it. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
  /** Of a custom section. */
  readonly name: string | undefined;
}

export function sections(wasm: Uint8Array): Section[] {
  const found: Section[] = [];
  // Behind the magic number and the version.
  for (let start = 8; start < wasm.length; ) {
    const size = readLeb(wasm, start + 1);
    const end = size.next + size.value;
    const id = wasm[start]!;
    const name = id === CUSTOM ? readLeb(wasm, size.next) : undefined;
    found.push({ id, start, content: size.next, end, name: name && new TextDecoder().decode(wasm.subarray(name.next, name.next + name.value)) });
    start = end;
  }
  return found;
}

/** The module without the custom sections of this name. */
export function withoutCustom(wasm: Uint8Array, name: string): Uint8Array {
  let at = 0;
  const parts: Uint8Array[] = [];
  for (const section of sections(wasm)) {
    if (section.name === name) {
      parts.push(wasm.subarray(at, section.start));
      at = section.end;
    }
  }
  return Buffer.concat([...parts, wasm.subarray(at)]);
}

/** The module with other content of its one section of this number. */
export function withSection(wasm: Uint8Array, id: number, content: Uint8Array): Uint8Array {
  const { start, end } = sections(wasm).find((section) => section.id === id)!;
  return Buffer.concat([wasm.subarray(0, start), Uint8Array.from([id, ...leb(content.length)]), content, wasm.subarray(end)]);
}
