import { PyMutex, type Py, type PyAny, type SharedSync, type Weft } from "../node.js";
import { END, TAKEN, WANTED } from "./contender-words.js";

/** A thread of its own: takes the mutex as often as is wanted, and says so, until the end. */
export function contend(weft: Weft, shared: SharedSync, object: Py<PyAny>): void {
  using mutex = PyMutex.receive(weft, shared);
  const buffer = weft.attach((py) => object.intoBound(py).buffer(Int32Array));
  const words = buffer.array;
  for (let done = 0; Atomics.load(words, END) === 0; ) {
    const wanted = Atomics.load(words, WANTED);
    if (wanted === done) {
      Atomics.wait(words, WANTED, wanted, 1000);
      continue;
    }
    for (; done < wanted; done++) {
      mutex.lock().release();
    }
    Atomics.store(words, TAKEN, done);
    Atomics.notify(words, TAKEN);
  }
  buffer.release();
}
