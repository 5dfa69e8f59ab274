import { MOST_MEMORY } from "../../runtime/guest-memory.js";
import type { GuestLimits } from "../../runtime/guest.js";

/** Engine stack that a worker realm is given, in MiB. Only Node does so. */
export const WORKER_STACK_MIB = 64;

/** Under Node; see ARCHITECTURE.md for the measurements behind them. */
const NODE_LIMITS: GuestLimits = {
  threads: 256,
  stackSize: 16 * 1024 * 1024,
  recursionLimit: 10_000,
  hostRecursionLimit: 150,
  memory: MOST_MEMORY,
};

/**
 * Deno and Bun do not say how large their workers' engine stacks are and take no size for them. All kinds of
 * recursion in test/runtime/limits.test.ts pass there with 2,000 levels; Deno 2.9 fails with 3,200, Bun 1.4 with 4,000.
 */
const OTHER_LIMITS: GuestLimits = { ...NODE_LIMITS, recursionLimit: 1000 };

/** The defaults where this program runs. */
export function defaultLimits(): GuestLimits {
  return process.versions["deno"] === undefined && process.versions["bun"] === undefined ? NODE_LIMITS : OTHER_LIMITS;
}
