const C_TYPES: Readonly<Record<string, string>> = { p: "void *", i: "int", l: "long long", d: "double" };

/** The C declaration of a function with one of functions.ts's signatures. */
function declarationOf(name: string, signature: string): string {
  const [result, ...parameters] = signature;
  const types = parameters.map((letter) => C_TYPES[letter]);
  const returned = result === "v" ? "void" : C_TYPES[result ?? ""];
  if (returned === undefined || types.includes(undefined)) {
    throw new TypeError(`${JSON.stringify(signature)}, which ${name} has in src/abi/functions.ts, is no signature`);
  }
  return `${returned} ${name}(${types.join(", ") || "void"});`;
}

/**
 * The C header that wasm/python/functions.c includes: a declaration of each function, the table's entries, and a call of each, by which the
 * linker compares the declaration with the function's own WebAssembly types.
 */
export function functionsHeader(functions: Readonly<Record<string, string>>): string {
  const names = Object.keys(functions);
  return [
    "/* Generated from src/abi/functions.ts. */",
    ...names.map((name) => declarationOf(name, functions[name]!)),
    "#define WEFT_FUNCTIONS \\",
    names.map((name) => `  WEFT_FUNCTION(${name})`).join(" \\\n"),
    "#define WEFT_CALLS(p, i, l, d) \\",
    names.map((name) => `  ${name}(${[...functions[name]!.slice(1)].join(", ")});`).join(" \\\n"),
    "",
  ].join("\n");
}
