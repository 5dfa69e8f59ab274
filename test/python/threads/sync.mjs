/** Functions that tests spawn; see sync.test.ts. They use the bundled package, as an application's threads do. */
import { Barrier, Condvar, CriticalSectionError, Once, PoisonError, PyMutex, PyOnceLock, PyRwLock } from "../../../dist/lib/index.js";

/** Ends when the condition holds: a busy wait for another thread's doing, with a deadline. */
function until(condition, what) {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`waited too long until ${what}`);
    }
  }
}

const collect = (py) => py.import("gc").callMethod("collect");

/** Holds the lock until `waiters` threads wait for it, and collects garbage meanwhile. */
export function holdUntilWaiters(weft, shared, waiters, fail) {
  const mutex = PyMutex.receive(weft, shared);
  weft.attach((py) =>
    mutex.withLock((guard) => {
      // Detached as others may, in their turn, stop the world.
      py.detach(() => until(() => mutex.waiting >= waiters, `${waiters} threads wait`));
      collect(py);
      guard.set(py, guard.get(py).toJs() + 1);
      if (fail) {
        throw new RangeError("on purpose");
      }
    }),
  );
}

/** Takes the lock after the holder, attached: the result is the value inside. */
export function lockAttached(weft, shared) {
  const mutex = PyMutex.receive(weft, shared);
  return weft.attach((py) => {
    // Compiled code may declare guards with `using`; this file is run as it is.
    const guard = mutex.lock();
    const value = guard.get(py).toJs();
    guard.release();
    return value;
  });
}

/** As lockAttached, told what was thrown. */
export function lockPoisoned(weft, shared) {
  const mutex = PyMutex.receive(weft, shared);
  return weft.attach(() => {
    try {
      mutex.lock();
    } catch (error) {
      return error instanceof PoisonError && mutex.isPoisoned;
    }
    return "not thrown";
  });
}

/** Adds 1 to the value inside, so many times, each time by reading and writing. */
export function count(weft, shared, times, attached) {
  const mutex = PyMutex.receive(weft, shared);
  if (attached) {
    weft.attach((py) => {
      for (let i = 0; i < times; i++) {
        py.scoped(() => mutex.withLock((guard) => guard.set(py, guard.get(py).toJs() + 1)));
        if (i % 100 === 0) {
          collect(py);
        }
      }
    });
    return;
  }
  for (let i = 0; i < times; i++) {
    mutex.withLock((guard) => weft.attach((py) => guard.set(py, guard.get(py).toJs() + 1)));
  }
}

/** The lock is held for as long as nobody waits for it with a time limit and gives up. */
export function tryWhileHeld(weft, shared) {
  const mutex = PyMutex.receive(weft, shared);
  return weft.attach(() => [mutex.tryLock() === undefined, mutex.tryLock(5) === undefined]);
}

/** All ask for the value at once; the one that makes it waits until the others wait. */
export function getOrInit(weft, shared, started, others, failures) {
  const once = PyOnceLock.receive(weft, shared);
  const start = Barrier.receive(weft, started);
  return weft.attach((py) => {
    start.wait();
    let made = 0;
    let failed = 0;
    const make = () => {
      made++;
      py.detach(() => until(() => once.waiting >= others, "the others wait"));
      collect(py);
      const seen = failures.bind(py);
      if (seen.length() > 0) {
        seen.callMethod("pop");
        failed++;
        throw new RangeError("on purpose");
      }
      return py.eval("object()");
    };
    let value;
    try {
      value = once.getOrInit(py, make);
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      value = once.getOrInit(py, make);
    }
    failures.drop();
    return { made, failed, value: value.pointer };
  });
}

/** How often this thread ran the code. */
export function callOnce(weft, shared, started, others, fail) {
  const once = Once.receive(weft, shared);
  const start = Barrier.receive(weft, started);
  let runs = 0;
  return weft.attach((py) => {
    start.wait();
    try {
      once.callOnce(() => {
        runs++;
        py.detach(() => until(() => once.waiting >= others, "the others wait"));
        collect(py);
        if (fail) {
          throw new RangeError("on purpose");
        }
      });
    } catch (error) {
      return { runs, error: error.name };
    }
    return { runs, completed: once.isCompleted };
  });
}

/** Reads together with others: the barrier inside opens only when all hold the lock at the same time. */
export function readTogether(weft, shared, together) {
  const lock = PyRwLock.receive(weft, shared);
  const barrier = Barrier.receive(weft, together);
  return weft.attach((py) =>
    lock.withRead((guard) => {
      barrier.wait();
      collect(py);
      return guard.get(py).toJs();
    }),
  );
}

/** Writers count; readers see even numbers only, as writers add 1 twice. */
export function write(weft, shared, times) {
  const lock = PyRwLock.receive(weft, shared);
  weft.attach((py) => {
    for (let i = 0; i < times; i++) {
      py.scoped(() =>
        lock.withWrite((guard) => {
          guard.set(py, guard.get(py).toJs() + 1);
          if (i % 50 === 0) {
            collect(py);
          }
          guard.set(py, guard.get(py).toJs() + 1);
        }),
      );
    }
  });
}

export function read(weft, shared, times) {
  const lock = PyRwLock.receive(weft, shared);
  let odd = 0;
  weft.attach((py) => {
    for (let i = 0; i < times; i++) {
      odd += py.scoped(() => lock.withRead((guard) => guard.get(py).toJs() % 2));
    }
  });
  return odd;
}

export function failToWrite(weft, shared) {
  const lock = PyRwLock.receive(weft, shared);
  lock.withWrite(() => {
    throw new RangeError("on purpose");
  });
}

