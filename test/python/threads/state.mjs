/** Functions that attach.test.ts and pool.test.ts spawn. `words` is an Int32Array over shared memory. */

const DEADLINE = 30_000;

/** Waits until a word has a value, or fails. */
export function until(words, at, value) {
  const end = Date.now() + DEADLINE;
  for (let now = Atomics.load(words, at); now !== value; now = Atomics.load(words, at)) {
    if (Date.now() > end) {
      throw new Error(`word ${at} stayed ${now} instead of ${value}`);
    }
    Atomics.wait(words, at, now, 1000);
  }
}

export function set(words, at, value) {
  Atomics.store(words, at, value);
  Atomics.notify(words, at);
}

/** The attach count through nesting and throws. */
export function counts(weft) {
  const { realm } = weft;
  const seen = [realm.attachCount];
  weft.attach((py) => {
    seen.push(realm.attachCount);
    weft.attach(() => seen.push(realm.attachCount));
    try {
      weft.attach(() => {
        seen.push(realm.attachCount);
        throw new Error("mine");
      });
    } catch {
      seen.push(realm.attachCount);
    }
    py.detach(() => {
      seen.push(realm.attachCount);
      weft.attach(() => seen.push(realm.attachCount));
      seen.push(realm.attachCount);
    });
    try {
      py.detach(() => {
        throw new Error("mine");
      });
    } catch {
      seen.push(realm.attachCount);
    }
    const f = py.function(() => seen.push(realm.attachCount), "count");
    f.call();
  });
  seen.push(realm.attachCount);
  return seen;
}

/** Attaches over and over, with nesting, detaching, throwing, and Python's collector. */
export function hammer(weft, rounds, seed) {
  let thrown = 0;
  for (let i = 0; i < rounds; i++) {
    try {
      weft.attach((py) => {
        const list = py.list([i, seed]);
        weft.attach(() => list.callMethod("append", i));
        if (i % 7 === 0) {
          py.detach(() => weft.attach((inner) => inner.list([1])));
        }
        if (i % 500 === 0) {
          py.import("gc").callMethod("collect");
        }
        if (i % 11 === 0) {
          throw new RangeError("mine");
        }
      });
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      thrown++;
    }
  }
  return { thrown, count: weft.realm.attachCount };
}

/** Holds the attachment until word 1; word 0 says that it has it. */
export function hold(weft, words) {
  return weft.attach((py) => {
    set(words, 0, 1);
    until(words, 1, 1);
    return py.eval("6 * 7").toJs();
  });
}

/** Runs Python code until word 1. */
export function runAttached(weft, words) {
  return weft.attach((py) => {
    const end = Date.now() + DEADLINE;
    const done = () => {
      set(words, 0, 1);
      return Atomics.load(words, 1) === 1 || Date.now() > end;
    };
    py.run("while not done(): pass", py.dict([["done", py.function(done, "done")]]));
    return 42;
  });
}

/** Parks detached inside of an attach until word 1, and tries to go on. */
export function park(weft, words) {
  return weft.attach((py) => {
    py.detach(() => {
      set(words, 0, 1);
      until(words, 1, 1);
    });
    return py.eval("6 * 7").toJs();
  });
}

/** The same below a call from Python. */
export function parkInCall(weft, words) {
  return weft.attach((py) => {
    const f = py.function(() => {
      py.detach(() => {
        set(words, 0, 1);
        until(words, 1, 1);
        weft.attach((inner) => inner.eval("1"));
      });
      return 41;
    }, "park");
    return py.eval("f() + 1", py.dict([["f", f]])).toJs();
  });
}

/** Waits in Python, where CPython detaches, until word 1 is seen through `event`. */
export function waitInPython(weft, words, event) {
  return weft.attach((py) => {
    set(words, 0, 1);
    event.bind(py).callMethod("wait");
    return 42;
  });
}

export function spinDetached(weft, words) {
  weft.attach(() => 1);
  set(words, 0, 1);
  for (;;);
}

/**
 * Attaches for 100 ms, without running Python code, again and again until word 2: how often since word 1, at which another
 * thread stops all threads (stopAll).
 */
