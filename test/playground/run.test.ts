import { expect, test } from "vitest";
import { Playground } from "./harness.js";

const playgroundPage = new Playground();

test("the first program runs its threads at the same time", async () => {
  await playgroundPage.visit(async (visit) => {
    await visit.state("ready");
    await visit.page.click("#threads-toggle");
    await visit.page.click("#run");
    // Of the thread view: the main thread waits for them.
    await visit.page.waitForFunction(() => /, [2-9] running/.test(document.getElementById("threads-count")!.textContent), undefined, { timeout: 30_000, polling: "raf" });
    await visit.shows("Done in");
    const text = await visit.text();
    expect(text).toMatch(/threads +seconds +speed-up/);
    expect(text.match(/17984$/gm)).toHaveLength(3);
  });
});

test("two threads answer each other without a pause: both run", async () => {
  await playgroundPage.again(async (visit) => {
    // Neither gives up its processor; on one after the other this would not end. Where both have but one processor, a turn
    // lasts as long as the system lets a thread run.
    const text = await visit.run(`
import threading
turn = [0]
def play(own):
    for _ in range(100):
        while turn[0] % 2 != own:
            pass
        turn[0] += 1
threads = [threading.Thread(target=play, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print("turns:", turn[0])
`);
    expect(text).toContain("turns: 200");
  });
});

test("output comes in order, standard error in red", async () => {
  await playgroundPage.again(async (visit) => {
    const text = await visit.run('import sys\nfor i in range(3):\n    print("out", i)\n    print("err", i, file=sys.stderr)\nprint("añ€😀 end", end="")');
    expect(text).toContain("out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\nañ€😀 end\nDone in");
    // The terminal has its text before the page's next frame shows it.
    const shown = await visit.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll(".xterm-rows > div")].filter((row) => /^(out|err) 1/.test(row.textContent));
      return rows.length === 2 && rows.map((row) => getComputedStyle(row.querySelector("span")!).color);
    });
    expect(new Set((await shown.jsonValue()) || []).size).toBe(2);
  });
});

test("input() waits for the terminal, other threads go on", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.begin(`
import threading
ticks = []
stop = threading.Event()
def tick():
    while not stop.wait(0.01):
        ticks.append(1)
threading.Thread(target=tick).start()
name = input("name? ")
number = int(input("number? "))
stop.set()
print(f"<{name}> {number + 1} {len(ticks) > 1}")
`);
    await visit.shows("name?");
    await visit.page.keyboard.type("Adx");
    await visit.page.keyboard.press("Backspace");
    await visit.page.keyboard.type("a");
    await visit.page.keyboard.press("Enter");
    await visit.shows("number?");
    await visit.page.keyboard.type("41");
    await visit.page.keyboard.press("Enter");
    await visit.shows("> 42 True");
    expect(await visit.text()).toContain("<Ada> 42 True");
  });
});

test("the prompt works in the program's namespace, with blocks, history and completion", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.run("import math\nvalue = 20\n");
    await visit.page.click("#terminal");
    const type = async (line: string): Promise<void> => {
      await visit.page.keyboard.type(line);
      await visit.page.keyboard.press("Enter");
    };
    await type("value + 22");
    await visit.shows("\n42\n>>>");
    await type("for i in range(2):");
    await visit.shows("...");
    await type("    print('line', i)");
    await type("");
    await visit.shows("line 1\n>>>");
    await visit.page.keyboard.press("ArrowUp");
    await visit.page.keyboard.press("Control+c");
    await visit.shows("^C");
    await visit.page.keyboard.type("math.fact");
    await visit.page.keyboard.press("Tab");
    await visit.shows("math.factorial(");
    await type("5)");
    await visit.shows("\n120\n>>>");
    await type("1/0");
    await visit.shows("ZeroDivisionError");
  });
});

