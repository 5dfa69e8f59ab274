import { readFunctions, type ModuleFunction, type ModuleFunctions } from "./branches/functions.js";
import { readLeb } from "./branches/leb.js";
import { sections } from "./branches/sections.js";

/** A section's number. */
const START = 8;

/**
 * The function by which the linker's modules write their data to a new memory, and all others.
 * @throws Error when the module has none of its own, or cannot be read.
 */
export function readStartFunction(wasm: Uint8Array): { readonly module: ModuleFunctions; readonly start: ModuleFunction } {
  const module = readFunctions(wasm);
  const entry = sections(wasm).find(({ id }) => id === START);
  const start = entry && module.functions.find(({ index }) => index === readLeb(wasm, entry.content).value);
  if (start === undefined) {
    throw new Error("the module has no start function of its own, which would fill its memory");
  }
  return { module, start };
}
