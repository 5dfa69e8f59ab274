import { readFunctions } from "./functions.js";
import { leb } from "./leb.js";
import { NOT_TAKEN, TAKEN, type BranchProfile } from "./profile.js";

/** The name of the section, which WebAssembly's specification gives. */
export const HINTS = "metadata.code.branch_hint";

/** How much of a profile a module could use. */
export interface HintFacts {
  /** Functions of the profile. */
  readonly functions: number;
  /** Those of them that the module does not have: they have changed, or belong to other variants. */
  readonly missing: number;
  /** The part of all counted runs of branches that were in functions which the module has. */
  readonly share: number;
  /** Branches of the module that have a hint. */
  readonly hints: number;
}

/**
 * Tells engines which way branches mostly go (WebAssembly's branch hints, a section in front of the code): they keep what
 * seldom runs apart from what often does, and what runs often in registers.
 * @param wasm a module without hints.
 * @returns the module with the section, and what is in it.
 */
export function withHints(wasm: Uint8Array, profile: BranchProfile): { readonly wasm: Uint8Array; readonly facts: HintFacts } {
  const { functions, start } = readFunctions(wasm);
  const used = new Set<string>();
  const entries: number[][] = [];
  let hints = 0;
  for (const { index, hash, start: body, branches } of functions) {
    const record = profile.get(hash);
    if (record?.ways.length !== branches.length) {
      continue;
    }
    used.add(hash);
    const own = branches.flatMap((branch, i) => {
      const way = record.ways[i];
      // The place in the body, the size of the hint, and the hint.
      return way === TAKEN || way === NOT_TAKEN ? [[...leb(branch - body), 1, way === TAKEN ? 1 : 0]] : [];
    });
    hints += own.length;
    entries.push([...leb(index), ...leb(own.length), ...own.flat()]);
  }
  const content = Uint8Array.from([...leb(HINTS.length), ...Buffer.from(HINTS), ...leb(entries.length), ...entries.flat()]);
  const section = Buffer.concat([Uint8Array.from([0, ...leb(content.length)]), content]);
  const runs = (of: (hash: string) => boolean): number => [...profile].reduce((sum, [hash, record]) => (of(hash) ? sum + record.runs : sum), 0);
  return {
    wasm: Buffer.concat([wasm.subarray(0, start), section, wasm.subarray(start)]),
    facts: {
      functions: profile.size,
      missing: profile.size - used.size,
      share: Number((runs((hash) => used.has(hash)) / Math.max(1, runs(() => true))).toFixed(4)),
      hints,
    },
  };
}
