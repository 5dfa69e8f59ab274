import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Pages } from "./harness.js";

const GUIDE = readFileSync(new URL("../../src/guides/browser.md", import.meta.url), "utf8");
/** Each page and what its element with the id `out` has in the end. */
const PROGRAMS = [...GUIDE.matchAll(/^```html\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(([, page, output], i) => ({ number: i + 1, page: page!, output: output! }));

const pages = new Pages({
  // The package as an application has it.
  aliases: { "/node_modules/weft-python/": "/" },
  contents: Object.fromEntries(PROGRAMS.map(({ number, page }) => [`/${number}`, { body: page, headers: { "Content-Type": "text/html" } }])),
});

test("every page is followed by what it writes", () => {
  expect(PROGRAMS.length).toBe([...GUIDE.matchAll(/^```html$/gm)].length);
  expect(PROGRAMS.length).toBeGreaterThan(0);
});

test.each(PROGRAMS)("page $number", async ({ number, output }) => {
  await pages.with(async (page) => {
    await expect.poll(() => page.textContent("#out"), { timeout: 30_000 }).toBe(output);
  }, `${pages.server.url}/${number}`);
});
