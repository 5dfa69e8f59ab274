/** The typed arrays that buffers can be seen through. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** Their classes: `Float64Array` itself. */
export type TypedArrayConstructor =
  | Int8ArrayConstructor
  | Uint8ArrayConstructor
  | Uint8ClampedArrayConstructor
  | Int16ArrayConstructor
  | Uint16ArrayConstructor
  | Int32ArrayConstructor
  | Uint32ArrayConstructor
  | BigInt64ArrayConstructor
  | BigUint64ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

/** How one item of a buffer is read and written. */
export interface Item {
  readonly array: TypedArrayConstructor;
  /** Its bytes are in the other order than the processor's, so no typed array shows it. */
  readonly swapped: boolean;
  /** It is a half float, which not every engine has a typed array for: it is read as a wider one. */
  readonly half: boolean;
  get(view: DataView, littleEndian: boolean): number | bigint;
  set(view: DataView, value: number | bigint, littleEndian: boolean): void;
}

type Access = Pick<Item, "get" | "set">;

const int8: Access = { get: (v) => v.getInt8(0), set: (v, x) => { v.setInt8(0, Number(x)); } };
const uint8: Access = { get: (v) => v.getUint8(0), set: (v, x) => { v.setUint8(0, Number(x)); } };
const int16: Access = { get: (v, l) => v.getInt16(0, l), set: (v, x, l) => { v.setInt16(0, Number(x), l); } };
const uint16: Access = { get: (v, l) => v.getUint16(0, l), set: (v, x, l) => { v.setUint16(0, Number(x), l); } };
const int32: Access = { get: (v, l) => v.getInt32(0, l), set: (v, x, l) => { v.setInt32(0, Number(x), l); } };
const uint32: Access = { get: (v, l) => v.getUint32(0, l), set: (v, x, l) => { v.setUint32(0, Number(x), l); } };
const int64: Access = { get: (v, l) => v.getBigInt64(0, l), set: (v, x, l) => { v.setBigInt64(0, BigInt(x), l); } };
const uint64: Access = { get: (v, l) => v.getBigUint64(0, l), set: (v, x, l) => { v.setBigUint64(0, BigInt(x), l); } };
const float32: Access = { get: (v, l) => v.getFloat32(0, l), set: (v, x, l) => { v.setFloat32(0, Number(x), l); } };
const float64: Access = { get: (v, l) => v.getFloat64(0, l), set: (v, x, l) => { v.setFloat64(0, Number(x), l); } };

/** A half float's number: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : exponent < 31 ? (1024 + fraction) * 2 ** (exponent - 25) : fraction === 0 ? Infinity : NaN;
  return bits & 0x8000 ? -size : size;
}

/** The nearest half float, of two the one with the even fraction, as in Python's struct module; what is too large is infinite. */
function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) {
    return 0x7e00;
  }
  // Of subnormal numbers, the exponent is that of the smallest normal ones.
  const exponent = size < 2 ** -14 ? -14 : Math.min(Math.floor(Math.log2(size)), 16);
  const exact = size / 2 ** (exponent - 10);
  const floor = Math.floor(exact);
  const rounded = exact - floor > 0.5 || (exact - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  // A fraction that was rounded up to the next power carries into the exponent.
  return sign | Math.min(((exponent + 14) << 10) + rounded, 0x7c00);
}

const float16: Access = { get: (v, l) => fromHalf(v.getUint16(0, l)), set: (v, x, l) => { v.setUint16(0, toHalf(Number(x)), l); } };

/** By the struct module's characters. Their native sizes are the standard ones on this platform. */
const CODES: Readonly<Record<string, readonly [TypedArrayConstructor, Access]>> = {
  c: [Uint8Array, uint8],
  "?": [Uint8Array, uint8],
  b: [Int8Array, int8],
  B: [Uint8Array, uint8],
  h: [Int16Array, int16],
  H: [Uint16Array, uint16],
  i: [Int32Array, int32],
  I: [Uint32Array, uint32],
  l: [Int32Array, int32],
  L: [Uint32Array, uint32],
  n: [Int32Array, int32],
  N: [Uint32Array, uint32],
  P: [Uint32Array, uint32],
  q: [BigInt64Array, int64],
  Q: [BigUint64Array, uint64],
  e: [Float32Array, float16],
  f: [Float32Array, float32],
  d: [Float64Array, float64],
};

/** The character for new buffers of a class. */
const CHARACTERS = new Map<TypedArrayConstructor, string>([
  [Int8Array, "b"],
  [Uint8Array, "B"],
  [Uint8ClampedArray, "B"],
  [Int16Array, "h"],
  [Uint16Array, "H"],
  [Int32Array, "i"],
  [Uint32Array, "I"],
  [BigInt64Array, "q"],
  [BigUint64Array, "Q"],
  [Float32Array, "f"],
  [Float64Array, "d"],
]);

/** Items of a format of the struct module; `undefined` for those that are no plain numbers. */
export function itemOf(format: string, itemSize: number): Item | undefined {
  const [, order, code] = /^([@=<>!]?)(.)$/.exec(format) ?? [];
  const known = code === undefined ? undefined : CODES[code];
  const half = code === "e";
  if (known === undefined || (half ? 2 : known[0].BYTES_PER_ELEMENT) !== itemSize) {
    return undefined;
  }
  return { array: known[0], half, swapped: itemSize > 1 && (order === ">" || order === "!"), ...known[1] };
}

/** The struct module's character for the items of a class. @throws TypeError for other classes. */
export function characterOf(type: TypedArrayConstructor): string {
  const character = CHARACTERS.get(type);
  if (character === undefined) {
    throw new TypeError(`${String((type as { name?: string } | undefined)?.name ?? type)} is no class of typed arrays that Python knows the items of`);
  }
  return character;
}
