import { CONSTANTS } from "../../abi/layout.js";
import type { PyAny } from "../any.js";
import type { TypedArrayConstructor } from "../buffer/formats.js";

/** How Python code reaches a field. Without `get` it is TypeScript's alone. */
export interface FieldOptions {
  /** Python code can read it as an attribute. */
  readonly get?: boolean;
  /** Python code can set it too. */
  readonly set?: boolean;
  readonly doc?: string;
}

/** A field of the objects of a class, in their own memory. `Value` is what TypeScript reads there, `Input` what it writes. */
export interface Field<Value, Input = Value> {
  readonly kind: keyof typeof KINDS;
  /** Bytes that it holds, of those that have a size of their own choice. */
  readonly size: number;
  readonly options: FieldOptions;
  /** Only for the types. */
  readonly value?: Value;
  readonly input?: Input;
}

/** What each kind is in C, its size in words, and what it is aligned to, in bytes. */
export const KINDS = {
  i32: { code: CONSTANTS.WEFT_FIELD_I32, words: 1, align: 4 },
  i64: { code: CONSTANTS.WEFT_FIELD_I64, words: 2, align: 8 },
  f64: { code: CONSTANTS.WEFT_FIELD_F64, words: 2, align: 8 },
  bool: { code: CONSTANTS.WEFT_FIELD_BOOL, words: 1, align: 4 },
  object: { code: CONSTANTS.WEFT_FIELD_OBJECT, words: 1, align: 4 },
  str: { code: CONSTANTS.WEFT_FIELD_STR, words: 1, align: 4 },
  bytes: { code: CONSTANTS.WEFT_FIELD_BYTES, words: 0, align: 8 },
} as const;

/** A field that TypeScript has for the length of a call: its bytes are copied in and out. */
export interface FieldBytes {
  /** How many there are. */
  readonly length: number;
  /** A copy of some. */
  read(start?: number, end?: number): Uint8Array;
  /**
   * All of them as a typed array over the object's own memory, to be used during the call only. In a shared borrow others read
   * them at the same time: write by `Atomics` only then.
   */
  array<A extends TypedArrayConstructor>(type: A): InstanceType<A>;
  /** @throws RangeError when they do not fit; TypeError in a shared borrow. */
  write(bytes: ArrayLike<number>, start?: number): void;
}

function make<Value, Input = Value>(kind: keyof typeof KINDS, options: FieldOptions, size = 0): Field<Value, Input> {
  return { kind, size, options };
}

/**
 * The kinds of fields. They are 0, `false` or unset in a new object; reading an unset `object` or
 * `str` gives `undefined` in TypeScript and raises an AttributeError in Python.
 * @example
 * ```js
 * const Account = pyClass("Account", {
 *   fields: { owner: field.str({ get: true }), cents: field.i64({ get: true, set: true, doc: "What is there." }), notes: field.object(), key: field.bytes(16) },
 * });
 * console.log([...Account.fields].map(([name, { kind }]) => `${name} ${kind}`).join(", ")); // owner str, cents i64, notes object, key bytes
 * ```
 */
export const field = {
  /** A whole number of 32 bits, signed. Python gets an OverflowError for others. */
  i32: (options: FieldOptions = {}): Field<number> => make("i32", options),
  /** A whole number of 64 bits, signed. */
  i64: (options: FieldOptions = {}): Field<bigint> => make("i64", options),
  /** A float. */
  f64: (options: FieldOptions = {}): Field<number> => make("f64", options),
  bool: (options: FieldOptions = {}): Field<boolean> => make("bool", options),
  /** A `str`. */
  str: (options: FieldOptions = {}): Field<string | undefined, string> => make("str", options),
  /** Any Python object; the garbage collector sees it. Values are converted when they are written. */
  object: (options: FieldOptions = {}): Field<PyAny | undefined, unknown> => make("object", options),
  /** So many bytes in the object. Python reads a copy and sets all of them. */
  bytes: (size: number, options: FieldOptions = {}): Field<FieldBytes> => {
    if (!Number.isInteger(size) || size <= 0 || size > 1 << 20) {
      throw new RangeError(`a field of bytes has 1 to 1048576 of them, not ${size}`);
    }
    return make("bytes", options, size);
  },
} as const;

/** The fields of a class by name. */
export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;
