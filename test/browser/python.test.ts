import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ON_ALL_HOSTS } from "../portable/extent.js";
import type { TestOutcome } from "../portable/run.js";
import { bundleTest } from "./bundle-test.js";
import { EXCEPTIONS } from "./exceptions.js";
import { Pages } from "./harness.js";

/** What V8 does with Python's objects and its threads' locks, the same in Node. The rest is about realms, event loops and waiting. */
const SAME_IN_NODE = ["basic", "buffer", "classes", "classes-concurrent", "collections", "containers-concurrent", "errors", "objects", "observer", "schema", "slots", "traverse"].map(
  (name) => `${name}.test.ts`,
);
const FILES = readdirSync(fileURLToPath(new URL("../python/", import.meta.url))).filter((name) => name.endsWith(".test.ts") && (ON_ALL_HOSTS || !SAME_IN_NODE.includes(name)));
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
