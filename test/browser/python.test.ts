import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Exception } from "../portable/suite.js";
import type { TestOutcome } from "../portable/run.js";
import { bundleTest } from "./bundle-test.js";
import { Pages } from "./harness.js";

const EXCEPTIONS: readonly Exception[] = [
  {
    file: "classes-concurrent.test.ts",
    test: "lazy type objects and imports > a module that is added while Python threads are busy can be imported by all of them",
    reason: "workers cannot import while Python runs; the other tests name their module in loadWeft's options",
  },
  { file: "attach.test.ts", test: "start > several interpreters start at once, and each is ready only after its site modules", reason: "mounts a folder of the host" },
  { file: "attach.test.ts", test: "spawn > a worker that exits is reported", reason: "calls process.exit(); load.test.ts has a page's counterpart" },
  {
    file: "buffer.test.ts",
    test: "on several threads > two host threads and two of Python's write one buffer while others collect garbage",
    reason: "starts Python's threads on the page's own thread, which new workers need",
  },
  { file: "buffer.test.ts", test: "on several threads > what was forgotten is released, but not while somebody has its array", reason: "starts a process" },
  {
    file: "classes.test.ts",
    test: "functions > end in a RecursionError and not in the engine's when they call each other without end",
    reason: "calls through JavaScript take more of a worker's small engine stack than the limit counts: it ends first, as a MemoryError",
  },
  { file: "classes.test.ts", test: "the module of these tests is plain JavaScript, which every realm can load", reason: "reads a file of the host" },
  { file: "js.test.ts", test: "waiting > finalize is not held up, and refuses a request that comes too late", reason: "mounts a folder of the host" },
  { file: "js.test.ts", test: "promises > a rejection that nobody asks for is unhandled when Python lets go of the promise, not before", reason: "listens to Node's process" },
  { file: "js.test.ts", test: "promises > a cancelled task does not mind what comes later, nor does a closed loop", reason: "listens to Node's process" },
  { file: "pool.test.ts", test: "what was forgotten is released by JavaScript's collector", reason: "starts a process" },
  { file: "sync.test.ts", test: "PyMutex > blocks the host realm too, until the holder lets go", reason: "a page may not wait; async.test.ts has the counterpart" },
  { file: "sync.test.ts", test: "Condvar and Barrier > a wait gives up in time and has the mutex again", reason: "a page may not wait" },
];

/** Files that are made of what pages have not: this one adds modules to interpreters whose threads run, which load them then. */
const NOT_HERE: readonly string[] = ["classes-concurrent.test.ts"];

const FILES = readdirSync(fileURLToPath(new URL("../python/", import.meta.url))).filter((name) => name.endsWith(".test.ts") && !NOT_HERE.includes(name));
const DEADLINE = 170_000;

const contents: Record<string, { body: string; headers: Record<string, string> }> = {};
const pages = new Pages({ contents });

describe("test/python in a page", () => {
  test.each(FILES)("%s", { timeout: DEADLINE + 10_000 }, async (file) => {
    const url = `/test/python/${file.replace(".ts", ".js")}`;
    contents[url] = { body: await bundleTest(`test/python/${file}`), headers: { "Content-Type": "text/javascript" } };
    const without = EXCEPTIONS.filter((one) => one.file === file).map((one) => one.test);
    const outcomes = await pages.with(
      async (page) => (await page.evaluate(`import(${JSON.stringify(url)}).then(({ run }) => run(${JSON.stringify(without)}))`)) as TestOutcome[],
      undefined,
      DEADLINE,
    );
    const named = (state: TestOutcome["state"]): TestOutcome[] => outcomes.filter((one) => one.state === state);
    expect(named("fail").map(({ name, errors }) => [name, ...errors].join("\n"))).toEqual([]);
    expect(named("skip").map(({ name }) => name)).toEqual(without);
    expect(named("pass").length).toBeGreaterThan(0);
  });
});
