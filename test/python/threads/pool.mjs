/** Functions that pool.test.ts and leaks.test.ts spawn. */

export function giveBack(weft, object) {
  return weft.attach((py) => [object.cloneRef(py), object.drop()]);
}

export function dropDetached(weft, object) {
  object.drop();
  return weft.attached;
}

/** Makes objects with weak references to them and drops them detached; `refs` is a list in Python. */
export function storm(weft, refs, rounds) {
  for (let i = 0; i < rounds; i++) {
    const object = weft.attach((py) => {
      const list = refs.bind(py);
      const made = py.set();
      list.callMethod("append", py.import("weakref").callMethod("ref", made));
      return made.unbind();
    });
    object.drop();
  }
  refs.drop();
}

/** Only attaches, so that it drains. */
export function attacher(weft, rounds) {
  for (let i = 0; i < rounds; i++) {
    weft.attach((py) => py.none);
  }
}

/** Drops objects whose destructors (in Python) drop more and attach, all below the drain. */
export function chain(weft, rounds, space) {
  for (let i = 0; i < rounds; i++) {
    const kept = [];
    const object = weft.attach((py) => {
      const hook = py.function(() => {
        // Detached drops inside of a destructor that the drain runs, then another drain.
        weft.realm.functions.weft_pool_drop(kept.pop());
        weft.attach(() => 1);
      }, "hook");
      const inner = space.bind(py).getItem("D").call(py.builtin("int"));
      kept.push(inner.leak());
      return space.bind(py).getItem("D").call(hook).unbind();
    });
    object.drop();
    weft.attach(() => 1);
  }
  space.drop();
}
