/**
 * What the test files import as "vitest" where vitest's own command cannot run them: in Deno, Bun and a
 * page. Collecting, running and matching are vitest's own packages; only `expect.poll` is made here, because
 * vitest's belongs to its command.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  customMatchers,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  getState,
  GLOBAL_EXPECT,
  setState,
} from "@vitest/expect";
import { getCurrentTest } from "@vitest/runner";
import * as chai from "chai";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, onTestFinished, test } from "@vitest/runner";
export { expectTypeOf } from "expect-type";

type Expect = ((value: unknown, message?: string) => Chai.Assertion) & Record<string, unknown>;

const made = ((value: unknown, message?: string) => {
  const { assertionCalls = 0 } = getState(made as never);
  setState({ assertionCalls: assertionCalls + 1 }, made as never);
  const assertion = chai.expect(value, message) as unknown as { withTest?(test: unknown): Chai.Assertion };
  const current = getCurrentTest();
  return current ? assertion.withTest!(current) : assertion;
}) as Expect;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
Object.assign(made, chai.expect, (globalThis as unknown as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT as unknown as symbol]);
setState({ assertionCalls: 0, isExpectingAssertions: false, expectedAssertionsNumber: null }, made as never);
(globalThis as Record<PropertyKey, unknown>)[GLOBAL_EXPECT as unknown as PropertyKey] = made;
(chai.expect as unknown as { extend(on: unknown, matchers: unknown): void }).extend(made, customMatchers);

/** Milliseconds between two looks of `expect.poll`, and until it gives up. */
const POLL = { interval: 50, timeout: 1000 };

/** Every matcher of the result looks until it holds or the time is up. */
made["poll"] = (look: () => unknown, { interval = POLL.interval, timeout = POLL.timeout } = {}): unknown => {
  const matchers = (path: readonly string[]): unknown =>
    new Proxy(() => undefined, {
      get: (_, name) => matchers([...path, String(name)]),
      apply: async (_, __, values: unknown[]) => {
        const deadline = performance.now() + timeout;
        for (;;) {
          const late = performance.now() > deadline;
          try {
            const value = await look();
            let at = made(value) as unknown as Record<string, unknown>;
            for (const name of path.slice(0, -1)) {
              at = at[name] as typeof at;
            }
            return await (at[path.at(-1)!] as (...values: unknown[]) => unknown).apply(at, values);
          } catch (error) {
            if (late) {
              throw new Error(`expect.poll() saw no success in ${timeout} ms`, { cause: error });
            }
          }
          await new Promise((resolve) => setTimeout(resolve, interval));
        }
      },
    });
  return matchers([]);
};

export const expect = made;
