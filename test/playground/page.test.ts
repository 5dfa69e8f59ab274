import { expect, test } from "vitest";
import { Playground } from "./harness.js";

const playgroundPage = new Playground();

test("a link carries all files and adds them to what is there", async () => {
  const files = { "main.py": 'import part\nprint(part.text)\n', "part.py": 'text = "añ€😀 & <shared>"\n' };
  const link = await playgroundPage.visit(async (visit) => {
    await visit.page.evaluate(() => {
      for (const name of playground.workspace.names) {
        localStorage.removeItem(`weft-playground:file:${name}`);
      }
    });
    for (const [name, text] of Object.entries(files)) {
      await visit.write(name, text);
    }
    await visit.page.evaluate(() => {
      playground.open("main.py");
    });
    await visit.page.click("#share");
    await visit.page.locator(".toast").waitFor();
    return visit.page.evaluate(() => navigator.clipboard.readText());
  }, { permissions: ["clipboard-read", "clipboard-write"] });
  expect(link).toMatch(/^http:\/\/localhost:\d+\/#code=[\w-]+$/);

  await playgroundPage.visit(async (visit) => {
    await visit.write("main.py", "print('my own')");
    await visit.page.goto("about:blank");
    await visit.page.goto(link);
    await visit.state("ready");
    expect(await visit.page.evaluate(() => playground.workspace.names.map((name) => [name, playground.workspace.read(name)]))).toEqual(
      expect.arrayContaining([["main.py", "print('my own')"], ["main-2.py", files["main.py"]], ["part.py", files["part.py"]]]),
    );
    expect(new URL(visit.page.url()).hash).toBe("");
    await visit.page.click("#run");
    await visit.shows("añ€😀 & <shared>");
  });
});

test("a damaged link says so", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.page.goto("about:blank");
    await visit.page.goto(`${playgroundPage.url}#code=AAAA`);
    await visit.page.getByText("the link is cut off or damaged").waitFor();
  });
});

test("files, names, theme and history are there after a reload", async () => {
  await playgroundPage.visit(async (visit) => {
    const { page } = visit;
    await page.click("#new");
    await page.keyboard.type("kept");
    await page.keyboard.press("Enter");
    await page.locator(".cm-content").click();
    await page.keyboard.type("print('kept text')\n");
    const before = await page.evaluate(() => document.documentElement.dataset.theme);
    await page.click("#theme");
    await page.reload();
    await visit.state("ready");
    expect(await page.evaluate(() => playground.workspace.active)).toBe("kept.py");
    expect(await page.locator(".cm-content").innerText()).toContain("print('kept text')");
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).not.toBe(before);
    // A removed file comes back.
    await page.getByLabel("Remove kept.py").click();
    await page.getByText("Undo").click();
    expect(await page.locator(".cm-content").innerText()).toContain("print('kept text')");
    // Control-Enter runs.
    await page.locator(".cm-content").click();
    await page.keyboard.press("Control+Enter");
    await visit.shows("kept text");
  });
});

test("two tabs of the page lose nothing of each other's", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.write("one.py", "1");
    const other = await visit.page.context().newPage();
    await other.goto(playgroundPage.url);
    await other.waitForFunction(() => globalThis.playground !== undefined);
    await other.evaluate(() => {
      playground.open("one.py");
    });
    await other.locator(".cm-content").click();
    await other.keyboard.press("Control+End");
    await other.keyboard.type("23");
    await visit.page.waitForFunction(() => document.querySelector(".cm-content")!.textContent === "123");
  });
});

test("without the headers a service worker adds them", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.state("ready");
    expect(await visit.run("print(40 + 2)")).toContain("\n42\n");
  }, { url: await playgroundPage.serve({}) });
});

test("without the headers and without a service worker the page says what is missing, and edits", async () => {
  await playgroundPage.visit(async ({ page }) => {
    await page.locator("#notice").waitFor();
    const text = await page.locator("#notice").innerText();
    expect(text).toContain("Cross-Origin-Opener-Policy: same-origin");
    expect(text).toContain("Cross-Origin-Embedder-Policy: require-corp");
    expect(await page.locator("#run").isDisabled()).toBe(true);
    await page.locator(".cm-content").click();
    await page.keyboard.type("# still an editor\n");
    expect(await page.locator(".cm-content").innerText()).toContain("# still an editor");
  }, { url: await playgroundPage.serve({}), withoutServiceWorker: true });
});

test("nothing overlaps or overflows at a phone's width, and the keyboard reaches everything", async () => {
  await playgroundPage.visit(async (visit) => {
    const { page } = visit;
    await visit.state("ready");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    for (const id of ["run", "stop", "restart", "examples", "share", "theme", "new", "clear", "threads-toggle", "editor", "terminal"]) {
      const box = await page.locator(`#${id}`).boundingBox();
      expect(box, id).not.toBeNull();
      expect(box!.x, id).toBeGreaterThanOrEqual(0);
      expect(box!.x + box!.width, id).toBeLessThanOrEqual(360);
      expect(box!.y + box!.height, id).toBeLessThanOrEqual(640);
    }
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll("button, select, textarea, [tabindex='0']")]
        .filter((element) => !(element.getAttribute("aria-label") ?? element.getAttribute("title") ?? element.textContent.trim()))
        .map((element) => element.outerHTML.slice(0, 120)));
    expect(unnamed).toEqual([]);
    const reached = new Set<string>();
    await page.locator("#run").focus();
    for (let i = 0; i < 40; i++) {
      reached.add(await page.evaluate(() => document.activeElement?.closest("[id]")?.id ?? ""));
      if (await page.evaluate(() => document.activeElement?.closest("#editor") !== null)) {
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("Tab");
    }
    expect([...reached]).toEqual(expect.arrayContaining(["run", "restart", "examples", "share", "theme", "tabs", "new", "editor", "divider", "clear", "terminal", "threads-toggle"]));
  }, { viewport: { width: 360, height: 640 } });
});

test("the page's thread is never busy for long while Python loads and runs", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.state("ready");
    const load = await visit.page.evaluate(() => longTasks.splice(0));
    await visit.page.click("#run");
    await visit.shows("Done in");
    const run = await visit.page.evaluate(() => longTasks.splice(0));
    console.log("long tasks while loading", JSON.stringify(load), "running", JSON.stringify(run));
    // 50 ms is the aim; a busy machine's other work counts here too.
    expect(Math.max(0, ...[...load, ...run].map(([, length]) => length))).toBeLessThan(500);
  });
});
