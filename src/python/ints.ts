import type { Address } from "../abi/functions.js";
import { CONSTANTS, STRUCTS } from "../abi/layout.js";
import type { Realm } from "./realm.js";

/*
 * Most ints have one digit of 30 bits, and never change: they are read where they are. The smallest are immortal and lie
 * side by side. Either takes a fraction of a call into the guest.
 */

const { "long_value.lv_tag": [TAG], "long_value.ob_digit": [DIGIT] } = STRUCTS.PyLongObject.fields;
/** Tags of ints with one digit or none are below it. */
const TWO_DIGITS = 2 << CONSTANTS._PyLong_NON_SIZE_BITS;

/** The value of an int, of a subclass too, of which the caller has a reference; `undefined` when it has several digits. */
export function compactValue({ memory }: Realm, pointer: Address): number | undefined {
  const tag = memory.word(pointer + TAG) >>> 0;
  // The sign is 0, 1 (then the digit may be anything) or 2.
  return tag < TWO_DIGITS ? (1 - (tag & CONSTANTS._PyLong_SIGN_MASK)) * memory.word(pointer + DIGIT) : undefined;
}

/** A new reference to the int of a whole number of 32 bits; 0 with a pending error. */
export function newInt(realm: Realm, value: number): Address {
  return value < CONSTANTS._PY_NSMALLPOSINTS && value >= -CONSTANTS._PY_NSMALLNEGINTS
    ? realm.zero + value * STRUCTS.PyLongObject.size
    : realm.functions.PyLong_FromLong(value);
}
