/**
 * Has the engine optimise what a program uses of a runtime's module, and keeps the code: `node make-code.js RUNTIME FOLDER PROGRAM`. A process
 * of its own, for its flags; without a program it looks whether the engine takes the code, which one that has the module already would not tell.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { RuntimeAssets } from "../hosts/node/assets.js";
import { codeOf, codePath, keepsCode, moduleFromCode } from "../hosts/node/code-cache.js";
import { BRANCH_HINTS, takesBranchHints } from "../hosts/node/engine.js";
import { runProgram } from "../hosts/node/run.js";

const V8 = Number.parseInt(process.versions.v8);
/** What V8 13 has: functions are put into others by what was seen of their calls, which is nothing when they are optimised at the first one. */
const BY_EXPERIENCE = V8 < 13 ? [] : ["wasm-inlining"];
/** Engines that take no hints themselves take code that is laid out by them, but for V8 13, which looks what a module was compiled with. */
const HINTS = takesBranchHints() && V8 < 13 ? [BRANCH_HINTS] : [];
/** So that a function is optimised at its first call. */
const OPTIMISE = ["no-liftoff", ...BY_EXPERIENCE.map((name) => `no-${name}`), ...HINTS];
/** The same, and what follows from the first. */
const AS_BEFORE = ["liftoff", "wasm-tier-up", "wasm-dynamic-tiering", ...BY_EXPERIENCE, ...HINTS.map((name) => `no-${name}`), ...(V8 === 12 ? ["no-experimental"] : [])];

const setFlags = (names: readonly string[]): void => {
  names.forEach((name) => {
    setFlagsFromString(`--${name}`);
  });
};

class KnownModule extends RuntimeAssets {
  module: WebAssembly.Module | undefined;

  override async compile(): Promise<WebAssembly.Module> {
    this.module = await super.compile();
    return this.module;
  }
}

const [, , runtime, folder, program] = process.argv;
if (runtime === undefined || folder === undefined) {
  throw new TypeError("a runtime's folder, a folder for the code, and a program are the arguments");
}
const bytes = new Uint8Array(readFileSync(join(runtime, "weft.wasm")));
if (program === undefined) {
  if (moduleFromCode(folder, bytes, createHash("sha256").update(bytes).digest("hex")) === undefined) {
    throw new Error("this engine does not take the code that it has made");
  }
  process.exit(0);
}
if (!keepsCode()) {
  throw new Error(`this engine, V8 ${process.versions.v8}, has no functions to keep code with`);
}
const path = codePath(folder);
setFlags(OPTIMISE);
const assets = new KnownModule(runtime);
const end = await runProgram({
  assets,
  arguments: ["python", "-c", readFileSync(program, "utf8")],
  environment: {},
  workingDirectory: "/tmp",
  mounts: [],
  javascript: false,
});
if (end.kind !== "exit" || end.status !== 0) {
  throw new Error(`${program} ended with ${end.kind === "exit" ? `status ${end.status}` : String(end.error)}`);
}
setFlags(AS_BEFORE);
if (codePath(folder) !== path) {
  throw new Error(`this engine has flags that depend on ${OPTIMISE.join(" ")} in another way: its code would not be used`);
}
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, codeOf(assets.module!, bytes));
process.exit(0);
