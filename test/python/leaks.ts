import { expect } from "vitest";
import type { HostWeft, PyAny, Py, Python } from "./package.js";

/** Milliseconds for what another thread releases: whoever takes the pool's list may still be at it. */
const DEADLINE = 30_000;

/**
 * Checks that `use` leaves no reference of ours: not to the object that it is given, which is made for
 * this check alone, and no value of this realm's that Python objects stand for. What it keeps on purpose
 * it has to drop itself.
 */
export async function expectNoLeak(weft: HostWeft, use: (object: Py<PyAny>, py: Python) => unknown): Promise<void> {
  // The first attach of a realm makes what it keeps for ever.
  const object = weft.attach((py) => {
    const space = py.dict();
    py.run("class Fresh: pass", space);
    return space.getItem("Fresh").call().unbind();
  });
  const count = (): unknown => weft.attach((py) => py.import("sys").callMethod("getrefcount", object.bind(py)).toJs());
  const before = { count: count(), values: weft.realm.keptValues };
  try {
    await weft.attach((py) => use(object, py));
    await expect
      .poll(() => {
        weft.attach((py) => py.import("gc").callMethod("collect"));
        return { count: count(), values: weft.attach(() => weft.realm.keptValues) };
      }, { timeout: DEADLINE })
      .toEqual(before);
  } finally {
    object.drop();
  }
}
