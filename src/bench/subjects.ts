import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { LIBRARY_PARTS, SNAPSHOT_FILE, type PROGRAM_FILES } from "../abi/runtime-files.js";
import { BenchError } from "./error.js";
import type { Command } from "./process.js";

/** The parts of a runtime, in the order in which they are told; Pyodide has no snapshot. */
export const PARTS = ["module", "standard library", "glue", "snapshot"] as const;
/** Those of ours. */
const FILES = ["weft.wasm", "python313.zip", "weft.mjs", SNAPSHOT_FILE] satisfies (typeof PROGRAM_FILES)[number][];

/** One thing that is compared, and the commands that show it. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  /** Prints `hi`. */
  readonly hello: Command;
  /** Prints `hi`, then waits for a line. */
  readonly waiting: Command;
  /** Prints Python's version. */
  readonly python?: Command;
  /** Files by {@link PARTS}, as far as it has them. */
  readonly files?: readonly string[];
  /** Further ones, which are loaded when a program needs something of them. */
  readonly later?: readonly string[];
}

/** A first sign of life. */
export const HELLO = 'print("hi")';
const WAITING = 'import sys\nprint("hi", flush=True)\nsys.stdin.readline()';
/** Prints Python's version. */
export const VERSION = 'import sys\nprint("%d.%d.%d" % sys.version_info[:3])';

function readJson(path: string, remedy: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new BenchError(`cannot read ${path}; ${remedy}`, { cause: error });
  }
}

/**
 * Weft with the runtime in a folder.
 * @param root Folder of this package.
 * @throws BenchError when something of it is missing.
 */
export function weft(root: string, runtime: string): Subject {
  const { version } = readJson(join(root, "package.json"), "run the bundled benchmark from a checkout");
  const { variant } = readJson(join(runtime, "manifest.json"), 'run "npm run build" first');
  const launcher = join(root, "dist", "bin", "weft-python.js");
  if (!existsSync(launcher)) {
    throw new BenchError(`there is no ${launcher}; run "npm run bundle" first`);
  }
  // Only ours would see Python's variables.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));
  const command = (code: string): Command => ({
    name: "weft",
    arguments: [launcher, "-c", code],
    folder: root,
    environment: { ...environment, WEFT_RUNTIME: runtime },
  });
  return {
    name: "weft",
    version: `${String(version)} (${String(variant)})`,
    hello: command(HELLO),
    waiting: command(WAITING),
    python: command(VERSION),
    files: FILES.map((name) => join(runtime, name)),
    later: LIBRARY_PARTS.map((name) => join(runtime, name)),
  };
}

/**
 * npm's `pyodide`, as it is installed for this package.
 * @param name the name under which a version of it is installed.
 * @throws BenchError when it is not.
 */
export function pyodide(root: string, name = "pyodide"): Subject {
  let description: string;
  try {
    description = createRequire(join(root, "package.json")).resolve(`${name}/package.json`);
  } catch (error) {
    throw new BenchError(`the package "${name}" is not installed; run "npm ci" in a checkout`, { cause: error });
  }
  const { version } = readJson(description, 'run "npm ci" again');
  const folder = dirname(description);
  const command = (code: string): Command => ({
    name,
    arguments: [
      "--input-type=module",
      "--eval",
      `import { loadPyodide } from ${JSON.stringify(name)}; (await loadPyodide()).runPython(${JSON.stringify(code)});`,
    ],
    // Where the name of the package is resolved.
    folder: root,
    environment: process.env,
  });
  return {
    name,
    version: String(version),
    hello: command(HELLO),
    waiting: command(WAITING),
    python: command(VERSION),
    files: [
      "pyodide.asm.wasm",
      "python_stdlib.zip",
      // The name has changed between its versions.
      existsSync(join(folder, "pyodide.asm.mjs")) ? "pyodide.asm.mjs" : "pyodide.asm.js",
    ].map((name) => join(folder, name)),
  };
}

/** Node without a Python: what both others start from. */
export function nodeAlone(root: string): Subject {
  const command = (code: string): Command => ({
    name: "node alone",
    arguments: ["--eval", code],
    folder: root,
    environment: process.env,
  });
  return {
    name: "node alone",
    version: process.versions.node,
    hello: command('process.stdout.write("hi\\n")'),
    waiting: command('process.stdout.write("hi\\n"); require("node:fs").readSync(0, Buffer.alloc(1))'),
  };
}
