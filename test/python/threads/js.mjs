/** Functions that js.test.ts spawns. */

/** Puts a function of this worker into a list, and stays until the event is set. */
export function offer(weft, list, leave) {
  weft.attach((py) => {
    list.bind(py).callMethod("append", py.function(() => 1, "mine"));
    list.bind(py).callMethod("append", py.jsProxy(new Map()));
    leave.bind(py).callMethod("wait");
  });
  list.drop();
  leave.drop();
}

/** Runs Python code on this thread, with a reference among its globals, and gives what it leaves in `result`. */
export function runWith(weft, code, shared) {
  return weft.attach((py) => {
    const space = py.dict([["shared", shared?.bind(py)]]);
    shared?.drop();
    py.run(code, space);
    return space.getItem("result").toJs();
  });
}

/** Keeps a proxy of a Python function in this worker's globals. */
export function keep(weft, code) {
  weft.attach((py) => {
    const space = py.dict();
    py.run(code, space);
  });
}

/** What calling the kept function gives after its thread has ended: asked from the next one, of what a task found. */
export function found() {
  return globalThis.outcome;
}
