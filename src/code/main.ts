/**
 * Has the engine optimise what a program uses of a runtime's module, and keeps the code: `node make-code.js RUNTIME PROGRAM FOLDER [commands]`.
 * With `commands` it is for an engine as the commands set it up, otherwise for one as it is. A process of its own, for its flags.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { RuntimeAssets } from "../hosts/node/assets.js";
import { codeOf, codePath, keepsCode } from "../hosts/node/code-cache.js";
import { tuneEngine } from "../hosts/node/engine.js";
import { runProgram } from "../hosts/node/run.js";

/** What V8 13 has: functions are put into others by what was seen of their calls, which is nothing when they are optimised at the first one. */
const BY_EXPERIENCE = Number.parseInt(process.versions.v8) < 13 ? [] : ["wasm-inlining"];
/** So that a function is optimised at its first call. */
const OPTIMISE = ["--no-liftoff", ...BY_EXPERIENCE.map((name) => `--no-${name}`)];
/** The same, and what follows from the first. */
const AS_BEFORE = ["liftoff", "wasm-tier-up", "wasm-dynamic-tiering", ...BY_EXPERIENCE].map((name) => `--${name}`);

class KnownModule extends RuntimeAssets {
  module: WebAssembly.Module | undefined;

  override async compile(): Promise<WebAssembly.Module> {
    this.module = await super.compile();
    return this.module;
  }
}

const [, , runtime, program, folder, setup] = process.argv;
if (runtime === undefined || program === undefined || folder === undefined) {
  throw new TypeError("a runtime's folder, a program and a folder for the code are the arguments");
}
if (!keepsCode()) {
  throw new Error(`this engine, V8 ${process.versions.v8}, has no functions to keep code with`);
}
if (setup === "commands") {
  tuneEngine();
}
const path = codePath(folder);
OPTIMISE.forEach(setFlagsFromString);
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
AS_BEFORE.forEach(setFlagsFromString);
if (codePath(folder) !== path) {
  throw new Error(`this engine has flags that depend on ${OPTIMISE.join(" ")} in another way: its code would not be used`);
}
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, codeOf(assets.module!, readFileSync(join(runtime, "weft.wasm"))));
process.exit(0);
