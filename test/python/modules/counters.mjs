// Python modules that TypeScript defines, for the tests. Plain JavaScript: every realm loads it as it is.
import { arg, field, notImplemented, pyClass, pyException, pyModule, stopIteration, t } from "../../../dist/lib/index.js";

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
  .methodMut("swap", { args: [arg("by")] }, (self) => self.other);

/** Fails when it counts too far. */
export const CounterError = pyException("CounterError", { base: "ValueError", doc: "Counting went wrong." });
export const TooFar = pyException("TooFar", { base: CounterError });

/** Every kind of schema that calls see. */
export const Typed = pyClass("Typed", { fields: { count: field.i32({ get: true }), items: field.object() }, generic: true, dict: true })
  .constructs({ args: [arg("count", t.int), arg("name", t.optional(t.str), { default: undefined })] }, (self, count, name) => {
    self.count = count;
    self.items = name === undefined ? [] : [name];
  })
  .methodMut("add", { args: [arg("by", t.int, { default: 1 })], returns: t.int }, (self, by) => {
    if (self.count + by > 100) {
      throw TooFar.error(self.py, `${self.count + by} is too far`);
    }
    return (self.count += by);
  })
  .methodMut("extend", { args: [arg("items", t.list(t.str))], returns: t.list(t.str) }, (self, items) => {
    self.items.callMethod("extend", items);
    return self.items.extract(t.list(t.str));
  })
  .method("scale", { args: [arg("by", t.float)], returns: t.float }, (self, by) => self.count * by)
  .method("flag", { args: [arg("on", t.bool)] }, (_, on) => !on)
  .method("lies", { returns: t.str }, () => 3)
  .method("sum_with", { args: [arg("other", counterSchema())] }, (self, other) => self.count + Counter.borrow(other, (it) => it.value))
  .method("try_both", { args: [arg("other", counterSchema())] }, (_, other) => [
    Counter.tryBorrow(other, (it) => it.value) ?? "busy",
    Counter.tryBorrowMut(other, (it) => it.value) ?? "busy",
  ])
  .method("steal", { args: [arg("other")] }, (self, other) => {
    const object = other.bind(self.py);
    other.drop();
    return Counter.borrowMut(object, (it) => (it.value += 1));
  })
  .methodMut("raise_builtin", { args: [arg("name", t.str)] }, (self, name) => {
    throw self.py.error(self.py.builtin(name), "from a handler");
  })
  .method("__getstate__", {}, (self) => ({ count: self.count }))
  .method("__getnewargs__", {}, (self) => self.py.tuple([self.count]))
  .methodMut("__setstate__", { args: [arg("state", t.record({ count: t.int }))] }, (self, { count }) => { self.count = count; })
  .method("keep_view", {}, (self) => { kept = self; })
  .method("use_kept_view", {}, () => kept.count);

let kept;

function counterSchema() {
  return Counter.schema;
}

/** Not derived from object. */
export const Failure = pyClass("Failure", { base: "ValueError", fields: { code: field.i32({ get: true }) } })
  .constructs({ args: [arg("message", t.str), arg("code", t.int, { default: 0 })] }, (self, _, code) => { self.code = code; });

export const Named = pyClass("Named", { base: "list", fields: { name: field.str({ get: true }) } })
  .constructs({ args: [arg("name", t.str), arg.rest("items")] }, (self, name, items) => {
    self.name = name;
    self.initBase(items);
  });

/** Asks for more than a constructor may do. */
export const Twice = pyClass("Twice", { frozen: true, fields: { item: field.object({ get: true }) } })
  .constructs({}, (self) => {
    self.item = 1;
    self.item = 2;
  });

export const FrozenBase = pyClass("FrozenBase", { frozen: true, fields: { id: field.i32({ get: true }) } })
  .constructs({ args: [arg("id", t.int)] }, (self, id) => { self.id = id; })
  .method("id_of", {}, (self) => self.id);
export const MutableChild = pyClass("MutableChild", { base: FrozenBase, fields: { value: field.i32({ get: true, set: true }) } })
  .constructs({ args: [arg("id", t.int)] }, (self, id) => { self.initBase(id); })
  .methodMut("bump", { args: [arg("during", undefined, { default: undefined })] }, (self, during) => {
    const found = during?.bind(self.py).call().toJs();
    during?.drop();
    self.value += 1;
    return found ?? self.value;
  });

