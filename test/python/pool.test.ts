import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import type { Py, PyAny } from "./package.js";

const pool = threadModule("pool.mjs");
const DEADLINE = 30_000;
const shared = sharedWeft();

/** How many references in a list are to live objects. */
function alive(refs: Py<PyAny>): number {
  return shared.weft.attach((py) => {
    const space = py.dict([["refs", refs.bind(py)]]);
    return py.eval("sum(ref() is not None for ref in refs)", space).toJs() as number;
  });
}

function refcount(object: Py<PyAny>): number {
  return shared.weft.attach((py) => py.import("sys").callMethod("getrefcount", object.bind(py)).toJs() as number);
}

describe("references that detached threads drop", () => {
  test("are released at the next attach or by the idle main thread, not before, and not when attached", async () => {
    const { weft } = shared;
    const [object, second, third] = weft.attach((py) => {
      const list = py.list();
      return [list.toOwned(), list.toOwned(), list.unbind()] as Py<PyAny>[];
    });
    const before = refcount(object!);
    weft.attach((py) => {
      const bound = object!.bind(py);
      const count = (): number => py.import("sys").callMethod("getrefcount", bound).toJs() as number;
      const attached = count();
      second!.drop();
      expect(count()).toBe(attached - 1);
      py.detach(() => {
        third!.drop();
        expect(weft.attached).toBe(false);
      });
    });
    await expect.poll(() => refcount(object!), { timeout: DEADLINE }).toBe(before - 2);
    object!.drop();
  });

  test("are released while nobody attaches", async () => {
    const { weft } = shared;
    const globals = weft.attach((py) => py.dict().unbind());
    // Made on the main thread, which owns it then.
    await weft.run("import threading\nclass C:\n def __del__(self, event=threading.Event()): event.set()\nevent = C.__del__.__defaults__[0]\nobject = C()", { globals });
    const [object, seen] = weft.attach((py) => {
      const space = globals.bind(py);
      return [space.callMethod("pop", "object").unbind(), space.getItem("event").unbind()];
    });
    globals.drop();
    object!.drop();
    // The idle main thread takes the pool's list.
    const words = weft.realm.functions.weft_python_words();
    await expect.poll(() => weft.realm.memory.word(words + 4), { timeout: DEADLINE }).toBe(0);
    // The object is another thread's (the main thread's), so nobody else need attach for it to die.
    const wait = weft.attach((py) => seen!.bind(py).getAttr("wait").unbind());
    const waited = await weft.call((py) => ({ callable: wait.bind(py), positional: [DEADLINE / 1000] }));
    expect(weft.attach((py) => (waited as Py<PyAny>).intoBound(py).toJs())).toBe(true);
    wait.drop();
    seen!.drop();
  });

  test("by many threads beside threads that attach: every object dies", { timeout: 60_000 }, async () => {
    const { weft } = shared;
    const refs = weft.attach((py) => py.list().unbind());
    const threads = [
      ...Array.from({ length: 4 }, () => weft.spawn(pool, "storm", weft.attach((py) => refs.cloneRef(py)), 500)),
      ...Array.from({ length: 2 }, () => weft.spawn(pool, "attacher", 3000)),
    ];
    await Promise.all(threads.map((thread) => thread.join()));
    expect(weft.attach((py) => refs.bind(py).length())).toBe(2000);
    await expect.poll(() => alive(refs), { timeout: DEADLINE }).toBe(0);
    refs.drop();
  });

  test("may have destructors that drop, attach and drain again", async () => {
    const { weft } = shared;
    const space = weft.attach((py) => {
      const made = py.dict();
      py.run(
        "import threading\nlock = threading.Lock()\ncount = 0\nclass D:\n def __init__(self, hook): self.hook = hook\n def __del__(self):\n  global count\n  with lock: count += 1\n  try: self.hook()\n  except RuntimeError: pass",
        made,
      );
      return made.unbind();
    });
    const threads = Array.from({ length: 4 }, () => weft.spawn(pool, "chain", 100, weft.attach((py) => space.cloneRef(py))));
    await Promise.all(threads.map((thread) => thread.join()));
    // The hook works only where the destructor runs in its own realm; the other object leaks then.
    await expect.poll(() => weft.attach((py) => space.bind(py).getItem("count").toJs()), { timeout: DEADLINE }).toBeGreaterThanOrEqual(400);
    space.drop();
  });
});

test("what was forgotten is released by JavaScript's collector", { timeout: 60_000 }, () => {
  const output = execFileSync(process.execPath, ["--expose-gc", fileURLToPath(threadModule("forget.mjs"))], { encoding: "utf8", timeout: 60_000 });
  expect(output).toBe("0 of 200 alive\n");
});
