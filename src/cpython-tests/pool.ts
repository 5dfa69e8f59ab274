/**
 * Runs `work` on every item, at most `jobs` at once, in the order of the list.
 * Stops to start new ones when `work` resolves to `false`, and waits for the rest.
 * @throws what the first failing `work` threw, after the others ended.
 */
export async function runPool<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<boolean>,
): Promise<void> {
  let next = 0;
  let stopped = false;
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (!stopped && next < items.length) {
      try {
        stopped = !(await work(items[next++]!)) || stopped;
      } catch (error) {
        stopped = true;
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
  if (errors.length > 0) {
    throw errors[0];
  }
}
