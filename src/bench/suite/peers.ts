import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "../process.js";
import { pyodide, weft, type Subject } from "../subjects.js";
import { ProcessEngine, type Peer } from "./engine.js";

/** What every peer's Python runs. */
export function readDriver(root: string): string {
  return readFileSync(join(root, "src/bench/suite/driver.py"), "utf8");
}

/** Serves the driver in a Node process with a Pyodide, whose standard input cannot wait for lines. */
const PYODIDE_HOST = `
import { createInterface } from "node:readline";
const [name, driver] = process.argv.slice(1);
const { loadPyodide } = await import(name);
const pyodide = await loadPyodide();
pyodide.globals.set("__name__", "driver");
pyodide.runPython(driver);
const measure = pyodide.globals.get("measure");
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(measure(line) + "\\n");
}
`;

/** Name of Weft in Node. */
export const WEFT = "weft";

function processPeer(name: string, { version, hello }: Subject, command: Command): Peer {
  return { name, version, hello, ...(name === WEFT ? {} : { against: WEFT }), open: async () => new ProcessEngine(command) };
}

/** The built runtime to measure: the one that was named, or the release. */
export function runtimeFolder(root: string, named: string | undefined): string {
  return resolve(named ?? process.env["WEFT_RUNTIME"] ?? join(root, "dist/runtime/release"));
}

/** Weft in Node: the program's main thread, as `weft run` has it. */
export function weftPeer(root: string, runtime: string): Peer {
  const subject = weft(root, runtime);
  const [launcher] = subject.hello.arguments;
  return processPeer(WEFT, subject, { ...subject.hello, arguments: [launcher!, "-c", readDriver(root)] });
}

/** An npm package of Pyodide in Node. */
export function pyodidePeer(root: string, packageName: string): Peer {
  const subject = pyodide(root, packageName);
  return processPeer(packageName, subject, {
    ...subject.hello,
    arguments: ["--input-type=module", "--eval", PYODIDE_HOST, "--", packageName, readDriver(root)],
  });
}
