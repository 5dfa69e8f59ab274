/** Functions that async.test.ts spawns. */
import { Barrier, Condvar, Once, PanicError, PyMutex, PyOnceLock, PyRwLock } from "../../../dist/lib/index.js";
import { set, until } from "./state.mjs";

/** Holds the mutex until word 1; word 0 says that it has it. */
export function holdMutex(weft, mutex, words) {
  mutex.withLock(() => {
    set(words, 0, 1);
    until(words, 1, 1);
  });
  return mutex instanceof PyMutex;
}

/** Adds to the number in the mutex. */
export function add(weft, mutex, times) {
  for (let i = 0; i < times; i++) {
    mutex.withLock((guard) => weft.attach((py) => guard.set(py, guard.get(py).toJs() + 1)));
  }
}

/** The same by writers of a rwlock, checking as a reader that a pair of words stays equal. */
export function writeAndRead(weft, lock, words, times) {
  for (let i = 0; i < times; i++) {
    lock.withWrite(() => {
      words[0]++;
      words[1]++;
    });
    lock.withRead(() => {
      if (words[0] !== words[1]) {
        throw new Error(`a reader came between: ${words[0]} and ${words[1]}`);
      }
    });
  }
}

/** Runs the once until word 1; word 0 says that it runs. */
export function runOnce(weft, once, words, fail) {
  once.callOnce(() => {
    set(words, 0, 1);
    until(words, 1, 1);
    if (fail) {
      throw new RangeError("on purpose");
    }
  });
}

/** Makes the value while others wait until word 1. */
export function makeValue(weft, lock, words) {
  return weft.attach((py) =>
    lock
      .getOrInit(py, () => {
        set(words, 0, 1);
        py.detach(() => until(words, 1, 1));
        return "by the thread";
      })
      .toJs(),
  );
}

export function meet(weft, barrier) {
  return barrier.wait();
}

/** The bundle has other names for some classes. */
const CLASSES = { Barrier, Condvar, Once, PyMutex, PyOnceLock, PyRwLock };
const className = (value) => Object.entries(CLASSES).find(([, one]) => value instanceof one)?.[0];

/** What arrives for what was sent. */
export function describe(weft, values) {
  const names = Object.entries(values).map(([name, value]) => `${name}: ${className(value)}`);
  values.mutex.withLock((guard) => weft.attach((py) => guard.set(py, 7)));
  return { names, mutex: values.mutex };
}

export function panic() {
  throw new PanicError("the invariant is broken", { cause: new RangeError("why") });
}

/** A panic that went through Python. */
export function panicThroughPython(weft) {
  weft.attach((py) => {
    py.function(() => {
      throw new PanicError("below Python");
    }, "f").call();
  });
}

/** For the test of receiving what was shared by hand. */
export function receiveByHand(weft, mutex, lock, once) {
  return [PyMutex.receive(weft, mutex), PyRwLock.receive(weft, lock), PyOnceLock.receive(weft, once)].map((one) => {
    const name = className(one);
    one.drop();
    return name;
  });
}
