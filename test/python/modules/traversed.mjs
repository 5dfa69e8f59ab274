// Classes whose states own references. Plain JavaScript: every realm loads it as it is.
import { arg, field, pyClass, pyModule, t } from "../../../dist/lib/index.js";

/** What a traversal does besides naming what the state holds. */
const BEHAVIOURS = {
  drop: (state) => state.victim.drop(),
  token: (state) => state.py.import("gc"),
  count: (state) => state.held.cloneRef(state.py),
  bind: (state) => state.held.bind(state.py),
  throw: () => { throw new RangeError("on purpose"); },
  hook: (state) => state.hook(),
  text: (_, visit) => visit("text"),
  twice: (state, visit) => visit(state.held),
};

export const Keeper = pyClass("Keeper", { unsendable: true, fields: { peer: field.object({ get: true, set: true }) } })
  .constructs({}, (self) => { self.state = { held: undefined, victim: undefined, how: "", visits: 0, cleared: 0, py: undefined, hook: undefined }; })
  .methodMut("keep", { args: [arg("object", t.py)] }, (self, object) => {
    self.state.held?.drop();
    self.state.held = object;
  })
  .methodMut("doom", { args: [arg("object", t.py)] }, (self, object) => { self.state.victim = object; })
  .methodMut("behave", { args: [arg("how", t.str)] }, (self, how) => { self.state.how = how; })
  .method("held", {}, (self) => self.state.held.bind(self.py))
  .method("visits", { returns: t.int }, (self) => self.state.visits)
  .method("collect", {}, (self) => {
    self.state.py = self.py;
    self.py.import("gc").callMethod("collect");
  })
  .methodMut("collect_alone", {}, (self) => { self.py.import("gc").callMethod("collect"); })
  .traverses(
    (state, visit) => {
      state.visits++;
      if (state.how === "sometimes") {
        if (state.visits % 2 === 0) {
          return;
        }
      } else if (state.how !== "") {
        BEHAVIOURS[state.how](state, visit);
      }
      visit(state.held);
    },
    (state, py) => {
      cleared.push(py.import("threading").callMethod("get_ident").toJs());
      state.held?.drop();
    },
  );

/** The same without a function for garbage: JavaScript's collector is to let go of the references. */
export const Lazy = pyClass("Lazy", { unsendable: true })
  .constructs({ args: [arg("objects", t.list(t.py))] }, (self, objects) => { self.state = { objects }; })
  .method("add", { args: [arg("object", t.py)] }, (self, object) => { self.state.objects.push(object); })
  .traverses((state, visit) => state.objects.forEach(visit));

/** Whose state this realm has cleared: the threads that did it. */
const cleared = [];

/** Memory that is kept for the next object. */
export const Spare = pyClass("Spare", { freelist: 8, fields: { number: field.i32({ get: true, set: true }), other: field.object({ get: true, set: true }), wide: field.i64({ get: true }) } })
  .constructs({ args: [arg("number", t.int)] }, (self, number) => {
    if (self.number !== 0 || self.wide !== 0n || self.other !== undefined) {
      throw new Error(`a new object has ${self.number}, ${self.wide} and ${self.other}`);
    }
    self.number = number;
    self.wide = BigInt(number);
  });

/** Bytes in the object, as a buffer that cannot be written. */
export const Transform = pyClass("Transform", { frozen: true, fields: { cells: field.bytes(128) }, buffer: { field: "cells", as: Float64Array, shape: [4, 4] } })
  .constructs({ args: [arg("cells", t.list(t.float))] }, (self, cells) => self.cells.array(Float64Array).set(cells))
  .method("trace", { returns: t.float }, (self) => {
    const cells = self.cells.array(Float64Array);
    return cells[0] + cells[5] + cells[10] + cells[15];
  });

/** One that can. */
export const Counts = pyClass("Counts", { fields: { bins: field.bytes(40, { get: true, set: true }) }, buffer: { field: "bins", as: Int32Array } })
  .constructs({}, () => undefined)
  .method("add", { args: [arg("bin", t.int), arg("times", t.int, { default: 1 })] }, (self, bin, times) => {
    const bins = self.bins.array(Int32Array);
    for (let i = 0; i < times; i++) {
      Atomics.add(bins, bin, 1);
    }
  })
  .methodMut("hold", { args: [arg("call", t.py)] }, (self, call) => { call.intoBound(self.py).call(); });

export const Own = pyClass("Own", { unsendable: true, fields: { bytes: field.bytes(4) }, buffer: { field: "bytes", as: Uint8Array } }).constructs({}, () => undefined);

export const traversed = pyModule("traversed")
  .add(Keeper)
  .add(Lazy)
  .add(Spare)
  .add(Transform)
  .add(Counts)
  .add(Own)
  .function("cleared", {}, () => cleared.splice(0));
