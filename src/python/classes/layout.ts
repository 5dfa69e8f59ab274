import { STRUCTS } from "../../abi/layout.js";
import { ownsBorrowWords, STATE, type ClassDefinition } from "./definition.js";
import { field, KINDS, type Field } from "./fields.js";

/** A field and where it is in an object. */
export interface PlacedField {
  readonly name: string;
  readonly field: Field<unknown, unknown>;
  /** From the object's address, in bytes. */
  readonly offset: number;
}

/** What a class adds to the objects of its base. */
export interface ClassLayout {
  readonly fields: readonly PlacedField[];
  /** Offset of the words for borrowing, where the class has them itself. */
  readonly borrow: number | undefined;
  /** How many words it adds. */
  readonly words: number;
  /** Places of words that hold references, counted from the first word. */
  readonly references: readonly number[];
}

/**
 * Bytes that a processor's core owns at once. Objects of locked classes are made for threads: each has lines of its own, or threads
 * that use neighbours would wait for each other in the hardware, many times longer than a call takes.
 */
const CACHE_LINE = 64;

/** Lays out a class whose first word is at an offset: the same in every realm. */
export function layOut(definition: ClassDefinition, first: number): ClassLayout {
  let at = first;
  let borrow: number | undefined;
  if (ownsBorrowWords(definition)) {
    borrow = at;
    at += STRUCTS.weft_borrow_words.size;
  }
  const fields: PlacedField[] = [];
  const references: number[] = [];
  const all = [...definition.fields];
  if (definition.options.unsendable === true) {
    all.push([STATE, field.object()]);
  }
  for (const [name, one] of all) {
    const { words, align } = KINDS[one.kind];
    at = Math.ceil(at / align) * align;
    fields.push({ name, field: one, offset: at });
    if (one.kind === "object" || one.kind === "str") {
      references.push((at - first) / 4);
    }
    at += one.kind === "bytes" ? Math.ceil(one.size / 4) * 4 : words * 4;
  }
  if (definition.options.locked === true && borrow !== undefined) {
    at = Math.ceil(at / CACHE_LINE) * CACHE_LINE;
  }
  return { fields, borrow, words: (at - first) / 4, references };
}
