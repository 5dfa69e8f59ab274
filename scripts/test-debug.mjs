// npm run test:debug: the debug variant, a pydebug build of CPython with its assertions and mimalloc's, under the tests in
// which threads share most. Not a part of `npm test`: it compiles CPython once more and runs several times slower.
import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const node = process.execPath;
const cache = process.env.WEFT_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "weft");
/** Results of its own: those of the test variant are kept. */
const results = ["--runtime", "dist/runtime/debug", "--out", join(cache, "cpython-tests-debug"), "--fresh", "--timeout", "900"];

const builds = [
  [node, "scripts/bundle.mjs"],
  [node, "dist/bin/weft.js", "build"],
  [node, "dist/bin/weft.js", "build", "--variant", "debug"],
];
const tests = [
  // The module's functions and layouts are those of the tables, as in the other variants; and each patch does what it is for.
  ["env", `WEFT_RUNTIME=${join(root, "dist/runtime/debug")}`, join(root, "node_modules/.bin/vitest"), "run", "test/abi.test.ts", "test/abi-layout.test.ts", "test/runtime/patches.test.ts"],
  [node, "dist/dev/test-cpython.js", ...results, "test_free_threading", "test_threading", "test_thread", "test_weakref", "test_gc"],
  [node, "dist/bin/weft.js", "stress", "test/stress/lane", "--variant", "debug", "--schedule", "perturb", "--iterations", "10", "--timeout", "120"],
];

function run([command, ...args]) {
  console.log(`\n$ ${[command, ...args].join(" ")}`);
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0;
}

// Without a build there is nothing to test; of the tests, all are run.
const passed = builds.every(run) && tests.map(run).every(Boolean);
console.log(passed ? "\nthe debug variant passed" : "\nthe debug variant failed");
process.exit(passed ? 0 : 1);
