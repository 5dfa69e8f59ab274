/** Functions that classes-concurrent.test.ts spawns. */
import { Base, Local, Pair, Quiet, Sub, racing } from "../modules/racing.mjs";

/** Seconds until a thread gives up waiting for the others. */
const PATIENCE = 60;

function meet(weft, barrier) {
  weft.attach((py) => barrier.intoBound(py).callMethod("wait", PATIENCE));
}

/** Uses the classes before anyone has imported their module: addresses of their types. */
export function firstUse(weft, barrier, first) {
  meet(weft, barrier);
  return weft.attach((py) => {
    const types = first === "base" ? [Base.type(py), Sub.type(py)] : [Sub.type(py), Base.type(py)].reverse();
    const made = Sub.create(py, 3);
    return [...types.map(({ pointer }) => pointer), made.type().pointer, made.isInstance(types[0]) && Sub.borrow(made, (it) => it.value) === 3];
  });
}

/** Imports the module at once with all others: addresses of what its body made. */
export function firstImport(weft, barrier) {
  meet(weft, barrier);
  return weft.attach((py) => {
    const module = py.import(racing.name);
    return [module, module.getAttr("MARK"), module.getAttr("add"), module.getAttr("Sub")].map(({ pointer }) => pointer);
  });
}

/** Exclusive borrows that do not wait: how many there were. */
export function writers(weft, barrier, shared, turns) {
  meet(weft, barrier);
  let done = 0;
  for (let i = 0; i < turns; i++) {
    weft.attach((py) => {
      const object = shared.bind(py);
      const value = Base.tryBorrowMut(object, (it) => {
        const { value: before } = it;
        for (let n = 0; n < 100; n++) {
          if (it.value !== before) {
            throw new Error("somebody else writes too");
          }
        }
        it.value = before + 1;
        return it.value;
      });
      done += value === undefined ? 0 : 1;
    });
  }
  weft.attach(() => shared.drop());
  return done;
}

/** Writes the pair, and looks at it, by turns. */
export function pairs(weft, barrier, shared, turns) {
  meet(weft, barrier);
  let differed = 0;
  let seen = 0;
  for (let i = 0; i < turns; i++) {
    weft.attach((py) => {
      const object = shared.bind(py);
      Pair.tryBorrowMut(object, (it) => {
        it.a = BigInt(i);
        it.text = String(i);
        it.b = BigInt(i);
      });
      const differs = Pair.tryBorrow(object, (it) => it.a !== it.b || it.text !== String(it.a));
      seen += differs === undefined ? 0 : 1;
      differed += differs === true ? 1 : 0;
    });
  }
  weft.attach(() => shared.drop());
  return { differed, seen };
}

/** What the errors of a foreign thread are. */
export function foreign(weft, shared) {
  return weft.attach((py) => {
    const object = shared.intoBound(py);
    const attempt = (call) => {
      try {
        return `no error: ${String(call())}`;
      } catch (error) {
        return error.message;
      }
    };
    return [
      attempt(() => object.callMethod("get")),
      attempt(() => object.getAttr("peer")),
      attempt(() => Local.borrow(object, () => 1)),
      attempt(() => Local.tryBorrow(object, () => 1)),
      attempt(() => Local.tryBorrowMut(object, () => 1)),
    ];
  });
}

/** Makes objects with a state in a list, says so, and waits until others have let go of all: the states that are left. */
export function owner(weft, list, made, count) {
  const before = weft.attach(() => weft.realm.keptValues);
  weft.attach((py) => {
    const target = list.intoBound(py);
    for (let i = 0; i < count; i++) {
      const one = Quiet.create(py);
      // Half of them only the garbage collector finds.
      one.setAttr("peer", i % 2 === 0 ? one : i);
      target.callMethod("append", one);
    }
  });
  const during = weft.attach(() => weft.realm.keptValues) - before;
  weft.attach((py) => made.intoBound(py).callMethod("set"));
  const deadline = performance.now() + 30_000;
  let left = during;
  while (left > 0 && performance.now() < deadline) {
    left = weft.attach(() => weft.realm.keptValues) - before;
  }
  return { during, left };
}
