const MIB_IN_PAGES = 16;

/**
 * What the memory begins with and grows to at most, in MiB, from what suits best to what small devices have. It
 * begins large because growing while threads run costs them interrupts, and nothing of it is resident before use; the
 * maximum is address space that some engines reserve at once.
 */
const SIZES = [
  [1024, 4096],
  [512, 2048],
  [256, 1024],
  [128, 512],
] as const;

/**
 * Makes the memory that all realms of a guest share. All of it is 0, on which the module counts (src/build/zero-fills.ts).
 * @throws RangeError when the engine has no room for the smallest.
 */
export function createMemory(): WebAssembly.Memory {
  let refused: unknown;
  for (const [initial, maximum] of SIZES) {
    try {
      return new WebAssembly.Memory({ initial: initial * MIB_IN_PAGES, maximum: maximum * MIB_IN_PAGES, shared: true });
    } catch (error) {
      refused = error;
    }
  }
  throw new RangeError("there is no room for Python's memory: the engine refused 128 MiB of shared memory that grows to 512 MiB", {
    cause: refused,
  });
}
