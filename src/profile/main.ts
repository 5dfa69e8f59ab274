/**
 * Counts the branches of a runtime's module, for `npm run profile`:
 *
 *     count-branches.js runtime FROM TO          makes a runtime of another one, that counts its branches
 *     count-branches.js test RUNTIME NAME FILE   runs one of CPython's test files in it and writes the counters
 *     count-branches.js collect FROM FOLDER FILE adds up what tests have counted, and writes the profile
 */
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COUNTER_SIZE, withCounters } from "../build/branches/counting.js";
import { readFunctions, type ModuleFunction } from "../build/branches/functions.js";
import { formatProfile, makeProfile } from "../build/branches/profile.js";
import { loadWeft } from "../node.js";

/** From the bundle's folder, dist/dev. */
const PROGRAM = new URL("../../cpython-build/profile/count.py", import.meta.url);

const MIB = 1024 * 1024;
/** Where the counters are: at the end of the memory as it begins, which tests do not fill. */
const MEMORY_SIZE = 1024 * MIB;
const COUNTERS = MEMORY_SIZE - 16 * MIB;

const wasmOf = (runtime: string): Uint8Array => readFileSync(join(runtime, "weft.wasm"));
const branchesOf = (functions: readonly ModuleFunction[]): number => functions.reduce((sum, { branches }) => sum + branches.length, 0);

function makeRuntime(from: string, to: string): void {
  const functions = readFunctions(wasmOf(from)).functions;
  if (COUNTERS + COUNTER_SIZE * branchesOf(functions) > MEMORY_SIZE) {
    throw new RangeError(`there is no room for the counters of ${branchesOf(functions)} branches`);
  }
  cpSync(from, to, { recursive: true });
  const wasm = withCounters(wasmOf(from), COUNTERS);
  writeFileSync(join(to, "weft.wasm"), wasm);
  const path = join(to, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { files: Record<string, { size: number; sha256: string }> };
  manifest.files["weft.wasm"] = { size: wasm.length, sha256: createHash("sha256").update(wasm).digest("hex") };
  writeFileSync(path, JSON.stringify(manifest));
}

async function countTest(runtime: string, test: string, file: string): Promise<void> {
  const branches = branchesOf(readFunctions(wasmOf(runtime)).functions);
  const weft = await loadWeft({ runtime });
  const { memory } = weft.realm.memory;
  if (memory.buffer.byteLength < MEMORY_SIZE) {
    throw new RangeError(`the engine gave the guest ${memory.buffer.byteLength} bytes of memory, and the counters are behind them`);
  }
  await weft.run(`__name__ = "count"\n${readFileSync(PROGRAM, "utf8")}\nif not run_tests(${JSON.stringify(test)}).testsRun:\n    raise SystemExit("no test ran")\n`);
  const counters = new Uint8Array(memory.buffer, COUNTERS, COUNTER_SIZE * branches).slice();
  // Whole or not at all.
  writeFileSync(`${file}.new`, counters);
  renameSync(`${file}.new`, file);
  // What tests have left running is not waited for.
  process.exit(0);
}

function collect(from: string, folder: string, file: string): void {
  const { functions } = readFunctions(wasmOf(from));
  const sums = new Float64Array((COUNTER_SIZE / 4) * branchesOf(functions));
  for (const name of readdirSync(folder)) {
    const counted = readFileSync(join(folder, name));
    const counters = new Uint32Array(counted.buffer, counted.byteOffset, counted.length / 4);
    if (counters.length !== sums.length) {
      throw new RangeError(`${join(folder, name)} has ${counters.length} counters, and the module ${sums.length}: they do not belong together`);
    }
    counters.forEach((counter, i) => {
      sums[i]! += counter;
    });
  }
  const profile = makeProfile(functions, sums);
  writeFileSync(file, formatProfile(profile));
  const hints = [...profile.values()].reduce((sum, { ways }) => sum + ways.replaceAll(".", "").length, 0);
  console.log(`${file}: ${profile.size} functions, ${hints} of their branches mostly go one way`);
}

const [, , command, ...args] = process.argv;
if (command === "runtime" && args.length === 2) {
  makeRuntime(args[0]!, args[1]!);
} else if (command === "test" && args.length === 3) {
  await countTest(args[0]!, args[1]!, args[2]!);
} else if (command === "collect" && args.length === 3) {
  collect(args[0]!, args[1]!, args[2]!);
} else {
  throw new TypeError("usage: count-branches.js runtime FROM TO | test RUNTIME NAME FILE | collect FROM FOLDER FILE");
}
