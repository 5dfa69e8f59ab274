import { readFileSync } from "node:fs";
import { join } from "node:path";

/** `cpython-build/solo/recipe.json` */
export interface SoloRecipe {
  readonly target: string;
  /** Flags of everything that is compiled. */
  readonly cflags: readonly string[];
  readonly libs: readonly string[];
  readonly opt: readonly string[];
  /** Our own C. */
  readonly wasm: readonly string[];
  readonly link: readonly string[];
}

/** @param folder `cpython-build` */
export function readSoloRecipe(folder: string): SoloRecipe {
  return JSON.parse(readFileSync(join(folder, "solo/recipe.json"), "utf8")) as SoloRecipe;
}
