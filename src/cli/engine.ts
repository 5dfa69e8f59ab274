import { setFlagsFromString } from "node:v8";

/**
 * How much of a function runs, in bytes reckoned by V8, before its optimising compiler takes it up. V8's own budget (1.8 MB in Node 20) is
 * used up by the eval loop after some 20 instructions of Python, and by some forty other functions while a program starts: compiling
 * them then takes the cores that the program needs, and a process cannot end before it is done.
 */
const TIERING_BUDGET = "--wasm-tiering-budget=500000000";

/** Sets V8 up for what the commands do; for all modules of the process, so it is no business of the package's. */
export function tuneEngine(): void {
  // Others run Node's programs too, with engines of their own.
  const isNode = process.versions["bun"] === undefined && process.versions["deno"] === undefined;
  if (isNode && !process.execArgv.some((option) => option.replaceAll("_", "-").startsWith("--wasm-tiering-budget"))) {
    setFlagsFromString(TIERING_BUDGET);
  }
}
