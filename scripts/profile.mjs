// Counts what CPython's functions do in tests of its own, and writes cpython-build/profile/counts.txt, by which the
// build compiles the core (cpython-build/profile/counts.py):
//   npm run profile [-- --jobs N]
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

const DEADLINE = 15 * 60_000;

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const weft = join(root, "dist/bin/weft.js");
const profile = join(root, "cpython-build/profile");
const { values } = parseArgs({ options: { jobs: { type: "string", default: String(availableParallelism()) } } });
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) {
  throw new RangeError(`--jobs takes a positive number, not ${values.jobs}`);
}

const wait = (child) => new Promise((resolve, reject) => child.once("error", reject).once("exit", (code, signal) => resolve(code ?? signal)));
const run = (args, options) => promisify(execFile)(process.execPath, [weft, ...args], { killSignal: "SIGKILL", maxBuffer: 1 << 26, ...options });
const built = await wait(spawn(process.execPath, [weft, "build", "--variant", "counting"], { stdio: "inherit" }));
if (built !== 0) {
  process.exit(1);
}
const env = { ...process.env, WEFT_RUNTIME: join(root, "dist/runtime/counting") };
const counts = mkdtempSync(join(tmpdir(), "weft-counts-"));
try {
  const tests = (await run(["run", join(profile, "count.py"), "--list"], { env })).stdout.trim().split("\n");
  let next = 0;
  const work = async () => {
    for (let test = tests[next++]; test !== undefined; test = tests[next++]) {
      const start = performance.now();
      await run(["run", "--mount", `${counts}:/counts`, join(profile, "count.py"), test, `/counts/${test}.json`], { env, timeout: DEADLINE });
      console.log(`${test} counted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  // Any Python will do for adding them up; this one is there.
  const { stdout } = await run(["run", "--mount", `${counts}:/counts`, "--mount", `${profile}:/profile`, join(profile, "counts.py"), "collect", "/counts", "/profile/counts.txt"], { env });
  process.stdout.write(stdout);
} finally {
  rmSync(counts, { recursive: true, force: true });
}
