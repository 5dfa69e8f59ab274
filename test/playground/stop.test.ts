import { expect, test } from "vitest";
import { INTERRUPTED, LIMIT, PRINTS, RESTARTED } from "./hangs.js";
import { Playground, type Visit } from "./harness.js";

const playgroundPage = new Playground();
/** Milliseconds from the click on Stop until Python is ready again. */
async function stop({ page }: Visit): Promise<number> {
  return page.evaluate(async () => {
    const begin = performance.now();
    document.getElementById("stop")!.click();
    while (playground.state !== "ready") {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (performance.now() - begin > 30_000) {
        break;
      }
    }
    return performance.now() - begin;
  });
}

async function usable(visit: Visit): Promise<void> {
  await visit.page.waitForFunction(() => playground.terminal.text.endsWith(">>>"));
  await visit.page.click("#terminal");
  await visit.page.keyboard.type("6 * 7");
  await visit.page.keyboard.press("Enter");
  await visit.shows("\n42\n>>>");
}

/** As it is when somebody has looked at the page for a moment. */
async function ready(visit: Visit): Promise<void> {
  await visit.state("ready");
  await visit.page.waitForFunction(() => playground.reserved);
}

test.each(Object.entries(INTERRUPTED))("Stop interrupts %s", async (_, program) => {
  await playgroundPage.again(async (visit) => {
    await ready(visit);
    await visit.begin(program);
    await visit.page.waitForTimeout(500);
    const time = await stop(visit);
    await usable(visit);
    expect(await visit.text()).toContain("KeyboardInterrupt");
    expect(await visit.text()).toContain("Stopped after");
    expect(time).toBeLessThan(LIMIT);
    console.log(`${_}: ${Math.round(time)} ms`);
  });
});

test("Stop ends a program that prints without end", async () => {
  await playgroundPage.again(async (visit) => {
    await ready(visit);
    await visit.begin(PRINTS);
    await visit.page.waitForTimeout(500);
    const time = await stop(visit);
    await usable(visit);
    // How long that takes depends on how fast the browser draws.
    expect(await visit.text()).toMatch(/KeyboardInterrupt|Python was restarted/);
    console.log(`prints without end: ${Math.round(time)} ms`);
  });
});

test.each(Object.entries(RESTARTED))("Stop restarts Python under %s", async (_, program) => {
  await playgroundPage.again(async (visit) => {
    await ready(visit);
    await visit.begin(program);
    await visit.page.waitForTimeout(500);
    const time = await stop(visit);
    await usable(visit);
    expect(await visit.text()).toContain("Python was restarted");
    expect(time).toBeLessThan(LIMIT);
    console.log(`${_}: ${Math.round(time)} ms`);
  });
});

test("Restart gives a fresh interpreter, also while a program runs", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.begin("value = 1\nwhile True: pass");
    await visit.page.click("#restart");
    await visit.shows("you asked for it");
    await visit.state("ready");
    await visit.page.waitForFunction(() => playground.terminal.text.endsWith(">>>"));
    await visit.page.click("#terminal");
    await visit.page.keyboard.type("value");
    await visit.page.keyboard.press("Enter");
    await visit.shows("NameError");
  });
});

test("a program that ends Python is replaced", async () => {
  await playgroundPage.again(async (visit) => {
    await visit.state("ready");
    await visit.write("test.py", "import os\nos._exit(3)");
    await visit.page.click("#run");
    await visit.shows("Python was restarted: Python has ended with status 3");
    await visit.state("ready");
    await usable(visit);
  });
});

test("a line of the prompt that ends Python is followed by a prompt of a new one", async () => {
  await playgroundPage.again(async (visit) => {
    await ready(visit);
    await visit.page.waitForFunction(() => playground.terminal.text.endsWith(">>>"));
    await visit.page.click("#terminal");
    await visit.page.keyboard.type("import os; os._exit(3)");
    await visit.page.keyboard.press("Enter");
    await visit.shows("Python was restarted: Python has ended with status 3");
    await usable(visit);
    expect(await visit.text()).not.toContain(">>> >>>");
  });
});

test("threads that a program leaves behind do not meet the next one", async () => {
  await playgroundPage.again(async (visit) => {
    const text = await visit.run("import threading, time\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()");
    expect(text).toContain("one thread is still running");
    expect(await visit.run("import threading\nprint(threading.active_count())")).toContain("\n1\nDone");
  });
});

test("the thread view shows where threads hang", async () => {
  await playgroundPage.visit(async (visit) => {
    const { page } = visit;
    await visit.state("ready");
    await page.click("#threads-toggle");
    await visit.begin(`
import threading, time
lock = threading.Lock()
lock.acquire()
def wait_for_ever():
    lock.acquire()
threading.Thread(target=wait_for_ever, name="stuck").start()
threading.Thread(target=time.sleep, args=(1000,), name="sleeper").start()
def spin():
    while True:
        pass
threading.Thread(target=spin, name="spinner").start()
sum(range(10**10))
`);
    const row = (name: string) => page.locator(".thread", { has: page.locator(".name", { hasText: name }) });
    await row("stuck").getByText("waits for a lock that MainThread has").waitFor();
    await row("sleeper").getByText("sleeps").waitFor();
    await row("spinner").getByText("running").waitFor();
    await row("MainThread").getByText("running").waitFor();
    // And no others.
    await page.locator("#threads-count").getByText(/^4, 2 running$/).waitFor();
    expect(await page.locator("#threads .thread").count()).toBe(4);
    // What it did in the last seconds: one computed all the time, the other not at all.
    await row("spinner").locator(".load").getByText(/^(9\d|100) %$/).waitFor();
    await row("sleeper").locator(".load").getByText(/^0 %$/).waitFor();
    await row("stuck").locator("button").click();
    await row("stuck").getByText("wait_for_ever  test.py:6").waitFor();
    await row("spinner").locator("button").click();
    await row("spinner").getByText(/spin {2}test.py:1[01]/).waitFor();
    await row("MainThread").locator("button").click();
    await row("MainThread").getByText("<module>  test.py:13").waitFor();
  });
});
