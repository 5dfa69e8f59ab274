#!/usr/bin/env node
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { loadWeft, type HostWeft, type Py, type PyAny } from "../node.js";
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
type Operation = (count: number) => void;

/** The part of Pyodide's interface that is measured. */
interface PyodideObject {
  (...values: unknown[]): unknown;
  [name: string]: unknown;
  toJs(): unknown;
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
`;
const NUMBERS = Array.from({ length: 1000 }, (_, i) => i);
const DATA = new Uint8Array(1 << 20);

/** Attached for the whole round where attaching is not what is measured. */
function weftOperations(weft: HostWeft): Record<string, Operation> {
  const names = weft.attach((py) => {
    const space = py.dict();
    py.run(CODE, space);
    return Object.fromEntries(["nothing", "point", "numbers", "data"].map((name) => [name, space.getItem(name).unbind()]));
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
    "drop while detached, and drain": (count) => {
      for (let i = 0; i < count; ) {
        const batch = Math.min(100, count - i);
        const owned = weft.attach((py) => Array.from({ length: batch }, () => names["point"]!.cloneRef(py)));
        owned.forEach((one) => one.drop());
        i += batch;
      }
      weft.attach(() => undefined);
    },
  };
}

function pyodideOperations(pyodide: Pyodide): Record<string, Operation> {
  pyodide.runPython(CODE);
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
      (object["add"] as PyodideObject)(1, 2);
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
  };
}

/** Nanoseconds of one operation. */
function measure(operation: Operation, count: number): number {
  const begin = performance.now();
  operation(count);
  return ((performance.now() - begin) * 1e6) / count;
}

/** How often an operation fits into a round; warms it up too. */
function calibrate(operation: Operation): number {
  for (let count = 1; ; count *= 2) {
    const nanoseconds = measure(operation, count) * count;
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
  const ours = weftOperations(weft);
  const theirs = pyodideOperations(pyodide);

  const results = Object.entries(ours).map(([name, operation]) => ({ name, operation, peer: theirs[name], own: [] as number[], other: [] as number[] }));
  const counts = results.map(({ operation, peer }) => ({ own: calibrate(operation), other: peer ? calibrate(peer) : 0 }));
  for (let round = 0; round < rounds; round++) {
    results.forEach(({ operation, peer, own, other }, index) => {
      // The order changes from round to round.
      if (peer && round % 2 === 1) {
        other.push(measure(peer, counts[index]!.other));
      }
      own.push(measure(operation, counts[index]!.own));
      if (peer && round % 2 === 0) {
        other.push(measure(peer, counts[index]!.other));
      }
    });
  }
  const rows = [["nanoseconds, median (min..max)", "weft", "pyodide", "pyodide/weft"]];
  for (const { name, own, other } of results) {
    const [a, b] = [spread(own), other.length > 0 ? spread(other) : undefined];
    rows.push([name, spreadFigure(a), b ? spreadFigure(b) : "-", b ? ratio(b.median, a.median) : "-"]);
  }
  process.stdout.write(
    `pyodide ${pyodide.version}; Node ${machine.node}; ${machine.cpu}, ${machine.cores} cores, ${figure(machine.memory / 1e9)} GB, load ${machine.load.toFixed(2)}; ${rounds} rounds; ${machine.date}\n\n${table(rows)}`,
  );
  await weft.terminate();
}

await main();
