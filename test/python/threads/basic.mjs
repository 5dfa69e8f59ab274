/** Functions that tests spawn; see basic.test.ts. */

export function appendTo(weft, list, value) {
  weft.attach((py) => {
    list.bind(py).callMethod("append", value);
  });
  return { list, value };
}

/** What may not leave this thread. */
export function leak(weft, what) {
  return weft.attach((py) => (what === "token" ? py : py.list()));
}

export function raise(weft) {
  weft.attach((py) => py.eval("{}['missing']"));
}

export function fail() {
  throw new RangeError("from the thread");
}
