/*
 * Engines copy between shared and private memory word by word, and byte by byte, ten times slower, where the two
 * places are not equally aligned. A bytes object's content never begins at a multiple of 8, a new typed array
 * always does. So large copies take a step in between, a piece of private memory that is aligned as the shared
 * one is; private memory is copied at full speed whatever its alignment.
 */

/** Below this a direct copy is faster. */
const SMALL = 1024;
/** Bytes of the step in between: it stays in the processor's fastest cache. */
const PIECE = 8192;

let step: Uint8Array | undefined;

/** Private memory with the alignment of `like`. Used up before anything else runs on this thread. */
function aligned(like: Uint8Array): Uint8Array {
  step ??= new Uint8Array(PIECE + 8);
  const offset = like.byteOffset & 7;
  return step.subarray(offset, offset + PIECE);
}

/** Copies bytes of the guest's memory, of which `from` is a view, into new private memory. */
export function copyOut(from: Uint8Array): Uint8Array<ArrayBuffer> {
  const to = new Uint8Array(from.length);
  if (from.length < SMALL || (from.byteOffset & 7) === 0) {
    to.set(from);
    return to;
  }
  const between = aligned(from);
  for (let at = 0; at < from.length; at += PIECE) {
    const part = from.subarray(at, at + PIECE);
    between.set(part);
    to.set(part.length === PIECE ? between : between.subarray(0, part.length), at);
  }
  return to;
}

/** Copies bytes into the guest's memory, of which `to` is a view of the same length. */
export function copyIn(to: Uint8Array, from: Uint8Array): void {
  if (from.length < SMALL || ((to.byteOffset ^ from.byteOffset) & 7) === 0) {
    to.set(from);
    return;
  }
  const between = aligned(to);
  for (let at = 0; at < from.length; at += PIECE) {
    const part = from.subarray(at, at + PIECE);
    between.set(part);
    to.set(part.length === PIECE ? between : between.subarray(0, part.length), at);
  }
}
