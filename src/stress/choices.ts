/** xorshift: the same seed gives the same numbers everywhere. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
    this.below(1);
  }

  /** A whole number from 0 on. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }
}

/** The steps of an iteration's preemptions: the seed decides. */
export function chooseChanges(seed: number, depth: number, steps: number): number[] {
  const random = new Random(seed);
  const chosen = new Set<number>();
  for (let i = 0; i < depth; i++) {
    chosen.add(1 + random.below(Math.max(1, steps)));
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The same things in an order that the seed decides. */
export function shuffled<T>(things: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  const order = [...things];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
