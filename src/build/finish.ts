import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withWaitsApart } from "./atomic-waits.js";
import { withHints } from "./branches/hints.js";
import { parseProfile, type BranchProfile } from "./branches/profile.js";
import type { CacheEntry } from "./cache.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { hashFile, keyOf } from "./hash.js";
import { withJoinedSegments } from "./joined-segments.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";
import { withoutZeroFills } from "./zero-fills.js";

/** Goes up when the same profile and module give another one. */
const VERSION = 4;

/** Below the recipe's folder. */
const PROFILE = "profile/branches.txt";

/** Variants that are compiled by what was counted, and so have the functions that are in the profile. */
const HINTED: readonly Variant[] = ["release", "test"];

/** Key of the finished module. */
export function finishKey(context: BuildContext, variant: Variant, link: string): string {
  return keyOf({ version: VERSION, link, profile: HINTED.includes(variant) ? hashFile(join(context.folders.recipe, PROFILE)) : null });
}

/**
 * `weft.wasm`, of the linker's: waits are functions of their own. Where the profile is of the variant it also tells engines what its branches
 * do, and writes to its new memory in few parts, without zeros.
 */
export async function ensureFinish(context: BuildContext, variant: Variant, key: string, link: CacheEntry): Promise<CacheEntry> {
  return ensure(context, {
    name: "finish",
    key,
    what: `finishing the module (${variant})`,
    check: "hashes",
    needs: () => Promise.resolve(),
    make: (folder) => {
      const linked = withWaitsApart(readFileSync(join(link.folder, "weft.wasm"))).wasm;
      const hinted = HINTED.includes(variant) ? withHints(withJoinedSegments(withoutZeroFills(linked).wasm).wasm, readProfile(context)) : undefined;
      writeFileSync(join(folder, "weft.wasm"), hinted?.wasm ?? linked);
      return Promise.resolve(hinted ? { branches: hinted.facts } : {});
    },
  });
}

/** @throws BuildError when it is not what `npm run profile` writes. */
function readProfile(context: BuildContext): BranchProfile {
  const path = join(context.folders.recipe, PROFILE);
  try {
    return parseProfile(readFileSync(path, "utf8"));
  } catch (error) {
    throw new BuildError(`${path} cannot be used: ${(error as Error).message}; restore it from version control, or make it again with "npm run profile"`, { cause: error });
  }
}
