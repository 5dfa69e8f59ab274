// A module in JavaScript with tests of its own: `op` on every thread, `check` at the end.
import { arg, field, pyClass, pyModule, t } from "weft-python";

export const Tally = pyClass("Tally", { fields: { count: field.i64({ get: true, set: true }) } }).constructs({ args: [] }, (self) => {
  self.count = 0n;
});

export const LockedTally = pyClass("LockedTally", { locked: true, fields: { count: field.i64({ get: true }) } })
  .constructs({ args: [] }, (self) => {
    self.count = 0n;
  })
  .methodMut("add", { returns: t.none }, (self) => {
    self.count += 1n;
  });

export const tally = pyModule("tally")
  .add(Tally)
  .add(LockedTally)
  .function("setup", { returns: t.py }, (py) => py.import("tally").getAttr("LockedTally").call().unbind())
  .function("op", { args: [arg("state", t.py), arg("index", t.int)], returns: t.none }, (py, owned) => {
    const state = owned.intoBound(py);
    for (let i = 0; i < 500; i++) {
      state.callMethod("add");
    }
  })
  .function("check", { args: [arg("state", t.py)], returns: t.none }, (py, owned) => {
    const count = owned.intoBound(py).getAttr("count").extract(t.int);
    if (count % 500 !== 0) {
      throw py.error(py.builtin("AssertionError"), `counted to ${count}`);
    }
  });
