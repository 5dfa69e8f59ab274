/** Functions that containers-concurrent.test.ts spawns. Each waits for all others at its barrier before it begins. */
import { PyDateTime, PyDict, PyErr, PyList, PyTuple, PyWeakref } from "../../../dist/lib/index.js";

/** Seconds until a thread gives up waiting for the others. */
const PATIENCE = 60;

function meet(weft, barrier) {
  weft.attach((py) => barrier.bind(py).callMethod("wait", PATIENCE));
}

/** Calls in attachments of 20 rounds each, so that the garbage collector gets its turns. */
function rounds(weft, count, call) {
  for (let first = 0; first < count; first += 20) {
    weft.attach((py) => {
      for (let i = first; i < Math.min(first + 20, count); i++) {
        py.scoped(() => call(py, i));
      }
    });
  }
}

function require(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

/** Until the writers say that they are done. */
function untilDone(weft, done, call) {
  let turns = 0;
  for (let over = false; !over; turns++) {
    weft.attach((py) => {
      over = done.bind(py).callMethod("is_set").toJs();
      for (let i = 0; i < 20; i++) {
        py.scoped(() => call(py, i));
      }
    });
  }
  return turns * 20;
}

// ---- readers against delete and replace

/** Replaces and removes values under two keys: pairs of equal numbers, which nobody else refers to. */
export function dictWriter(weft, barrier, object, count) {
  meet(weft, barrier);
  rounds(weft, count, (py, i) => {
    const dict = object.bind(py).cast(PyDict);
    const key = i % 2;
    dict.set(key, py.tuple([i, i]));
    if (i % 3 === 0) {
      dict.delete(key);
    } else if (i % 3 === 1) {
      dict.pop(key);
    }
  });
  object.drop();
}

export function dictReader(weft, barrier, object, done) {
  meet(weft, barrier);
  let found = 0;
  const turns = untilDone(weft, done, (py, i) => {
    const value = object.bind(py).cast(PyDict).get(i % 2);
    if (value !== undefined) {
      const [a, b] = value.cast(PyTuple).toJs();
      require(Number.isInteger(a) && a === b, `torn value ${a}, ${b}`);
      found++;
    }
  });
  return { turns, found };
}

/** Replaces items, and makes the list shorter and longer. */
export function listWriter(weft, barrier, object, count) {
  meet(weft, barrier);
  rounds(weft, count, (py, i) => {
    const list = object.bind(py).cast(PyList);
    try {
      list.set(i % 4, py.tuple([i, i]));
      if (i % 5 === 0) {
        list.callMethod("pop");
      } else if (i % 97 === 0) {
        list.clear();
      }
    } catch (error) {
      // Others made it shorter.
      require(error instanceof PyErr && error.typeName === "IndexError", String(error));
    }
    list.append(py.tuple([i, i]));
  });
}

export function listReader(weft, barrier, object, done) {
  meet(weft, barrier);
  let found = 0;
  const turns = untilDone(weft, done, (py, i) => {
    const list = object.bind(py).cast(PyList);
    for (const item of [list.at(i % 4), list.at(-1), ...list.slice(0, 3)]) {
      if (item !== undefined) {
        const [a, b] = item.cast(PyTuple).toJs();
        require(Number.isInteger(a) && a === b, `torn item ${a}, ${b}`);
        found++;
      }
    }
  });
  return { turns, found };
}

// ---- mutate while iterating

/** Adds and removes keys of its own. */
export function keyWriter(weft, barrier, object, name, count) {
  meet(weft, barrier);
  rounds(weft, count, (py, i) => {
    const dict = object.bind(py).cast(PyDict);
    const key = `${name}${i % 7}`;
    if (!dict.delete(key)) {
      dict.set(key, i);
    }
  });
}

/** Counts how iterations over a changing dict end. */
export function dictWalker(weft, barrier, object, done) {
  meet(weft, barrier);
  let whole = 0;
  let refused = 0;
  untilDone(weft, done, (py) => {
    const dict = object.bind(py).cast(PyDict);
    try {
      for (const [key, value] of dict.entries()) {
        require(typeof key.toJs() === "string" && Number.isInteger(value.toJs()), "not an entry of the dict");
      }
      whole++;
    } catch (error) {
      require(error instanceof PyErr && /^RuntimeError: dictionary (changed size|keys changed) during iteration$/.test(error.message), String(error));
      refused++;
    }
  });
  return { whole, refused };
}

/** Gives all values of a dict one number, and turns a list round. */
export function wholeWriter(weft, barrier, object, other, count) {
  meet(weft, barrier);
  rounds(weft, count, (py, i) => {
    object.bind(py).cast(PyDict).update({ a: i, b: i, c: i, d: i });
    other.bind(py).cast(PyList).reverse();
  });
}

/** Under the lock, all values are of one update, and the list is of one direction. */
export function lockedWalker(weft, barrier, object, other, done) {
  meet(weft, barrier);
  return untilDone(weft, done, (py) => {
    const values = [];
    object.bind(py).cast(PyDict).lockedForEach((key, value) => values.push(value.toJs()));
    require(values.length === 4 && values.every((value) => value === values[0]), `of several updates: ${values}`);
    const items = [];
    other.bind(py).cast(PyList).lockedForEach((item) => items.push(item.toJs()));
    const step = items[1] - items[0];
    require(items.length === 50 && items.every((item, i) => item === items[0] + step * i), `of several directions: ${items}`);
  });
}

/** Steps of iterations over a list that others make longer and shorter. */
export function listWalker(weft, barrier, object, done) {
  meet(weft, barrier);
  let items = 0;
  untilDone(weft, done, (py) => {
    for (const item of object.bind(py).cast(PyList)) {
      const [a, b] = item.cast(PyTuple).toJs();
      require(a === b, `torn item ${a}, ${b}`);
      items++;
    }
  });
  return items;
}

// ---- setDefault

/** For each key: the address of the object that is in the dict, and whether this thread put it there. */
export function setDefaults(weft, barrier, object, count) {
  meet(weft, barrier);
  const found = [];
  rounds(weft, count, (py, i) => {
    const { value, inserted } = object.bind(py).cast(PyDict).setDefault(`key${i}`, py.list([i]));
    found.push([value.pointer, inserted]);
  });
  return found;
}

// ---- interned texts

/** Addresses of interned strs that no code has used before. They are immortal. */
export function interner(weft, barrier, count) {
  meet(weft, barrier);
  const found = [];
  rounds(weft, count, (py, i) => found.push(py.intern(`interned at once ${i}`).pointer));
  return found;
}

// ---- weak references

/** Upgrades until the object is gone; how often that gave it. */
function upgradeUntilGone(weft, board, i, each) {
  const deadline = Date.now() + 1000 * PATIENCE;
  let upgraded = 0;
  for (let alive = true; alive; ) {
    require(Date.now() < deadline, `the object of round ${i} does not die`);
    weft.attach((py) => {
      const object = board.bind(py).cast(PyDict).get("ref").cast(PyWeakref).upgrade();
      alive = object !== undefined;
      if (alive) {
        require(object.getAttr("number").toJs() === i, "an object of another round");
        upgraded++;
      }
      each?.(py);
    });
  }
  return upgraded;
}

/** Makes an object in each round and lets it go while others upgrade. */
export function weakOwner(weft, barrier, type, board, count) {
  for (let i = 0; i < count; i++) {
    const object = weft.attach((py) => {
      const made = type.bind(py).call(i);
      board.bind(py).cast(PyDict).set("ref", py.weakref(made));
      return made.unbind();
    });
    meet(weft, barrier);
    if (i % 2 === 0) {
      weft.attach(() => object.drop());
    } else {
      // Through the pool: another thread may release it. CPython then hands the object back to the thread
      // that made it, to add up its counts: only while that runs Python code.
      object.drop();
    }
    upgradeUntilGone(weft, board, i, (py) => py.run("pass"));
    meet(weft, barrier);
  }
}

export function weakUser(weft, barrier, board, count) {
  let upgraded = 0;
  for (let i = 0; i < count; i++) {
    meet(weft, barrier);
    upgraded += upgradeUntilGone(weft, board, i);
    meet(weft, barrier);
  }
  return upgraded;
}

// ---- extend against copy

export function extender(weft, barrier, object, other, count) {
  meet(weft, barrier);
  rounds(weft, count, (py, i) => {
    const list = object.bind(py).cast(PyList);
    list.extend(py.tuple(new Array(10).fill(i)));
    // Both ways at once: neither may wait for the other for ever.
    const mirror = other.bind(py).cast(PyList);
    mirror.extend(list);
    list.extend(mirror);
    if (i % 2 === 0) {
      mirror.clear();
      list.clear();
    }
  });
}

export function copier(weft, barrier, object, done) {
  meet(weft, barrier);
  let blocks = 0;
  untilDone(weft, done, (py) => {
    const items = object.bind(py).cast(PyList).copy().toJs();
    require(items.length % 10 === 0, `${items.length} items`);
    for (let i = 0; i < items.length; i += 10) {
      require(items.slice(i, i + 10).every((item) => item === items[i]), "a part of an extension");
      blocks++;
    }
  });
  return blocks;
}

// ---- datetime

export function coldDatetime(weft, barrier) {
  meet(weft, barrier);
  return weft.attach((py) => {
    const moment = PyDateTime.fromDate(py, new Date(86_400_000));
    return [moment.type().pointer, moment.cast(PyDateTime).str()];
  });
}
