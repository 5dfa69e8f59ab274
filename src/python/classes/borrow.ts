import type { Address } from "../../abi/functions.js";
import type { Realm } from "../realm.js";

/** How a function has its object: what C calls the mode and the flags of a borrow. */
export interface Borrowing {
  readonly mode: number;
  readonly flags: number;
  /** Whether the realm has to know of exclusive borrows: see {@link Realm.exclusive}. */
  readonly traced: boolean;
}

/**
 * Borrows an object, if need be after waiting; wasm/python/class.c has the words and their order. Its atomic instructions cost
 * a third of what `Atomics` does here, the call included.
 * @param borrow the offset of the words in the object; below 0 nothing is borrowed.
 * @param name address of a text that is never freed.
 * @returns false: with a pending exception.
 */
export function beginBorrow(realm: Realm, object: Address, borrow: number, how: Borrowing, name: Address): boolean {
  if (borrow >= 0 && realm.functions.weft_borrow_begin(object, borrow, how.mode, how.flags, name) !== 0) {
    return false;
  }
  if (how.traced) {
    realm.exclusive.push(object);
  }
  return true;
}

/** Ends what {@link beginBorrow} began. */
export function endBorrow(realm: Realm, object: Address, borrow: number, { mode, traced }: Borrowing): void {
  if (traced) {
    realm.exclusive.pop();
  }
  if (borrow >= 0) {
    realm.functions.weft_borrow_end(object, borrow, mode);
  }
}
