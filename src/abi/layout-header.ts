import { layoutHash, type Layout } from "./layout.js";

/**
 * The C header that wasm/python/layout.c includes: one assertion for each number of the layout, and its
 * hash. An assertion's message is the name of the entry that is wrong.
 */
export function layoutHeader(layout: Layout): string {
  const lines = [
    "/* Generated from src/abi/layout.ts. */",
    `#define WEFT_LAYOUT_HASH ${layoutHash(layout)}u`,
  ];
  const same = (expression: string, value: number, what: string): void => {
    lines.push(`_Static_assert(${expression} == ${value}, ${JSON.stringify(what)});`);
  };
  for (const [name, { c, size, align, fields }] of Object.entries(layout.structs)) {
    same(`sizeof(${c})`, size, `size of ${name}`);
    same(`_Alignof(${c})`, align, `alignment of ${name}`);
    for (const [field, [offset, bytes]] of Object.entries(fields)) {
      same(`offsetof(${c}, ${field})`, offset, `offset of ${name}.${field}`);
      same(`sizeof((*(${c} *)0).${field})`, bytes, `size of ${name}.${field}`);
    }
  }
  for (const [expression, value] of Object.entries(layout.constants)) {
    // By way of pointer size, so that constants that are pointers compare too.
    lines.push(`_Static_assert((uintptr_t)(${expression}) == ${value >>> 0}u, ${JSON.stringify(`value of ${expression}`)});`);
  }
  return `${lines.join("\n")}\n`;
}
