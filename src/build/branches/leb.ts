/** An unsigned LEB128 number, and what is behind it. */
export function readLeb(data: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let shift = 0, next = at; ; shift += 7) {
    const byte = data[next++]!;
    value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) === 0) {
      return { value: value >>> 0, next };
    }
  }
}

/** The unsigned LEB128 form of a number below 2^32. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value >>> 0; ; ) {
    const byte = rest & 0x7f;
    rest >>>= 7;
    if (rest === 0) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}

/** The signed LEB128 form of 32 bits, as constants have it. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; ) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if (rest === (byte & 0x40 ? -1 : 0)) {
      bytes.push(byte);
      return bytes;
    }
    bytes.push(byte | 0x80);
  }
}

/**
 * The same in as many bytes as something else takes.
 * @throws RangeError when it needs more.
 */
export function paddedLeb(value: number, length: number): number[] {
  const bytes = leb(value);
  if (bytes.length > length) {
    throw new RangeError(`${value} needs ${bytes.length} bytes, not ${length}`);
  }
  return Array.from({ length }, (_, at) => (bytes[at] ?? 0) | (at < length - 1 ? 0x80 : 0));
}
