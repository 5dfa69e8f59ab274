/** Functions that the browser tests spawn. */

export function add(weft, left, right) {
  return weft.attach((py) => py.eval(`${left} + ${right}`).toJs());
}

/** Ends its worker while the thread runs. */
export function close() {
  self.close();
  // The rest of this task still runs; nothing after it does.
  throw new Error("closed");
}
