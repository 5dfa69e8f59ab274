import { arg, field, pyClass, pyModule, t } from "../node.js";

const Probe = pyClass("Probe", { fields: { value: field.i32({ get: true, set: true }) } })
  .constructs({ args: [arg("value", t.int)] }, (self, value) => {
    self.value = value;
  })
  .method("get", { returns: t.int }, (self) => self.value)
  .methodMut("increment", { args: [arg("by", t.int)], returns: t.int }, (self, by) => (self.value += by))
  .method("__len__", { returns: t.int }, (self) => self.value)
  .method("__add__", { args: [arg("other", t.int)], returns: t.int }, (self, other) => self.value + other);

const LockedProbe = pyClass("LockedProbe", { locked: true, fields: { value: field.i32({ get: true }) } })
  .constructs({}, () => undefined)
  .methodMut("increment", { args: [arg("by", t.int)], returns: t.int }, (self, by) => (self.value = (self.value + by) | 0));

/** What Python's calls into TypeScript are measured with. */
export const bench = pyModule("weft_bench")
  .add(Probe)
  .add(LockedProbe)
  .function("add", { args: [arg("a", t.int), arg("b", t.int)], returns: t.int }, (_, a, b) => a + b);

/** Python code that uses `Probe` of the module, or what stands for it in Pyodide. */
export const USES = `
def construct(count):
    for _ in range(count): make(3)
def shared(count):
    for _ in range(count): probe.get()
def exclusive(count):
    for _ in range(count): probe.increment(1)
def get(count):
    for _ in range(count): probe.value
def set(count):
    for _ in range(count): probe.value = 3
def length(count):
    probe.value = 3
    for _ in range(count): len(sized)
`;

/** Code for Weft alone: a slot of two operands, and two threads that go on from round to round. */
export const OWN_USES = `
import threading
import weft_bench
make, probe = weft_bench.Probe, weft_bench.Probe(3)
sized = probe
def function(count):
    add = weft_bench.add
    for _ in range(count): add(1, 2)
def add(count):
    for _ in range(count): probe + 1
class Two:
    """Two threads; each makes so many calls on its object at the same time."""
    def __init__(self, a, b):
        self.barrier = threading.Barrier(3)
        for one in (a, b): threading.Thread(target=self.work, args=(one,), daemon=True).start()
    def work(self, one):
        # A new thread's engine has no compiled code yet, and compiles it beside threads that take both cores.
        for _ in range(200000): one.increment(0)
        while True:
            self.barrier.wait()
            for _ in range(self.count): one.increment(1)
            self.barrier.wait()
    def run(self, count):
        self.count = count
        self.barrier.wait()
        self.barrier.wait()
locked = weft_bench.LockedProbe()
alone, apart, together = weft_bench.LockedProbe(), Two(weft_bench.LockedProbe(), weft_bench.LockedProbe()), Two(locked, locked)
def one_thread(count):
    for _ in range(count): alone.increment(1)
`;
