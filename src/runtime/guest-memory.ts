const MIB_IN_PAGES = 16;

/** What a guest's memory may be limited to, in MiB: with less there is no room for threads, and addresses have 32 bits. */
export const LEAST_MEMORY = 128;
export const MOST_MEMORY = 4096;

/** What small devices have room for, in MiB: address space that some engines reserve at once. */
const SMALLER = [2048, 1024, 512];

/** What the memory begins with when it may grow to `maximum` MiB. Modules of ours are linked to begin with no less than 64. */
function initialSize(maximum: number): number {
  // Large, because growing while threads run costs them interrupts, and nothing of it is resident before use.
  return Math.max(maximum >> 2, 64);
}

/**
 * Makes the memory that all realms of a guest share. All of it is 0, on which the module counts (src/build/zero-fills.ts).
 * @param limit what it grows to at most, in MiB; less where the engine has no room for as much.
 * @throws RangeError for a limit that is none, and when the engine has no room for the smallest.
 */
export function createMemory(limit: number): WebAssembly.Memory {
  if (!Number.isInteger(limit) || limit < LEAST_MEMORY || limit > MOST_MEMORY) {
    throw new RangeError(`Python's memory can be limited to ${LEAST_MEMORY} to ${MOST_MEMORY} MiB, not to ${limit}`);
  }
  const maxima = [limit, ...SMALLER.filter((size) => size < limit)];
  let refused: unknown;
  for (const maximum of maxima) {
    try {
      return new WebAssembly.Memory({ initial: initialSize(maximum) * MIB_IN_PAGES, maximum: maximum * MIB_IN_PAGES, shared: true });
    } catch (error) {
      refused = error;
    }
  }
  const least = maxima.at(-1)!;
  throw new RangeError(`there is no room for Python's memory: the engine refused ${initialSize(least)} MiB of shared memory that grows to ${least} MiB`, {
    cause: refused,
  });
}
