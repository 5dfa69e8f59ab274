const SMALLEST = -(2 ** 31);
const LARGEST = 2 ** 31 - 1;

/**
 * A position or a count as C functions take it: 32 bits. What lies beyond is cut to the ends, which are beyond all
 * containers too; it would otherwise be taken for a small number.
 * @throws RangeError for fractions and NaN.
 */
export function position(value: number): number {
  if (Number.isNaN(value) || (Number.isFinite(value) && !Number.isInteger(value))) {
    throw new RangeError(`${value} is not a whole number`);
  }
  return Math.max(SMALLEST, Math.min(LARGEST, value));
}

/** A position that counts from the end when it is negative, from the front. It may lie outside. */
export function fromFront(value: number, length: number): number {
  const at = position(value);
  return at < 0 ? at + length : at;
}
