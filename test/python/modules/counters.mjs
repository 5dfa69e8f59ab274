// Python modules that TypeScript defines, for the tests. Plain JavaScript: every realm loads it as it is.
import { arg, field, notImplemented, pyClass, pyModule, stopIteration } from "../../../dist/lib/index.js";

export const Counter = pyClass("Counter", {
  doc: "Counts.",
  fields: { value: field.i32({ get: true, set: true, doc: "The count." }), label: field.str({ get: true }), last: field.object({ get: true, set: true }) },
})
  .constructs({ args: [arg("value", undefined, { default: 0 }), arg("label", undefined, { default: "" })] }, (self, value, label) => {
    self.value = value;
    self.label = label;
  })
  .methodMut("increment", { args: [arg("by", undefined, { default: 1 })], doc: "Adds to it." }, (self, by) => {
    self.value += by;
    return self.value;
  })
  .method("peek", {}, (self) => self.value)
  .method("peek_while", { args: [arg("call")] }, (self, call) => {
    self.py.call(call.bind(self.py), []);
    return self.value;
  })
  .methodMut("increment_while", { args: [arg("call")] }, (self, call) => {
    call.bind(self.py).call();
    self.value += 1;
  })
  .method("set_in_shared", {}, (self) => { self.value = 1; })
  .method("__repr__", {}, (self) => `Counter(${self.value})`)
  .method("__eq__", { args: [arg("other")] }, (self, other) => (typeof other === "number" ? self.value === other : notImplemented))
  .method("__add__", { args: [arg("other")] }, (self, other) => (typeof other === "number" ? self.value + other : notImplemented))
  .method("__len__", {}, (self) => self.value)
  .method("__contains__", { args: [arg("item")] }, (self, item) => item < self.value)
  .method("__getitem__", { args: [arg("key")] }, (self, key) => key * self.value)
  .methodMut("__call__", { args: [arg.rest("values")] }, (self, values) => (self.value += values.length))
  .method("__enter__", {}, (self) => self.object)
  .method("__exit__", { args: [arg.rest("values")] }, () => false)
  .classMethod("of", { args: [arg("value")] }, (type, value) => type.call(value))
  .staticMethod("twice", { args: [arg("value")] }, (_, value) => 2 * value)
  .property("double", {
    doc: "Twice the count.",
    get: (self) => self.value * 2,
    set: (self, value) => { self.value = value / 2; },
    delete: (self) => { self.value = 0; },
  })
  .attribute("LIMIT", 100);

export const Stepper = pyClass("Stepper", { base: Counter, fields: { step: field.i32({ get: true }) } })
  .constructs({ args: [arg("value"), arg("step")] }, (self, value, step) => {
    self.initBase(value, "stepper");
    self.step = step;
  })
  .methodMut("advance", {}, (self) => (self.value += self.step));

export const Range = pyClass("Range", { fields: { at: field.i32(), end: field.i32() } })
  .constructs({ args: [arg("end")] }, (self, end) => { self.end = end; })
  .method("__iter__", {}, (self) => self.object)
  .methodMut("__next__", {}, (self) => (self.at < self.end ? self.at++ : stopIteration));

export const Point = pyClass("Point", { frozen: true, fields: { x: field.f64({ get: true }), y: field.f64({ get: true }), id: field.i64({ get: true }) } })
  .constructs({ args: [arg("x"), arg("y"), arg.keyword("id", undefined, { default: 0n })] }, (self, x, y, id) => {
    self.x = x;
    self.y = y;
    self.id = BigInt(id);
  })
  .method("length", {}, (self) => Math.hypot(self.x, self.y))
  .method("__hash__", {}, (self) => self.x * 31 + self.y)
  .method("__eq__", { args: [arg("other")] }, (self, other) => other.bind?.(self.py).getAttr("x").toJs() === self.x);

export const Bag = pyClass("Bag", { base: "list", fields: { owner: field.object({ get: true, set: true }) }, dict: true })
  .method("total", {}, (self) => [...self.object].reduce((sum, item) => sum + item.toJs(), 0));

export const Local = pyClass("Local", { unsendable: true })
  .constructs({ args: [arg("value")] }, (self, value) => { self.state = { value, made: new Date(0) }; })
  .method("get", {}, (self) => self.state.value);

export const Locked = pyClass("Locked", { locked: true, fields: { value: field.i32({ get: true, set: true }) } })
  .constructs({}, () => undefined)
  .methodMut("increment", {}, (self) => { self.value += 1; })
  .methodMut("again", {}, (self) => { self.object.callMethod("increment"); });

export const Final = pyClass("Final", { final: true, weakref: false }).constructs({}, () => undefined);

export const Blank = pyClass("Blank");

export const Cell = pyClass("Cell", { fields: { raw: field.bytes(10, { get: true, set: true }), on: field.bool({ get: true, set: true }), other: field.object({ get: true, set: true }) } })
  .constructs({}, () => undefined)
  .methodMut("fill", { args: [arg("byte")] }, (self, byte) => {
    self.raw.write(new Uint8Array(10).fill(byte));
    return self.raw.read(0, 2);
  })
  .methodMut("put", { args: [arg("value")] }, (self, value) => { self.other = value; })
  .methodMut("swap", { args: [arg("with")] }, (self) => self.other);

export const counters = pyModule("counters", { doc: "Counters of many kinds." })
  .add(Counter)
  .add(Stepper)
  .add(Range)
  .add(Point)
  .add(Bag)
  .add(Local)
  .add(Locked)
  .add(Final)
  .add(Blank)
  .add(Cell)
  .function("add", { args: [arg("a"), arg("b", undefined, { default: 2 })], doc: "The sum." }, (_, a, b) => a + b)
  .function("describe", { args: [arg.positional("a"), arg("b"), arg.rest("rest"), arg.keyword("c", undefined, { default: 3 }), arg.keywords("others")] },
    (_, a, b, rest, c, others) => [a, b, rest, c, others])
  .function("fail", {}, () => { throw new RangeError("no"); })
  .exception("CounterError", { base: "ValueError", doc: "Counting went wrong." })
  .constant("VERSION", "1.0")
  .submodule(pyModule("counters.tools").function("three", {}, () => 3));

export const needsGil = pyModule("needs_gil", { gilUsed: true }).function("one", {}, () => 1);
