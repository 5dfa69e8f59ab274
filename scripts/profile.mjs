// Counts what CPython's functions and the module's branches do in tests of CPython's own, and writes what the build makes the
// core by: cpython-build/profile/counts.txt, which clang compiles it by, and branches.txt, of which the module's hints are made.
//   npm run profile [-- --jobs N] [--only counts|branches]
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const DEADLINE = 15 * 60_000;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const weft = join(root, "dist/bin/weft.js");
const branches = join(root, "dist/dev/count-branches.js");
const profile = join(root, "cpython-build/profile");
const { values } = parseArgs({ options: { jobs: { type: "string", default: String(availableParallelism()) }, only: { type: "string" } } });
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) {
  throw new RangeError(`--jobs takes a positive number, not ${values.jobs}`);
}
if (values.only !== undefined && values.only !== "counts" && values.only !== "branches") {
  throw new RangeError(`--only takes "counts" or "branches", not ${values.only}`);
}

const wait = (child) => new Promise((resolve, reject) => child.once("error", reject).once("exit", (code, signal) => resolve(code ?? signal)));
const run = (args, options) => promisify(execFile)(process.execPath, args, { killSignal: "SIGKILL", maxBuffer: 1 << 26, ...options });

/** Builds a variant and returns where it is. */
async function build(variant) {
  if ((await wait(spawn(process.execPath, [weft, "build", "--variant", variant], { stdio: "inherit" }))) !== 0) {
    process.exit(1);
  }
  return join(root, "dist/runtime", variant);
}

/** Counts in all tests, several at a time. */
async function count(runtime, one) {
  const { stdout } = await run([weft, "run", join(profile, "count.py"), "--list"], { env: { ...process.env, WEFT_RUNTIME: runtime } });
  const tests = stdout.trim().split("\n");
  let next = 0;
  const work = async () => {
    for (let test = tests[next++]; test !== undefined; test = tests[next++]) {
      const start = performance.now();
      await one(test);
      console.log(`${test} counted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
}

async function countParts(folder) {
  const runtime = await build("counting");
  const env = { ...process.env, WEFT_RUNTIME: runtime };
  const mounts = ["--mount", `${folder}:/counts`];
  await count(runtime, (test) => run([weft, "run", ...mounts, join(profile, "count.py"), test, `/counts/${test}.json`], { env, timeout: DEADLINE }));
  // Any Python will do for adding them up; this one is there.
  return run([weft, "run", ...mounts, "--mount", `${profile}:/profile`, join(profile, "counts.py"), "collect", "/counts", "/profile/counts.txt"], { env });
}

/** After the parts: the core is compiled by them. */
async function countBranches(folder) {
  const runtime = await build("test");
  const counting = join(folder, "runtime");
  const counts = join(folder, "counts");
  mkdirSync(counts);
  await run([branches, "runtime", runtime, counting]);
  await count(runtime, (test) => run([branches, "test", counting, test, join(counts, test)], { timeout: DEADLINE }));
  return run([branches, "collect", runtime, counts, join(profile, "branches.txt")]);
}

for (const [name, step] of Object.entries({ counts: countParts, branches: countBranches })) {
  if (values.only === undefined || values.only === name) {
    const folder = mkdtempSync(join(tmpdir(), `weft-${name}-`));
    try {
      process.stdout.write((await step(folder)).stdout);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
