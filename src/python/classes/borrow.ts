import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import type { Realm } from "../realm.js";

/** How a function has its object: what C calls the mode and the flags of a borrow. */
export interface Borrowing {
  readonly mode: number;
  readonly flags: number;
}

/** Neither bound to a realm nor waiting: all that there is to do is one compare-and-swap. */
function isPlain({ mode, flags }: Borrowing): boolean {
  return (flags & CONSTANTS.WEFT_UNSENDABLE) === 0 && mode !== CONSTANTS.WEFT_BORROW_LOCKED;
}

/**
 * Borrows an object where that needs no waiting and no error: false where it does, or where the object is
 * borrowed. See wasm/python/class.c for the words and their order.
 * @param borrow the offset of the words in the object, 0 or above.
 * @param name address of a text that is never freed.
 */
export function tryBorrow(realm: Realm, object: Address, borrow: number, how: Borrowing, name: Address): boolean {
  if (!isPlain(how)) {
    return false;
  }
  const words = realm.memory.words(object + borrow + 8);
  const at = (object + borrow) >>> 2;
  if (how.mode === CONSTANTS.WEFT_BORROW_EXCLUSIVE) {
    if (Atomics.compareExchange(words, at, 0, -1) !== 0) {
      return false;
    }
  } else if (how.mode === CONSTANTS.WEFT_BORROW_SHARED) {
    for (let seen = Atomics.load(words, at); ; ) {
      if (seen < 0) {
        return false;
      }
      const found = Atomics.compareExchange(words, at, seen, seen + 1);
      if (found === seen) {
        break;
      }
      seen = found;
    }
  } else {
    return true;
  }
  Atomics.store(words, at + 1, name);
  return true;
}

/** Borrows an object, if need be after waiting. False: with a pending exception. */
export function beginBorrow(realm: Realm, object: Address, borrow: number, how: Borrowing, name: Address): boolean {
  return borrow < 0 || tryBorrow(realm, object, borrow, how, name) || realm.functions.weft_borrow_begin(object, borrow, how.mode, how.flags, name) === 0;
}

/** Ends what {@link beginBorrow} began. */
export function endBorrow(realm: Realm, object: Address, borrow: number, { mode }: Borrowing): void {
  if (borrow < 0) {
    return;
  }
  const at = (object + borrow) >>> 2;
  switch (mode) {
    case CONSTANTS.WEFT_BORROW_EXCLUSIVE:
      Atomics.store(realm.memory.words(object + borrow), at, 0);
      break;
    case CONSTANTS.WEFT_BORROW_SHARED:
      Atomics.sub(realm.memory.words(object + borrow), at, 1);
      break;
    default:
      realm.functions.weft_borrow_end(object, borrow, mode);
  }
}