export function attachUntilStopped(weft, words) {
  const end = Date.now() + DEADLINE;
  let rounds = 0;
  set(words, 0, 1);
  while (Atomics.load(words, 2) === 0 && Date.now() < end) {
    const asked = Atomics.load(words, 1) === 1;
    weft.attach(() => {
      const over = Date.now() + 100;
      while (Atomics.load(words, 2) === 0 && Date.now() < over);
    });
    rounds += asked ? 1 : 0;
  }
  return rounds;
}

/** Stops all threads for a moment. */
export function stopAll(weft, words) {
  weft.attach((py) => {
    const stop = py.import("sys").getAttr("_current_frames");
    set(words, 1, 1);
    stop.call()[Symbol.dispose]();
    set(words, 2, 1);
  });
}

export function spinAttached(weft, words) {
  weft.attach((py) => {
    set(words, 0, 1);
    py.run("while True: pass", py.dict());
  });
}

/** Attaches until that fails, and says how it failed. */
export function attachUntilRefused(weft, words) {
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  for (;;) {
    try {
      weft.attach((py) => py.list([1]));
    } catch (error) {
      Atomics.add(words, 2, 1);
      Atomics.notify(words, 2);
      return error.name;
    }
  }
}

/** Drops references that it gets, detached. */
export function dropAll(weft, words, ...references) {
  until(words, 0, 1);
  for (const reference of references) {
    reference.drop();
  }
  return weft.attached;
}

/** Makes objects with weak references to them, and drops them detached. */
export function dropStorm(weft, rounds, refs) {
  const kept = refs;
  for (let i = 0; i < rounds; i++) {
    const reference = weft.attach((py) => {
      const space = py.dict();
      py.run("class C: pass\nobject = C()\nimport weakref\nref = weakref.ref(object)", space);
      kept.bind(py).callMethod("append", space.getItem("ref"));
      const object = space.getItem("object").unbind();
      space.callMethod("clear");
      return object;
    });
    reference.drop();
  }
  kept.drop();
}

export function ok(weft, value) {
  return weft.attach((py) => py.from(value).toJs());
}

export function notCopyable() {
  return () => 1;
}

export function throwsNotCopyable() {
  throw { f: () => 1 };
}

export function referenceAndFunction(weft, list) {
  return [list, () => 1];
}

export function exits() {
  process.exit(3);
}

/** TS -> Python -> TS with errors of each kind, in this thread. */
export function roundTrips(weft) {
  return weft.attach((py) => {
    const thrown = [new RangeError("mine"), "text", null, undefined, 5, { a: 1 }, Object.create(null), py.error(py.builtin("KeyError"), "k")];
    return thrown.map((error) => {
      const space = py.dict([["f", py.function(() => { throw error; }, "f")]]);
      try {
        py.eval("f()", space);
      } catch (caught) {
        return caught === error || (caught.name === "PyErr" && caught.value(py).is(error.value(py)));
      }
      return "nothing thrown";
    });
  });
}

/** Endless recursion through JavaScript and Python. */
export function recurse(weft) {
  return weft.attach((py) => {
    const space = py.dict();
    space.setItem("f", py.function(() => py.eval("f()", space).toJs(), "f"));
    let name;
    try {
      py.eval("f()", space);
    } catch (error) {
      name = error.name === "PyErr" ? error.typeName : error.name;
    }
    return [name, py.eval("1 + 1").toJs()];
  });
}

/** What this realm's first conversions and errors come to, where what they need cannot be imported once. */
export function convertThrice(weft) {
  const says = [];
  for (let i = 0; i < 3; i++) {
    weft.attach((py) => {
      try {
        says.push(py.eval("[1, 'a', 2.5]").toJs());
        py.eval("1 / 0");
      } catch (error) {
        says.push(`${error.name} ${error.message}`);
      }
    });
  }
  return says;
}

/** Asks for signals until word 1, in attachments of some rounds each, so that the collector gets its turns: how often. */
export function askForSignals(weft, words) {
  const end = Date.now() + DEADLINE;
  let asked = 0;
  set(words, 0, 1);
  while (Atomics.load(words, 1) === 0 && Date.now() < end) {
    weft.attach((py) => {
      for (let i = 0; i < 100; i++, asked++) {
        py.checkSignals();
      }
    });
  }
  return asked;
}
