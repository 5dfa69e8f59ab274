import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { api, type HostWeft, type Py, type PyAny } from "./package.js";

const { PyDict, PyList } = api;

const LIMIT = 90_000;
const shared = sharedWeft();

/** One thread to be: an export of threads/containers.mjs and what follows its barrier. */
type Part = readonly [name: string, ...values: unknown[]];

/** Starts all parts; none begins before all are there. Owned references stay the caller's. */
function start(weft: HostWeft, parts: readonly Part[], total = parts.length): Promise<unknown>[] {
  return weft.attach((py) => {
    const barrier = py.import("threading").callMethod("Barrier", total);
    return launch(weft, barrier.unbind(), parts);
  });
}

function launch(weft: HostWeft, barrier: Py<PyAny>, parts: readonly Part[]): Promise<unknown>[] {
  return weft.attach((py) => {
    const copied = (value: unknown): unknown => (value instanceof api.Py ? (value as Py<PyAny>).cloneRef(py) : value);
    return parts.map(([name, ...values]) => weft.spawn(threadModule("containers.mjs"), name, barrier.cloneRef(py), ...values.map(copied)).join());
  });
}

/** Runs readers until all writers have ended; gives what the readers return. */
async function contest(writers: readonly Part[], readers: readonly Part[]): Promise<unknown[]> {
  const { weft } = shared;
  const done = weft.attach((py) => py.import("threading").callMethod("Event").unbind());
  const ends = start(weft, [...writers, ...readers.map((part): Part => [...part, done])]);
  try {
    await Promise.all(ends.slice(0, writers.length));
  } finally {
    // Also when a writer failed: the readers shall end.
    weft.attach((py) => done.bind(py).callMethod("set"));
  }
  return Promise.all(ends.slice(writers.length));
}

describe("readers against delete and replace", () => {
  test("of a dict's values", { timeout: LIMIT }, async () => {
    const dict = shared.weft.attach((py) => py.dict().unbind());
    const ends = await contest([["dictWriter", dict, 3000], ["dictWriter", dict, 3000]], [["dictReader", dict], ["dictReader", dict]]);
    for (const end of ends as { turns: number; found: number }[]) {
      expect(end.found).toBeGreaterThan(0);
    }
  });

  test("of a list's items", { timeout: LIMIT }, async () => {
    const list = shared.weft.attach((py) => py.list().unbind());
    const ends = await contest([["listWriter", list, 2000], ["listWriter", list, 2000]], [["listReader", list], ["listReader", list]]);
    for (const end of ends as { turns: number; found: number }[]) {
      expect(end.found).toBeGreaterThan(0);
    }
  });
});

describe("mutate while iterating", () => {
  test("a dict's iteration ends whole or throws as Python's does", { timeout: LIMIT }, async () => {
    const dict = shared.weft.attach((py) => py.dict([["x", 1], ["y", 2]]).unbind());
    const ends = await contest([["keyWriter", dict, "a", 3000], ["keyWriter", dict, "b", 3000]], [["dictWalker", dict], ["dictWalker", dict]]);
    const sum = (ends as { whole: number; refused: number }[]).reduce((a, b) => ({ whole: a.whole + b.whole, refused: a.refused + b.refused }));
    expect(sum.whole + sum.refused).toBeGreaterThan(0);
  });

  test("a list's iteration always ends", { timeout: LIMIT }, async () => {
    const list = shared.weft.attach((py) => py.list().unbind());
    const ends = await contest([["listWriter", list, 1500]], [["listWalker", list], ["listWalker", list]]);
    for (const items of ends as number[]) {
      expect(items).toBeGreaterThan(0);
    }
  });

  test("lockedForEach sees one state of a dict and of a list", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    const dict = weft.attach((py) => py.dict(["a", "b", "c", "d"].map((key) => [key, -1] as const)).unbind());
    const list = weft.attach((py) => py.list(Array.from({ length: 50 }, (_, i) => i)).unbind());
    const ends = await contest([["wholeWriter", dict, list, 2000], ["wholeWriter", dict, list, 2000]], [["lockedWalker", dict, list], ["lockedWalker", dict, list]]);
    for (const turns of ends as number[]) {
      expect(turns).toBeGreaterThan(0);
    }
  });
});

test("setDefault from several threads converges on one object for each key", { timeout: LIMIT }, async () => {
  const { weft } = shared;
  const dict = weft.attach((py) => py.dict().unbind());
  const parts = Array.from({ length: 4 }, (): Part => ["setDefaults", dict, 500]);
  const ends = (await Promise.all(start(weft, parts))) as (readonly [number, boolean])[][];
  weft.attach((py) => {
    const now = dict.bind(py).cast(PyDict);
    expect(now.length()).toBe(500);
    for (let i = 0; i < 500; i++) {
      const { pointer } = now.get(`key${i}`)!;
      expect(ends.map((end) => end[i]![0])).toEqual(ends.map(() => pointer));
      expect(ends.filter((end) => end[i]![1]).length).toBe(1);
    }
  });
});

test("threads that intern equal texts at once get one str for each", { timeout: LIMIT }, async () => {
  const ends = (await Promise.all(start(shared.weft, Array.from({ length: 4 }, (): Part => ["interner", 300])))) as number[][];
  expect(new Set(ends[0]).size).toBe(300);
  for (const end of ends) {
    expect(end).toEqual(ends[0]);
  }
});

test("weak references upgrade to a living object or to none while the last reference goes", { timeout: LIMIT }, async () => {
  const { weft } = shared;
  const [type, died, board] = weft.attach((py) => {
    const globals = py.dict();
    py.run("died = []\nclass Thing:\n def __init__(self, number): self.number = number\n def __del__(self): died.append(self.number)", globals);
    return [globals.getItem("Thing").unbind(), globals.getItem("died").unbind(), py.dict().unbind()] as const;
  });
  const count = 100;
  await Promise.all(start(weft, [["weakOwner", type, board, count], ["weakUser", board, count], ["weakUser", board, count]]));
  weft.attach((py) => {
    // Each died once, and in its round.
    expect(died.bind(py).toJs()).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});

test("copies see extensions whole, and lists that extend each other do not block", { timeout: LIMIT }, async () => {
  const { weft } = shared;
  const [one, two] = weft.attach((py) => [py.list().unbind(), py.list().unbind()] as const);
  const ends = await contest([["extender", one, two, 400], ["extender", two, one, 400]], [["copier", one], ["copier", two]]);
  expect((ends as number[]).reduce((a, b) => a + b)).toBeGreaterThan(0);
  weft.attach((py) => {
    expect(one.bind(py).cast(PyList).length() % 10).toBe(0);
  });
});

test("threads that are the first to use datetime find one module", { timeout: LIMIT }, async () => {
  const weft = await api.loadWeft();
  try {
    expect(await weft.eval("'datetime' in __import__('sys').modules")).toBe(false);
    const ends = (await Promise.all(start(weft, Array.from({ length: 4 }, (): Part => ["coldDatetime"])))) as [number, string][];
    expect(new Set(ends.map(([type]) => type)).size).toBe(1);
    expect(ends.every(([, text]) => text === "1970-01-02 00:00:00+00:00")).toBe(true);
    expect(await weft.eval(`id(__import__('datetime').datetime) == ${ends[0]![0] >>> 0}`)).toBe(true);
  } finally {
    await weft.terminate();
  }
});
