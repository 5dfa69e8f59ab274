import { describe, expect, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { expectNoLeak } from "./leaks.js";
import { api, type Py, type PyAny, type PyErr, type Python } from "./package.js";

const shared = sharedWeft();

describe("no reference of ours is left after", () => {
  const uses: Record<string, (object: Py<PyAny>, py: Python) => void> = {
    "binding, cloning and moving": (object, py) => {
      object.bind(py);
      object.cloneRef(py).drop();
      object.cloneRef(py).intoBound(py).toOwned().drop();
    },
    "attributes and items": (object, py) => {
      const bound = object.bind(py);
      bound.setAttr("x", [1, bound]);
      expect(bound.getAttr("x").length()).toBe(2);
      bound.getOptionalAttr("x");
      bound.getOptionalAttr("y");
      bound.delAttr("x");
      py.list([bound, bound]).getItem(1);
      py.dict([[bound, bound]]).getItem(bound);
      py.tuple([bound]);
      py.set([bound]);
    },
    "calls both ways": (object, py) => {
      // A function owns what it is given.
      const func = py.function((x: Py) => { x.drop(); }, "take");
      func.call(object.bind(py));
      const raw = py.rawFunction("raw", (_, [x], keywords) => [x, keywords.get("k")]);
      raw.callWith([object.bind(py)], { k: object.bind(py) });
    },
    "iteration that is given up": (object, py) => {
      for (const item of py.list([object.bind(py), 2])) {
        expect(item.is(object.bind(py))).toBe(true);
        break;
      }
    },
    "a throw out of the closure": (object, py) => {
      expect(() =>
        shared.weft.attach((inner) => {
          object.bind(inner);
          inner.list([object.bind(inner)]).getItem(5);
        }),
      ).toThrow("IndexError");
      expect(() => py.eval("[][0]")).toThrow();
    },
    "errors that carry it": (object, py) => {
      const error = py.error(py.builtin("ValueError"), object.bind(py));
      const func = py.function(() => { throw error; }, "raise_");
      let caught: unknown;
      try {
        func.call();
      } catch (thrown) {
        caught = thrown;
      }
      // The traceback holds no frame of ours.
      (caught as PyErr).dispose();
      error.dispose();
      const lazy = api.lazyError((token) => ({ type: token.builtin("KeyError"), values: [object.bind(token)] }));
      lazy.value(py);
      lazy.dispose();
      const member = py.error(py.builtin("ValueError"), object.bind(py));
      const group = py.exceptionGroup("group", [member]);
      member.dispose();
      group.dispose();
    },
    "a host error that nobody wants": (object, py) => {
      const func = py.function(() => { throw new RangeError("mine"); }, "raise_");
      const space = py.dict([["f", func], ["o", object.bind(py)]]);
      py.run("try: f()\nexcept Exception: pass", space);
    },
    "detaching": (object, py) => {
      const bound = object.bind(py);
      py.detach(() => {
        shared.weft.attach((inner) => object.bind(inner));
        shared.weft.attach((inner) => object.cloneRef(inner)).drop();
      });
      bound.toOwned().drop();
    },
  };
  test.each(Object.entries(uses))("%s", async (_, use) => {
    await expectNoLeak(shared.weft, use);
  });

  test("a thread that got it, returned it, or threw", async () => {
    const { weft } = shared;
    const states = threadModule("state.mjs");
    await expectNoLeak(weft, async (object, py) => {
      const clones = [object.cloneRef(py), object.cloneRef(py)];
      const [returned] = (await weft.spawn<[Py, unknown]>(threadModule("pool.mjs"), "giveBack", clones[0]).join());
      returned.drop();
      await weft.spawn(threadModule("pool.mjs"), "dropDetached", clones[1]).join();
      await weft.spawn(states, "ok", 1).join();
    });
  });
});

test("the check finds a leak", async () => {
  let kept: Py | undefined;
  const object = shared.weft.attach((py) => py.list([1]).unbind());
  const count = (): unknown => shared.weft.attach((py) => py.import("sys").callMethod("getrefcount", object.bind(py)).toJs());
  const before = count();
  shared.weft.attach((py) => {
    kept = object.cloneRef(py);
  });
  expect(count()).toBe((before as number) + 1);
  kept!.drop();
  object.drop();
});
