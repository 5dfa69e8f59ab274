import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { HEADERS } from "../../scripts/playground.mjs";
import { keepsPython, Playground } from "./harness.js";

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
  }, { withoutPython: true, permissions: ["clipboard-read", "clipboard-write"] });
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
  }, { withoutPython: true });
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
  }, { withoutPython: true });
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

test("axe finds nothing to object to, by day and by night", async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await playgroundPage.visit(async (visit) => {
    await visit.page.click("#threads-toggle");
    await visit.run("import threading, time\nfrom weft import display, SVG\ndisplay([{'a': 1}])\ndisplay(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>'))\ndef f():\n    raise ValueError('x')\nt = threading.Thread(target=f); t.start(); t.join()");
    await visit.page.addScriptTag({ content: axe });
    const violationsIn = (): Promise<string[]> => visit.page.evaluate(async () => {
      const { axe: checker } = globalThis as unknown as { axe: { run(options: { runOnly: string[] }): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
      return (await checker.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}\n  ${failureSummary}`));
    });
    for (const colorScheme of ["light", "dark"] as const) {
      await visit.page.emulateMedia({ colorScheme });
      await visit.page.locator(`:root[data-theme="${colorScheme}"]`).waitFor({ state: "attached" });
      // The terminal changes its colours when it draws next.
      await visit.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      expect(await violationsIn(), colorScheme).toEqual([]);
    }
    // Colours that are on their way from one to the other would be found.
  }, { reducedMotion: "reduce" });
});

test("a second visit needs no network", async () => {
  const url = await playgroundPage.serve(HEADERS);
  await playgroundPage.visit(async (visit) => {
    await visit.state("ready");
    await visit.page.evaluate(keepsPython);
    playgroundPage.stop(url);
    await visit.page.reload();
    await visit.state("ready");
    expect(await visit.run("import threading\nt = threading.Thread(target=print, args=['without a network'])\nt.start(); t.join()")).toContain("\nwithout a network\n");
  }, { url });
});

test("with a full storage what was typed is what runs, and the user is told", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.write("test.py", "print('old')");
    await visit.page.evaluate(() => {
      let size = 1 << 22;
      for (let i = 0; size > 0; ) {
        try {
          localStorage.setItem(`filler-${i}`, "x".repeat(size));
          i++;
        } catch {
          size >>= 1;
        }
      }
    });
    await visit.page.getByText("lasts only as long as this page").waitFor({ state: "detached" });
    expect(await visit.run(`print('new', ${"1 + ".repeat(200)}1)`)).toContain("\nnew 201\n");
    await visit.page.getByText("lasts only as long as this page").waitFor();
  });
});

test("with a forbidden storage everything works until the page is closed", async () => {
  await playgroundPage.visit(async (visit) => {
    expect(await visit.run("print(40 + 2)")).toContain("\n42\n");
    await visit.page.click("#theme");
    await visit.page.click("#terminal");
    await visit.page.keyboard.type("6 * 7");
    await visit.page.keyboard.press("Enter");
    await visit.shows("\n42\n>>>");
  }, { withoutStorage: true });
});

test("a name that a file cannot have is refused with the reason", async () => {
  await playgroundPage.visit(async ({ page }) => {
    await page.click("#new");
    await page.keyboard.type("folder/name.py");
    await page.keyboard.press("Enter");
    await page.getByText("A file cannot be called folder/name.py").waitFor();
  }, { withoutPython: true });
});

test("the page's thread is never busy for long while Python loads and runs", async () => {
  const tasks = await playgroundPage.longTasks("the page", () =>
    playgroundPage.visit(async (visit) => {
      await visit.page.evaluate(() => performance.mark("the page"));
      await visit.page.click("#threads-toggle");
      await visit.state("ready");
      await visit.page.click("#run");
      await visit.shows("Done in");
    }),
  );
  console.log("longest tasks, ms:", JSON.stringify(tasks));
  // 50 ms is the aim; where other programs use the same caches, the same work takes up to twice as long.
  expect(tasks[0]).toBeLessThan(100);
});