/** Says when it goes. */
export const Mortal = pyClass("Mortal", { fields: { log: field.object(), other: field.object({ get: true, set: true }) } })
  .constructs({ args: [arg("log", t.py)] }, (self, log) => {
    self.log = log;
    log.drop();
  })
  .method("__del__", {}, (self) => {
    self.log.callMethod("append", self.py.import("threading").callMethod("get_ident"));
    throw new RangeError("died");
  });

/** Replaces what may be the last reference to something that looks at this object when it dies. */
export const Owner = pyClass("Owner", { fields: { item: field.object({ get: true }), count: field.i32({ get: true, set: true }) } })
  .constructs({}, () => undefined)
  .methodMut("put", { args: [arg("item", t.py)] }, (self, item) => {
    self.item = item;
    item.drop();
  });

/** Protocols that no other class here has. */
export const Protocols = pyClass("Protocols", { fields: { data: field.object(), log: field.object({ get: true }) } })
  .constructs({}, (self) => {
    self.data = self.py.bytearray(new Uint8Array([1, 2, 3, 4]));
    self.log = [];
  })
  .method("__buffer__", { args: [arg("flags", t.int)] }, (self) => self.py.memoryview(self.data))
  .method("__release_buffer__", { args: [arg("view")] }, (self, view) => {
    view.drop();
    self.log.callMethod("append", "released");
  })
  .method("__get__", { args: [arg("object"), arg("owner", undefined, { default: undefined })] }, (_, object, owner) => {
    owner?.drop();
    object?.drop?.();
    return object === undefined ? "class" : "object";
  })
  .method("__set__", { args: [arg("object", t.py), arg("value", t.int)] }, (self, object, value) => {
    object.drop();
    self.log.callMethod("append", value);
  })
  .method("__await__", {}, (self) => self.py.list([]).callMethod("__iter__"))
  .method("__aiter__", {}, (self) => self.object)
  .method("__anext__", {}, (self) => { throw self.py.error(self.py.builtin("StopAsyncIteration")); })
  .method("__bool__", {}, () => false)
  .method("__index__", {}, () => 7)
  .method("__lt__", { args: [arg("other")] }, () => true)
  .method("__setitem__", { args: [arg("key"), arg("value")] }, (self, key, value) => { self.log.callMethod("append", [key, value]); })
  .method("__delitem__", { args: [arg("key")] }, (self, key) => { self.log.callMethod("append", key); })
  .method("__getattr__", { args: [arg("name", t.str)] }, (self, name) => {
    if (name.startsWith("dyn_")) {
      return name;
    }
    throw self.py.error(self.py.builtin("AttributeError"), name);
  })
  .methodMut("__iadd__", { args: [arg("other")] }, (self) => self.object)
  .method("__radd__", { args: [arg("other")] }, () => "radd")
  .method("__neg__", {}, () => "neg")
  .method("__matmul__", { args: [arg("other")] }, () => "matmul")
  .method("__format__", { args: [arg("how", t.str)] }, (_, how) => `<${how}>`)
  .method("__missing_slot__", {}, () => 1);

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
  .add(Typed)
  .add(Failure)
  .add(Named)
  .add(Twice)
  .add(FrozenBase)
  .add(MutableChild)
  .add(Mortal)
  .add(Owner)
  .add(Protocols)
  .function("add", { args: [arg("a"), arg("b", undefined, { default: 2 })], doc: "The sum." }, (_, a, b) => a + b)
  .function("describe", { args: [arg.positional("a"), arg("b"), arg.rest("rest"), arg.keyword("c", undefined, { default: 3 }), arg.keywords("others")] },
    (_, a, b, rest, c, others) => [a, b, rest, c, others])
  .function("fail", {}, () => { throw new RangeError("no"); })
  .exception(CounterError)
  .exception(TooFar)
  .exception("Plain")
  .function("recurse", { args: [arg("call", t.py)] }, (py, call) => {
    try {
      return call.bind(py).call().toJs();
    } finally {
      call.drop();
    }
  })
  .function("new_counter", { args: [arg("value", t.int)], returns: Counter.schema }, (py, value) => Counter.create(py, value))
  .constant("VERSION", "1.0")
  .submodule(pyModule("counters.tools").function("three", {}, () => 3));

export const needsGil = pyModule("needs_gil", { gilUsed: true }).function("one", {}, () => 1);
