#!/usr/bin/env node
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { loadWeft, PyMutex, t, type HostWeft, type Py, type PyAny, type Python, type ThreadHandle } from "../node.js";
import { OWN_USES, USES } from "./classes.js";
import { END, TAKEN, WANTED } from "./contender-words.js";
import { describeMachine } from "./machine.js";
import { spread } from "./statistics.js";
import { figure, ratio, spreadFigure, table } from "./table.js";

const HELP = `usage: npm run bench:border -- [--rounds N]

Measures what it costs to cross the border between TypeScript and Python, of Weft and, where it has an
equivalent, of npm's pyodide, in one process and in turns.
`;

/** Milliseconds that one round of one operation takes about. */
const ROUND_MS = 30;

/** An operation: runs it `count` times. */
type Operation = (count: number) => void | Promise<void>;


/** The part of Pyodide's interface that is measured. */
interface PyodideObject {
  (...values: unknown[]): unknown;
  [name: string]: unknown;
  toJs(): unknown;
  getBuffer(): { data: Uint8Array; release(): void };
  destroy(): void;
}
interface Pyodide {
  version: string;
  runPython(code: string): PyodideObject;
  toPy(value: unknown): PyodideObject;
}

const CODE = `
def nothing(): return None
class Point:
    def __init__(self): self.x = 42
    def add(self, a, b): return a + b
point = Point()
numbers = list(range(1000))
data = bytes(1 << 20)
writable = bytearray(1 << 20)
`;
/** What Python does with JavaScript; `realm` is the module js, or the host realm's globals. */
const CALLS = `
def call(realm, count):
    f = realm.probe.call
    for _ in range(count): f(1, 2)
def get(realm, count):
    probe = realm.probe
    for _ in range(count): probe.x
`;
/** What Pyodide's JsProxy stands for where we have a class. */
class Probe {
  constructor(public value: number) {}
  get(): number {
    return this.value;
  }
  increment(by: number): number {
    return (this.value += by);
  }
}
Object.assign(globalThis, { Probe, probe_array: [1, 2, 3], probe: { x: 42, call: (a: number, b: number) => a + b } });
const NUMBERS = Array.from({ length: 1000 }, (_, i) => i);
const DATA = new Uint8Array(1 << 20);
const INTEGERS = t.list(t.int);
const UNCHECKED = { checked: false };

/** A thread that takes a mutex as often as this one, at the same time. */
class SecondThread {
  readonly #mutex: PyMutex;
  readonly #words: Int32Array;
  readonly #thread: ThreadHandle;

  constructor(weft: HostWeft) {
    this.#mutex = PyMutex.create(weft);
    const { words, object } = weft.attach((py) => {
      const buffer = py.allocateBuffer(Int32Array, 4);
      return { words: buffer.array, object: buffer.object(py).unbind() };
    });
    this.#words = words;
    this.#thread = weft.spawn(new URL("contender.js", import.meta.url), "contend", this.#mutex.share(), object);
  }

