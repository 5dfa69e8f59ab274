// Classes for the concurrent tests. Plain JavaScript: every realm loads it as it is.
import { arg, field, pyClass, pyModule, t } from "../../../dist/lib/index.js";

/** Passes some time without doing anything that an optimizer could leave out. */
function spin(view, turns) {
  let sum = 0;
  for (let i = 0; i < turns; i++) {
    sum += view.value;
  }
  return sum;
}

export const Base = pyClass("Base", { fields: { value: field.i32({ get: true, set: true }) } })
  .constructs({ args: [arg("value", t.int, { default: 0 })] }, (self, value) => { self.value = value; })
  // Reads, waits, writes: any two at once would lose a step.
  .methodMut("step", { returns: t.int }, (self) => {
    const { value } = self;
    spin(self, 200);
    self.value = value + 1;
    return value + 1;
  })
  .method("meet", { args: [arg("barrier", t.py)] }, (self, barrier) => {
    barrier.intoBound(self.py).callMethod("wait", 60);
    return self.value;
  })
  .methodMut("collect", {}, (self) => {
    self.py.import("gc").callMethod("collect");
    self.value += 1;
  });

export const Sub = pyClass("Sub", { base: Base, fields: { other: field.object({ get: true, set: true }) } })
  .constructs({ args: [arg("value", t.int, { default: 0 })] }, (self, value) => self.initBase(value));

/** Two numbers that are always the same to those who see both. */
export const Pair = pyClass("Pair", { fields: { a: field.i64(), b: field.i64(), text: field.str() } })
  .constructs({}, (self) => { self.text = "0"; })
  .methodMut("set", { args: [arg("n", t.int)] }, (self, n) => {
    self.a = BigInt(n);
    self.text = String(n);
    self.b = BigInt(n);
  })
  .method("differ", { returns: t.bool }, (self) => self.a !== self.b || self.text !== String(self.a));

export const Frozen = pyClass("Frozen", { frozen: true, fields: { id: field.i32({ get: true }), tag: field.object({ get: true }) } })
  .constructs({ args: [arg("id", t.int)] }, (self, id) => {
    self.id = id;
    self.tag = [id];
  })
  .method("meet", { args: [arg("barrier", t.py)] }, (self, barrier) => {
    barrier.intoBound(self.py).callMethod("wait", 60);
    return self.id;
  });

export const Thawed = pyClass("Thawed", { base: Frozen, fields: { value: field.i32({ get: true, set: true }) } })
  .constructs({ args: [arg("id", t.int)] }, (self, id) => self.initBase(id))
  .methodMut("hold", { args: [arg("first", t.py), arg("second", t.py)] }, (self, first, second) => {
    first.intoBound(self.py).callMethod("wait", 60);
    second.intoBound(self.py).callMethod("wait", 60);
    self.value += 1;
  });

export const Local = pyClass("Local", { unsendable: true, fields: { peer: field.object({ get: true, set: true }) } })
  .constructs({ args: [arg("value")] }, (self, value) => { self.state = { value }; })
  .method("get", {}, (self) => self.state.value)
  .methodMut("set", { args: [arg("value")] }, (self, value) => { self.state.value = value; })
  .method("__del__", {}, () => undefined);

/** Unsendable as its base, whose state it uses. */
export const Heir = pyClass("Heir", { base: Local, fields: { extra: field.i32({ get: true }) } })
  .constructs({ args: [arg("value")] }, (self, value) => {
    self.initBase(value);
    self.extra = value;
  })
  .method("twice", {}, (self) => 2 * self.state.value);

/** With a base whose objects belong to no thread. */
export const Tied = pyClass("Tied", { base: Base, unsendable: true })
  .constructs({ args: [arg("value", t.int)] }, (self, value) => {
    self.initBase(value);
    self.state = { value };
  })
  .method("own", {}, (self) => self.state.value);

/** Without a destructor of its own, so that only its state tells where it died. */
export const Quiet = pyClass("Quiet", { unsendable: true, fields: { peer: field.object({ get: true, set: true }) } })
  .constructs({}, (self) => { self.state = {}; });

export const Locked = pyClass("Locked", { locked: true, fields: { value: field.i32({ get: true, set: true }), item: field.object() } })
  .constructs({}, () => undefined)
  .methodMut("step", {}, (self) => {
    const { value } = self;
    spin(self, 50);
    self.value = value + 1;
  })
  .methodMut("again", {}, (self) => { self.object.callMethod("step"); })
  .methodMut("collect_when", { args: [arg("ready", t.py)] }, (self, ready) => {
    const event = ready.intoBound(self.py);
    event.callMethod("wait", 60);
    self.py.import("gc").callMethod("collect");
    self.value += 1;
  })
  .methodMut("put", { args: [arg("item", t.py)] }, (self, item) => {
    self.item = item;
    item.drop();
  });

/** Says where it goes, and fails. */
export const Mortal = pyClass("Mortal", { fields: { log: field.object() } })
  .constructs({ args: [arg("log", t.py)] }, (self, log) => {
    self.log = log;
    log.drop();
  })
  .method("__del__", {}, (self) => {
    self.log.callMethod("append", self.py.import("threading").callMethod("get_ident"));
    throw new RangeError("on purpose");
  });

export const Node = pyClass("Node", { fields: { next: field.object({ get: true, set: true }), name: field.str({ get: true }) } })
  .constructs({ args: [arg("name", t.str)] }, (self, name) => { self.name = name; });

export const racing = pyModule("racing")
  .add(Sub)
  .add(Base)
  .add(Pair)
  .add(Heir)
  .add(Tied)
  .add(Frozen)
  .add(Thawed)
  .add(Local)
  .add(Quiet)
  .add(Locked)
  .add(Mortal)
  .add(Node)
  .constant("MARK", [])
  .function("add", { args: [arg("a", t.int), arg("b", t.int)], returns: t.int }, (_, a, b) => a + b);

export const needsGil = pyModule("racing_gil", { gilUsed: true }).function("one", {}, () => 1);
