import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that must have the machine to themselves, one after the other: they look at how long Stop takes, and for races that
 * show when threads really run at once.
 */
const ALONE = ["test/playground/stop.test.ts", "test/playground/firefox.test.ts", "test/stress/self-check.test.ts"];

/** Files that put modules in place of others: in processes of their own. */
const MOCKING = ["test/browser/bridge.test.ts"];

/** Those that take longest begin first, so that no worker is still busy with one of them when the others have nothing left. */
const LONG = [
  "test/bun/portable.test.ts",
  "test/browser/python.test.ts",
  "test/playground/page.test.ts",
  "test/deno/portable.test.ts",
  "test/browser/firefox.test.ts",
  "test/browser/trouble.test.ts",
  "test/page/page.test.ts",
  "test/browser/load.test.ts",
  "test/playground/run.test.ts",
  "test/runtime/limits.test.ts",
  "test/package/pages.test.ts",
];

class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONG.indexOf(relative(this.ctx.config.root, moduleId).replaceAll("\\", "/"));
      return place < 0 ? LONG.length : place;
    };
    return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)));
  }
}

/** A test has threads of its own, but also waits a lot: for processes, browsers, deadlines. */
const WORKERS = Math.max(2, availableParallelism() >> 1);

export default defineConfig({
  test: {
    // Each test that runs a command bounds it itself and reports more than a timeout would.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    minWorkers: 1,
    maxWorkers: WORKERS,
    sequence: { sequencer: LongestFirst },
    // Files share processes: starting one and loading all modules again for each takes longer than many of them.
    poolOptions: { forks: { isolate: false } },
    projects: [
      { extends: true, test: { name: "together", include: ["test/**/*.test.ts"], exclude: [...ALONE, ...MOCKING] } },
      { extends: true, test: { name: "mocking", include: MOCKING } },
      ...ALONE.map((file, i) => ({ extends: true as const, test: { name: `alone ${i + 1}`, include: [file], sequence: { groupOrder: i + 1 } } })),
    ],
  },
});