  /** A thread starts only while this one's event loop runs. */
  async started(): Promise<void> {
    Atomics.add(this.#words, WANTED, 1);
    Atomics.notify(this.#words, WANTED);
    while (Atomics.load(this.#words, TAKEN) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Each of both threads takes and releases the mutex so many times. */
  run(count: number): void {
    const goal = Atomics.add(this.#words, WANTED, count) + count;
    Atomics.notify(this.#words, WANTED);
    for (let i = 0; i < count; i++) {
      this.#mutex.lock().release();
    }
    for (let taken = Atomics.load(this.#words, TAKEN); taken < goal; taken = Atomics.load(this.#words, TAKEN)) {
      Atomics.wait(this.#words, TAKEN, taken, 1000);
    }
  }

  async end(): Promise<void> {
    Atomics.store(this.#words, END, 1);
    Atomics.notify(this.#words, WANTED);
    await this.#thread.join();
    this.#mutex.drop();
  }
}

/** Attached for the whole round where attaching is not what is measured. */
function weftOperations(weft: HostWeft, second: SecondThread): Record<string, Operation> {
  const names = weft.attach((py) => {
    const space = py.dict();
    py.run(CODE, space);
    return Object.fromEntries(["nothing", "point", "numbers", "data", "writable"].map((name) => [name, space.getItem(name).unbind()]));
  }) as Record<string, Py<PyAny>>;
  const attached =
    (name: string, each: (object: PyAny) => void): Operation =>
    (count) => {
      weft.attach((py) => {
        const object = names[name]!.bind(py);
        for (let i = 0; i < count; i++) {
          each(object);
        }
      });
    };
  const calls = weft.attach((py) => {
    const space = py.dict();
    py.run(`from weft import host\nimport js${CALLS}`, space);
    return space.unbind();
  });
  const uses = weft.attach((py) => {
    const space = py.dict();
    py.run(`${OWN_USES}${USES}`, space);
    return space.unbind();
  });
  const classes =
    (code: string): Operation =>
    (count) =>
      weft.run(`${code}(${count})`, { globals: uses });
  const here =
    (code: string): Operation =>
    (count) => {
      weft.attach((py) => {
        py.run(code.replace("COUNT", String(count)), calls.bind(py));
      });
    };
  const onMainThread =
    (code: string): Operation =>
    (count) =>
      weft.run(code.replace("COUNT", String(count)), { globals: calls });
  return {
    "attach and release, nested": (count) => {
      weft.attach(() => {
        for (let i = 0; i < count; i++) {
          weft.attach(() => undefined);
        }
      });
    },
    "attach and release": (count) => {
      for (let i = 0; i < count; i++) {
        weft.attach(() => undefined);
      }
    },
    "call without arguments": attached("nothing", (object) => {
      object.call()[Symbol.dispose]();
    }),
    "method call with two ints": attached("point", (object) => {
      using result = object.callMethod("add", 1, 2);
      result.toJs();
    }),
    "attribute get": attached("point", (object) => {
      using result = object.getAttr("x");
      result.toJs();
    }),
    "list of 1,000 ints to JavaScript": attached("numbers", (object) => {
      object.toJs();
    }),
    "list of 1,000 ints to Python": attached("numbers", (object) => {
      (object.py.from(NUMBERS) as PyAny)[Symbol.dispose]();
    }),
    "1 MiB bytes to JavaScript": attached("data", (object) => {
      object.toJs();
    }),
    "1 MiB bytes to Python": attached("data", (object) => {
      (object.py.from(DATA) as PyAny)[Symbol.dispose]();
    }),
    "list of 1,000 ints to JavaScript, by a schema": attached("numbers", (object) => {
      object.extract(INTEGERS);
    }),
    "1 MiB to JavaScript, shared": attached("writable", (object) => {
      const buffer = object.buffer(Uint8Array);
      buffer.array[0] = buffer.array[buffer.length - 1]!;
      buffer.release();
    }),
    "buffer acquired and released": attached("writable", (object) => {
      object.buffer().release();
    }),
    "1 MiB to Python, into new shared memory": attached("data", (object) => {
      const buffer = (object.py as Python).allocateBuffer(Uint8Array, DATA.length);
      buffer.array.set(DATA);
      buffer.release();
    }),
    "mutex, uncontended": (count) => {
      const mutex = PyMutex.create(weft);
      for (let i = 0; i < count; i++) {
        mutex.lock().release();
      }
      mutex.drop();
    },
    "mutex, two threads": (count) => {
      second.run(count);
    },
    "critical section": attached("point", (object) => {
      (object.py as Python).withCriticalSection(object, () => undefined);
    }),
    "critical section, unchecked": attached("point", (object) => {
      (object.py as Python).withCriticalSection(object, () => undefined, UNCHECKED);
    }),
    "drop while detached, and drain": (count) => {
      for (let i = 0; i < count; ) {
        const batch = Math.min(100, count - i);
        const owned = weft.attach((py) => Array.from({ length: batch }, () => names["point"]!.cloneRef(py)));
        owned.forEach((one) => one.drop());
        i += batch;
      }
      weft.attach(() => undefined);
    },
    "Python calls a JavaScript function, two ints": here("call(js, COUNT)"),
    "Python gets a JavaScript attribute": here("get(js, COUNT)"),
    "Python's thread calls a function of the host realm": onMainThread("call(host, COUNT)"),
    "Python's thread gets an attribute in the host realm": onMainThread("get(host, COUNT)"),
    "TypeScript function, two ints": classes("function"),
    "TypeScript class: construct": classes("construct"),
    "TypeScript class: method, shared": classes("shared"),
    "TypeScript class: method, exclusive, one int": classes("exclusive"),
    "TypeScript class: field get": classes("get"),
    "TypeScript class: field set": classes("set"),
    "TypeScript class: len()": classes("length"),
    "TypeScript class: + int": classes("add"),
    "locked object, one thread": classes("one_thread"),
    "two locked objects, a thread each": classes("apart.run"),
    "one locked object, two threads": classes("together.run"),
  };
}

function pyodideOperations(pyodide: Pyodide): Record<string, Operation> {
  pyodide.runPython(CODE);
  pyodide.runPython(`import js${CALLS}`);
  const uses = pyodide.runPython(`
import js
make, probe, sized = js.Probe.new, js.Probe.new(3), js.probe_array
space = dict(make=make, probe=probe, sized=sized)
exec(${JSON.stringify(USES)}, space)
lambda name, count: space[name](count)`);
  const classes =
    (name: string): Operation =>
    (count) => {
      uses(name, count);
    };
  const here =
    (code: string): Operation =>
    (count) => {
      pyodide.runPython(code.replace("COUNT", String(count)));
    };
  const repeat =
    (code: string, each: (object: PyodideObject) => void): Operation =>
    (count) => {
      const object = pyodide.runPython(code);
      for (let i = 0; i < count; i++) {
        each(object);
      }
      object.destroy();
    };
  return {
    "call without arguments": repeat("nothing", (object) => {
      object();
    }),
    "method call with two ints": repeat("point", (object) => {
      const add = object["add"] as PyodideObject;
      add(1, 2);
      add.destroy();
    }),
    "attribute get": repeat("point", (object) => {
      void object["x"];
    }),
    "list of 1,000 ints to JavaScript": repeat("numbers", (object) => {
      object.toJs();
    }),
    "list of 1,000 ints to Python": (count) => {
      for (let i = 0; i < count; i++) {
        pyodide.toPy(NUMBERS).destroy();
      }
    },
    "1 MiB bytes to JavaScript": repeat("data", (object) => {
      object.toJs();
    }),
    "1 MiB bytes to Python": (count) => {
      for (let i = 0; i < count; i++) {
        pyodide.toPy(DATA).destroy();
      }
    },
    "1 MiB to JavaScript, shared": repeat("writable", (object) => {
      const buffer = object.getBuffer();
      buffer.data[0] = buffer.data[buffer.data.length - 1]!;
      buffer.release();
    }),
    "buffer acquired and released": repeat("writable", (object) => {
      object.getBuffer().release();
    }),
    "1 MiB to Python, into new shared memory": (count) => {
      for (let i = 0; i < count; i++) {
        pyodide.toPy(DATA).destroy();
      }
    },
    "Python calls a JavaScript function, two ints": here("call(js, COUNT)"),
    "Python gets a JavaScript attribute": here("get(js, COUNT)"),
    "TypeScript function, two ints": here("call(js, COUNT)"),
    "TypeScript class: construct": classes("construct"),
    "TypeScript class: method, shared": classes("shared"),
    "TypeScript class: method, exclusive, one int": classes("exclusive"),
    "TypeScript class: field get": classes("get"),
    "TypeScript class: field set": classes("set"),
    "TypeScript class: len()": classes("length"),
  };
}

/** Nanoseconds of one operation. */
async function measure(operation: Operation, count: number): Promise<number> {
  const begin = performance.now();
  const pending = operation(count);
  if (pending) {
    await pending;
  }
  return ((performance.now() - begin) * 1e6) / count;
}

/** How often an operation fits into a round; warms it up too. */
async function calibrate(operation: Operation): Promise<number> {
  for (let count = 1; ; count *= 2) {
    // Twice: whatever else happens meanwhile, a first start of something, shall not pass for the operation's time.
    const nanoseconds = Math.min(await measure(operation, count), await measure(operation, count)) * count;
    if (nanoseconds > (ROUND_MS / 4) * 1e6) {
      return Math.max(1, Math.round((count * ROUND_MS * 1e6) / nanoseconds));
    }
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" }, help: { type: "boolean", short: "h" } } });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds takes a whole number from 1, not ${values.rounds}`);
  }
  const { loadPyodide } = createRequire(import.meta.url)("pyodide") as { loadPyodide(): Promise<Pyodide> };
  const machine = describeMachine();
  const weft = await loadWeft();
  const pyodide = await loadPyodide();
  const second = new SecondThread(weft);
  await second.started();
  await weft.addModule(new URL("classes.js", import.meta.url));
  const ours = weftOperations(weft, second);
  const theirs = pyodideOperations(pyodide);

  const results = Object.entries(ours).map(([name, operation]) => ({ name, operation, peer: theirs[name], own: [] as number[], other: [] as number[] }));
  const counts: { own: number; other: number }[] = [];
  for (const { operation, peer } of results) {
    counts.push({ own: await calibrate(operation), other: peer ? await calibrate(peer) : 0 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, { operation, peer, own, other }] of results.entries()) {
      const turns: [Operation, number, number[]][] = [[operation, counts[index]!.own, own]];
      if (peer) {
        turns.push([peer, counts[index]!.other, other]);
      }
      // The order changes from round to round.
      for (const [what, count, times] of round % 2 === 0 ? turns : turns.reverse()) {
        // Finalizers run between tasks only: what one operation leaves shall not slow down the next.
        await new Promise((resolve) => setTimeout(resolve, 1));
        times.push(await measure(what, count));
      }
    }
  }
  const rows = [["nanoseconds, median (min..max)", "weft", "pyodide", "pyodide/weft"]];
  for (const { name, own, other } of results) {
    const [a, b] = [spread(own), other.length > 0 ? spread(other) : undefined];
    rows.push([name, spreadFigure(a), b ? spreadFigure(b) : "-", b ? ratio(b.median, a.median) : "-"]);
  }
  process.stdout.write(
    `pyodide ${pyodide.version}; Node ${machine.node}; ${machine.cpu}, ${machine.cores} cores, ${figure(machine.memory / 1e9)} GB, load ${machine.load.toFixed(2)}; ${rounds} rounds; ${machine.date}\n\n${table(rows)}`,
  );
  await second.end();
  await weft.terminate();
}

await main();