/** Puts numbers into a list of at most one item, which `take` takes out. */
export function put(weft, shared, changed, times) {
  const mutex = PyMutex.receive(weft, shared);
  const condvar = Condvar.receive(weft, changed);
  weft.attach((py) => {
    const guard = mutex.lock();
    for (let i = 0; i < times; i++) {
      py.scoped(() => {
        condvar.waitWhile(guard, () => guard.get(py).length() > 0);
        guard.get(py).callMethod("append", i);
        condvar.notifyAll();
      });
    }
    guard.release();
  });
}

export function take(weft, shared, changed, times) {
  const mutex = PyMutex.receive(weft, shared);
  const condvar = Condvar.receive(weft, changed);
  return weft.attach((py) => {
    const taken = [];
    const guard = mutex.lock();
    for (let i = 0; i < times; i++) {
      py.scoped(() => {
        condvar.waitWhile(guard, () => guard.get(py).length() === 0);
        taken.push(guard.get(py).callMethod("pop").toJs());
        if (i % 20 === 0) {
          collect(py);
        }
        condvar.notifyAll();
      });
    }
    guard.release();
    return taken;
  });
}

export function meet(weft, shared, times) {
  const barrier = Barrier.receive(weft, shared);
  let led = 0;
  weft.attach((py) => {
    for (let i = 0; i < times; i++) {
      led += barrier.wait() ? 1 : 0;
      if (i % 10 === 0) {
        collect(py);
      }
    }
  });
  return led;
}

/** Adds 1 to the word, so many times, by reading and writing in a critical section on the object. */
export function addInSection(weft, started, object, word, times) {
  const start = Barrier.receive(weft, started);
  const { memory } = weft.realm;
  weft.attach((py) => {
    const bound = object.intoBound(py);
    start.wait();
    for (let i = 0; i < times; i++) {
      py.withCriticalSection(bound, () => memory.setWord(word, memory.word(word) + 1));
    }
  });
}

/** Adds 1 to the object's `value` and to its list `values`' first item, as {@link addInSection} does to a word. */
export function addToAttribute(weft, started, object, times) {
  const start = Barrier.receive(weft, started);
  weft.attach((py) => {
    const bound = object.intoBound(py);
    const list = bound.getAttr("values");
    start.wait();
    for (let i = 0; i < times; i++) {
      py.scoped(() => {
        py.withCriticalSection(bound, () => bound.setAttr("value", bound.getAttr("value").toJs() + 1));
        py.withCriticalSection(list, () => list.setItem(0, list.getItem(0).toJs() + 1));
      });
    }
  });
}

/** Exchanges two words in a critical section on both objects, in either order; how often they were equal. */
export function exchange(weft, started, a, b, words, times) {
  const start = Barrier.receive(weft, started);
  const { memory } = weft.realm;
  return weft.attach((py) => {
    const first = a.intoBound(py);
    const second = b.intoBound(py);
    let equal = 0;
    start.wait();
    for (let i = 0; i < times; i++) {
      py.withCriticalSection2(first, second, () => {
        const [x, y] = [memory.word(words), memory.word(words + 4)];
        equal += x === y ? 1 : 0;
        memory.setWord(words, y);
        memory.setWord(words + 4, x);
      });
    }
    return equal;
  });
}

/** x.extend(y) in a section on both: as one step. A container is a count and as many words. */
export function extend(weft, started, a, b, x, y) {
  const start = Barrier.receive(weft, started);
  const { memory } = weft.realm;
  weft.attach((py) => {
    const first = a.intoBound(py);
    const second = b.intoBound(py);
    start.wait();
    py.withCriticalSection2(first, second, () => {
      const items = memory.word(y);
      for (let i = 0; i < items; i++) {
        const length = memory.word(x) + 1;
        memory.setWord(x + 4 * length, memory.word(y + 4 + 4 * i));
        memory.setWord(x, length);
      }
    });
  });
}

/** Two threads, each in a section on its own object, ask for the other's. */
export function nest(weft, entered, a, b, mine, other, checked) {
  const barrier = Barrier.receive(weft, entered);
  const { memory } = weft.realm;
  return weft.attach((py) => {
    const own = a.intoBound(py);
    const foreign = b.intoBound(py);
    let inner = "not entered";
    try {
      py.withCriticalSection(own, () => {
        Atomics.store(memory.words(mine), mine >>> 2, 1);
        until(() => Atomics.load(memory.words(other), other >>> 2) !== 0, "the other thread is inside");
        py.withCriticalSection(foreign, () => { inner = "entered"; }, { checked });
      }, { checked });
    } catch (error) {
      // Not after another failure: the test would wait for the barrier instead of telling of it.
      if (!(error instanceof CriticalSectionError)) {
        throw error;
      }
      inner = error.message;
    }
    barrier.wait();
    return inner;
  });
}

/** Is in a section on the object until the word, which it sets to 1, is 2. */
export function occupy(weft, object, word) {
  const { memory } = weft.realm;
  const at = word >>> 2;
  weft.attach((py) => {
    py.withCriticalSection(object.intoBound(py), () => {
      Atomics.store(memory.words(word), at, 1);
      until(() => Atomics.load(memory.words(word), at) === 2, "the other thread has tried");
    });
  });
}

/** What `threading.get_ident()` gives: where the thread's record is. */
export function ident(weft) {
  return weft.attach((py) => py.import("threading").callMethod("get_ident").toJs());
}

/** Holds a lock of Python's while it waits for one of ours. */
export function blockedByPython(weft, shared, lock) {
  const mutex = PyMutex.receive(weft, shared);
  return weft.attach((py) => {
    const taken = lock.intoBound(py);
    taken.callMethod("acquire");
    return mutex.withLock((guard) => {
      taken.callMethod("release");
      return guard.held;
    });
  });
}
