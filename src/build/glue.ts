/**
 * A function of the module as Emscripten's glue offers it on its module object: `var _name=Module["_name"]=(a)=>(_name=Module["_name"]=wasmExports["k"])(a);`
 */
const OFFERED = /var (_\w+)=Module\["\1"\]=(?:\(([\w,]*)\)|(\w+))=>\(\1=Module\["\1"\]=wasmExports\["[\w$]+"\]\)\((?:\2|\3)\);/g;

/**
 * The glue without what it offers besides `weftExports()`, and does not use itself: each realm made a closure of each function, and a shape of
 * the module object for each of them, half a megabyte of its memory.
 * @param listed C's names of the functions that `weftExports()` has. Others stay, so that a test finds them.
 */
export function withoutOffers(glue: string, listed: readonly string[]): string {
  const names = new Set(listed.map((name) => `_${name}`));
  const uses = new Map<string, number>();
  // Not within quotes.
  for (const [name] of glue.matchAll(/(?<![\w$"])_\w+/g)) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return glue.replace(OFFERED, (whole, name: string) => {
    if (!names.has(name)) {
      return whole;
    }
    // In its own statement it stands twice.
    return uses.get(name)! > 2 ? whole.replaceAll(`Module["${name}"]=`, "") : "";
  });
}
