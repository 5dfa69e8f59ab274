// Runs test files many times, each time in a new process with a deadline, and says what failed and how often:
//   npm run test:repeat -- test/python/sync.test.ts [more files] --times 200 [--host deno] [--deadline 60]
//     [--jobs 1] [--seed 1] [--only "part of a test's name"]
// Run number n shuffles the tests with the seed `seed + n`, which `--times 1 --seed` repeats. Failed runs leave a log.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleForCommand, HOSTS, problems, runBundle } from "./portable.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "200" },
    host: { type: "string", default: "node" },
    deadline: { type: "string", default: "120" },
    jobs: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    logs: { type: "string", default: join(tmpdir(), "weft-repeat") },
  },
});
const number = (name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`--${name} takes a positive number, not ${values[name]}`);
  }
  return value;
};
const command = HOSTS[values.host];
if (!command || positionals.length === 0) {
  console.error(`usage: test-repeat FILE... [--times N] [--host ${Object.keys(HOSTS).join("|")}] [--deadline SECONDS] [--jobs N] [--seed N] [--only NAME]`);
  process.exit(2);
}
const [times, jobs, seed, deadline] = [number("times"), number("jobs"), number("seed"), number("deadline") * 1000];

const bundles = mkdtempSync(join(tmpdir(), "weft-repeat-bundles-"));
mkdirSync(values.logs, { recursive: true });
let failedRuns = 0;
try {
  for (const file of positionals) {
    const name = basename(file, ".test.ts");
    // Stacks name it.
    const bundle = join(bundles, `${name}.test.mjs`);
    await bundleForCommand(resolve(file), bundle);
    let next = 0;
    let tests = 0;
    const durations = [];
    /** Problems by their first line, which names the test. */
    const seen = new Map();
    const work = async () => {
      for (let n = next++; n < times; n = next++) {
        const run = await runBundle(command, bundle, { deadline, only: values.only, seed: seed + n });
        durations.push(run.milliseconds);
        tests = Math.max(tests, run.outcomes.length);
        const found = problems(run);
        if (found.length === 0) {
          continue;
        }
        const log = join(values.logs, `${name}-${values.host}-seed${seed + n}.log`);
        writeFileSync(log, `${found.join("\n\n")}\n`);
        const title = found[0].split("\n")[0];
        console.log(`${file}: run ${n + 1}, seed ${seed + n}: ${title} (${log})`);
        seen.set(title, (seen.get(title) ?? 0) + 1);
        failedRuns++;
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    durations.sort((a, b) => a - b);
    const bad = [...seen.values()].reduce((sum, count) => sum + count, 0);
    console.log(
      `${file}: ${times - bad} of ${times} runs of ${tests} tests passed on ${values.host}; ` +
        `${durations[durations.length >> 1]} ms in the middle, ${durations.at(-1)} ms at most`,
    );
    for (const [title, count] of seen) {
      console.log(`  ${count} times: ${title}`);
    }
  }
} finally {
  rmSync(bundles, { recursive: true });
}
process.exit(failedRuns === 0 ? 0 : 1);
