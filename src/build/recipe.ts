import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BuildError } from "./errors.js";

/**
 * `release` is for users, `test` adds CPython's tests and their modules, `debug` is a pydebug build of that, and `counting`
 * is one that counts what runs, from which `npm run profile` makes what the first two are compiled by.
 */
export const VARIANTS = ["release", "test", "debug", "counting"] as const;
export type Variant = (typeof VARIANTS)[number];

/** A Debian source package that the build downloads. */
export interface SourcePin {
  readonly version: string;
  readonly upstream: string;
  /** sha256 of each file. */
  readonly files: Readonly<Record<string, string>>;
  /** Expressions that choose which of Debian's patches are applied. */
  readonly patches: readonly string[];
}

/** `cpython-build/pins.json` */
export interface Pins {
  readonly distribution: { readonly suite: string; readonly components: readonly string[]; readonly keyring: string };
  readonly toolchain: {
    readonly emscripten: string;
    readonly python: string;
    readonly packages: readonly string[];
    readonly solo: readonly string[];
    readonly "native-pgo": readonly string[];
  };
  readonly sources: Readonly<Record<string, SourcePin>>;
}

/** `cpython-build/recipe.json` */
export interface Recipe {
  /** The date of everything built, in seconds: no output depends on when it was built. */
  readonly epoch: number;
  readonly prefix: string;
  /** Where the standard library is mounted in the guest. */
  readonly stdlib: string;
  readonly libs: { readonly cflags: readonly string[] };
  readonly cpython: Readonly<Record<Variant, { readonly opt: readonly string[]; readonly cflags: readonly string[] }>>;
  /** Flags of the files that are counted, of those that are compiled by the counts, and of those that are optimised together. */
  readonly profile: Readonly<Record<"counting" | "counted" | "together", readonly string[]>>;
  readonly link: Readonly<Record<Variant, readonly string[]>> & {
    readonly cflags: readonly string[];
    /** Folders below `wasm/` whose C is not for this program. */
    readonly exclude: readonly string[];
    readonly flags: readonly string[];
  };
}

/** The folders of this package that the build reads. */
export interface RecipeFolders {
  readonly recipe: string;
  readonly wasm: string;
}

/** @param packageRoot folder of the package's `package.json` */
export function recipeFolders(packageRoot: string): RecipeFolders {
  return { recipe: join(packageRoot, "cpython-build"), wasm: join(packageRoot, "wasm") };
}

/** @throws BuildError when the file is missing or is not JSON */
export function readPins(folder: string): Pins {
  return readJson(join(folder, "pins.json")) as Pins;
}

/** @throws BuildError when the file is missing or is not JSON */
export function readRecipe(folder: string): Recipe {
  return readJson(join(folder, "recipe.json")) as Recipe;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new BuildError(`${path} cannot be read (${(error as Error).message}); restore it from version control`, {
      cause: error,
    });
  }
}
