import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { Playground } from "./harness.js";

const playground = new Playground();
const example = (name: string): string => readFileSync(new URL(`../../src/playground/examples/${name}`, import.meta.url), "utf8");

test("charts that four threads draw are shown, each with its title and description", async () => {
  await playground.again(async (visit) => {
    const text = await visit.run(example("plots.py"));
    expect(text).toContain("four charts by four threads");
    const alts = await visit.page.evaluate(async () => {
      const images = [...document.querySelectorAll<HTMLImageElement>("#display figure img")];
      await Promise.all(images.map((image) => image.decode()));
      return images.map(({ alt }) => alt.split(":")[0]).sort();
    });
    expect(alts).toEqual(["Points", "Runs a second", "The sum of ten dice", "Three random walks"]);
  });
});

test("threads use the program's page, a handler stops them, and the next program finds it empty", async () => {
  await playground.again(async (visit) => {
    await visit.begin(example("page.py").replace("20_000", "200_000"));
    const stage = visit.page.frameLocator("#stage");
    await stage.locator("progress").nth(3).waitFor();
    await stage.locator("#stop").click();
    await visit.shows("the page has 4 bars");
    expect(await stage.locator("#stop").textContent()).toBe("stopped by page-events");
    expect(await visit.run("from weft import page\nprint(page.document.body.childElementCount, 'left')")).toContain("0 left");
    // The same after a restart: another interpreter, another connection.
    await visit.page.click("#restart");
    expect(await visit.run("from weft import page\npage.document.body.append('hello')\nprint(page.document.body.textContent)")).toContain("hello");
    expect(await visit.page.locator("#stage").isVisible()).toBe(true);
  });
});

test("a program's page reaches neither the playground nor what it keeps", async () => {
  await playground.again(async (visit) => {
    const text = await visit.run(`
from weft import HostError, page
for look in (lambda: page.window.parent.document, lambda: page.window.localStorage, lambda: page.window.parent.playground):
    try:
        print("reached", look())
    except HostError as error:
        print(error.name)
print(page.window.origin)
`);
    expect(text).toContain("SecurityError\nSecurityError\nSecurityError\nnull");
    expect(text).not.toContain("reached");
  });
});
