import { failed, idOf, type Iteration, type Outcome, type TestName } from "./iteration.js";

/** The tests that an interpreter has run, each once, in their order. */
export class EarlierTests {
  readonly #names = new Map<string, TestName>();

  add({ file, name, companions }: Iteration): void {
    for (const test of [[file, name] as const, ...companions]) {
      this.#names.set(idOf(test), test);
    }
  }

  /** All but this one. */
  before(test: TestName): TestName[] {
    return [...this.#names.values()].filter((one) => idOf(one) !== idOf(test));
  }

  clear(): void {
    this.#names.clear();
  }
}

/**
 * Which of the earlier tests a test fails after: by halves, each in an interpreter of its own.
 * @param iterate runs one iteration; the first of a new interpreter when `fresh`.
 * @param threads for each of the earlier tests.
 * @returns undefined when it does not fail after all of them either.
 */
export async function whichBroke(earlier: readonly TestName[], alone: Iteration, threads: number, iterate: (one: Iteration, fresh: boolean) => Promise<Outcome>): Promise<TestName[] | undefined> {
  const breaks = async (tests: readonly TestName[]): Promise<boolean> => {
    let fresh = true;
    for (const [file, name] of tests) {
      const outcome = await iterate({ ...alone, file, name, threads, schedule: "free" }, fresh);
      // After a hang or a crash there is another interpreter already.
      fresh = outcome.kind !== "ran";
    }
    return failed(await iterate(alone, fresh));
  };
  if (!(await breaks(earlier))) {
    return undefined;
  }
  let suspects = earlier;
  while (suspects.length > 1) {
    const half = Math.ceil(suspects.length / 2);
    const parts = [suspects.slice(half), suspects.slice(0, half)];
    let smaller: readonly TestName[] | undefined;
    for (const part of parts) {
      if (await breaks(part)) {
        smaller = part;
        break;
      }
    }
    if (smaller === undefined) {
      // It takes some of both.
      break;
    }
    suspects = smaller;
  }
  return [...suspects];
}
