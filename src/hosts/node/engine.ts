import { setFlagsFromString } from "node:v8";

/** Others run Node's programs too, with engines of their own, or one that Node's version does not name. */
export const IS_NODE = ["bun", "deno", "electron"].every((other) => process.versions[other] === undefined);

/**
 * How much of a function runs, in bytes reckoned by V8, before its optimising compiler takes it up. Newer V8s begin with 13 MB, that of
 * Node 20 with 1.8: some forty functions use them up while a program starts, the eval loop first, and compiling them takes the cores
 * that the program needs; a process cannot end before it is done. Until then a function's code counts, in memory of the module's, which all
 * threads that run it write to: with ten times this budget two threads are slower than one in much of what programs do.
 */
const TIERING_BUDGET = "wasm-tiering-budget";

/** Makes V8 use the module's hints about branches (src/build/branches), as browsers do. */
export const BRANCH_HINTS = "experimental-wasm-branch-hinting";

/** The V8 from which on they are used without being asked for; later ones have no such flag. */
const HINTS_SHIPPED = [13, 7] as const;

/** Whether this V8 uses hints when the flag is set, and not otherwise. */
export function takesBranchHints(): boolean {
  const [major = 0, minor = 0] = process.versions.v8.split(".").map(Number);
  return (major < HINTS_SHIPPED[0] || (major === HINTS_SHIPPED[0] && minor < HINTS_SHIPPED[1])) && !given(`no-${BRANCH_HINTS}`);
}

/** Whether node was started with a flag that begins so. */
export function given(name: string): boolean {
  return process.execArgv.some((option) => option.replaceAll("_", "-").startsWith(`--${name}`));
}

/**
 * Sets V8 up for what the commands do where no code is kept (code-cache.ts); for all modules of the process, so it is no business of the
 * package's. With that code there is no need: what uses the budgets up is optimised, by the hints. Any flag makes Node compile its own
 * modules for the first worker, which it has code of for an engine without: 25 of 75 ms.
 */
export function tuneEngine(): void {
  if (!IS_NODE) {
    return;
  }
  if (!given(TIERING_BUDGET)) {
    setFlagsFromString(`--${TIERING_BUDGET}=50000000`);
  }
  if (takesBranchHints()) {
    setFlagsFromString(`--${BRANCH_HINTS}`);
  }
}