test("errors are underlined where they happened, in modules too", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.write("helper.py", "def half(x):\n    return x / 0\n");
    const text = await visit.run("import helper\n\nprint(helper.half(4))\n", "main.py");
    expect(text).toContain('File "/home/playground/helper.py", line 2, in half');
    expect(text).not.toContain("<playground>");
    expect(await visit.page.locator(".tab.failed").allInnerTexts()).toEqual([expect.stringContaining("helper.py")]);
    await visit.page.getByRole("tab", { name: "helper.py" }).click();
    const underlined = visit.page.locator(".cm-lintRange-error");
    await underlined.waitFor();
    expect(await underlined.innerText()).toBe("x / 0");
    // Gone with the next run.
    await visit.run("print(1)", "main.py");
    expect(await visit.page.locator(".tab.failed").count()).toBe(0);
    // A syntax error.
    await visit.run("x = 1\nif x\n    pass\n", "main.py");
    expect(await visit.page.locator(".cm-lintRange-error").count()).toBeGreaterThan(0);
    // An error in a thread.
    await visit.run("import threading\ndef f():\n    raise ValueError('in a thread')\nt = threading.Thread(target=f, name='worker')\nt.start(); t.join()\n", "main.py");
    expect(await visit.text()).toContain("Exception in thread worker");
    expect(await visit.page.locator(".cm-lintRange-error").innerText()).toBe("raise ValueError('in a thread')");
  });
});

test("display() shows pictures and tables, updates them, and threads draw on a canvas", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.run(`
import threading
from weft import HTML, SVG, Canvas, display
display([{"a": 1, "b": "x"}, {"a": 2}])
shown = display("before")
canvas = Canvas(40, 30)
display(canvas)
def rows(first):
    for y in range(first, 30, 2):
        canvas.row(y, bytes([255, 0, 0] if first else [0, 0, 255]) * 40)
threads = [threading.Thread(target=rows, args=(n,)) for n in range(2)]
for t in threads: t.start()
for t in threads: t.join()
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'><rect width='10' height='10'/></svg>"))
display(HTML("<script>parent.broken = true</script><p>html</p>"))
shown.update("after")
print("long", end="")
display("x" * 200_000)
print(" line")
`);
    const { page } = visit;
    expect(await page.locator("#display table").innerText()).toMatch(/a\s+b\s+1\s+x\s+2/);
    expect(await page.locator("#display pre").first().innerText()).toBe("after");
    expect((await page.locator("#display pre").last().innerText()).length).toBe(200_000);
    const pixels = await page.evaluate(() => {
      const context = document.querySelector<HTMLCanvasElement>("#display canvas")!.getContext("2d")!;
      return [0, 1, 28, 29].map((y) => [...context.getImageData(20, y, 1, 1).data].join());
    });
    expect(pixels).toEqual(["0,0,255,255", "255,0,0,255", "0,0,255,255", "255,0,0,255"]);
    expect(await page.evaluate(() => document.querySelector<HTMLImageElement>("#display img")!.naturalWidth)).toBe(10);
    expect(await page.evaluate(() => "broken" in globalThis)).toBe(false);
    expect(await visit.text()).toContain("long line");
  });
});

test.each(["mandelbrot.py", "race.py", "queue_workers.py", "show.py", "typescript.py"])("the example %s runs", async (file) => {
  await playgroundPage.again(async (visit) => {
    await visit.state("ready");
    await visit.page.selectOption("#examples", file);
    await visit.page.click("#run");
    await visit.shows("Done in");
    const text = await visit.text();
    expect(text).not.toContain("Traceback");
    const painted = { "mandelbrot.py": "with 4 threads", "race.py": "200,000 of 200,000   correct", "queue_workers.py": "closed", "show.py": "done", "typescript.py": "after 8,000 calls from 4 threads: Account(1000)" }[file];
    expect(text).toContain(painted);
    if (file === "typescript.py") {
      expect(text).toContain("refused: 5000 is more than the 1000 that are left\nmeter: 1\nrefused: ");
      expect(await visit.page.evaluate(() => playground.workspace.read("accounts.ts"))).toContain('from "weft-python"');
    }
  });
});

test("the editor completes names and shows the signature of what is called, from the running interpreter", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.run("def scale(value, *, by=2):\n    return value * by\n");
    await visit.page.locator(".cm-content").click();
    await visit.page.keyboard.press("Control+End");
    await visit.page.keyboard.type("scale(");
    await visit.page.locator(".signature", { hasText: "scale(value, *, by=2)" }).waitFor();
    await visit.page.keyboard.press("Escape");
    await visit.page.locator(".signature").waitFor({ state: "detached" });
    await visit.page.keyboard.type("sca");
    await visit.page.locator(".cm-tooltip-autocomplete", { hasText: "scale" }).waitFor();
  });
});
