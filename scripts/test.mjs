// Everything that `npm test` runs, with the counts of all runners added up in the last line. Steps follow one another:
// each uses all cores, but for those that check types.
import { spawn, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBrowsers } from "./browsers.mjs";
import { copyRuntime } from "./playground.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
let passed = 0;
let failed = 0;
/** What the runners said of failures, to be repeated at the end, where it is found. */
const failures = [];

/**
 * Runs a command, shows its output, and returns it with the exit status.
 * @param whole shows it when the command has ended, so that several can run at once.
 */
function run(command, args, { whole = false } = {}) {
  return new Promise((resolve) => {
    const title = `\n$ ${[command, ...args].join(" ")}`;
    if (!whole) {
      console.log(title);
    }
    const begin = Date.now();
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]]) {
      from.on("data", (data) => {
        output += data;
        if (!whole) {
          to.write(data);
        }
      });
    }
    child.on("error", (error) => {
      console.error(String(error));
      resolve({ status: 1, output });
    });
    child.on("close", (status) => {
      if (whole) {
        process.stdout.write(`${title}\n${output}`);
      }
      console.log(`(${Math.round((Date.now() - begin) / 1000)} s)`);
      // Without colours, which would hide the counts.
      resolve({ status: status ?? 1, output: output.replace(/\x1b\[[0-9;]*m/g, "") });
    });
  });
}

/**
 * Adds up the counts that `pattern` finds; a runner without counts is one test of its own.
 * @param failure matches what the runner prints of each failure, or finds it.
 */
function count({ status, output }, pattern, failure) {
  const found = pattern ? [...output.matchAll(pattern)] : [];
  const sum = (name) => found.reduce((total, { groups }) => total + Number(groups[name] ?? 0), 0);
  const counts = { passed: sum("passed"), failed: sum("failed") + sum("broken") };
  if (found.length === 0) {
    counts[status === 0 && !pattern ? "passed" : "failed"] = 1;
  } else if (status !== 0 && counts.failed === 0) {
    // It broke outside of a test.
    counts.failed = 1;
  }
  if (counts.failed > 0) {
    const said = [...new Set((typeof failure === "function" ? failure(output) : output.match(failure)) ?? [])];
    failures.push(...(said.length > 0 ? said : output.trimEnd().split("\n").slice(-20)));
  }
  passed += counts.passed;
  failed += counts.failed;
}

/** A line for each program and sanitizer. */
const SYS = /^\w+: (?<passed>\d+) passed, (?<failed>\d+) failed/gm;
const CLOSING_LINE = /^(?<passed>\d+) passed, (?<failed>\d+) failed/gm;
/** A failed check prints where it is, a sanitizer what it found. */
const SYS_FAILURE = /^.*(?:: in \w+: |deadline passed|ERROR: |WARNING: ThreadSanitizer).*$/gm;
/**
 * What vitest says of its failures at its end, shortened: names, messages, and how results differ from what was expected.
 * What is between (where it was, the source) is in the complete output above.
 */
function vitestFailures(output) {
  const [said = ""] = /^⎯+ (?:Failed (?:Tests|Suites) \d+|Unhandled Errors) ⎯[\s\S]*?(?=^ *Test Files )/m.exec(output) ?? [];
  return said.split(/^(?= FAIL |⎯+ Unhandled Errors)/m).slice(1).map((one) =>
    one
      .split("\n")
      // Other hosts' failures come as differences, with their stacks: what the threads did comes after those.
      .filter((line) => /^(?: FAIL | *[A-Za-z]*Error: |\s*[-+] (?!Expected$|Received$|\s+at )|⎯+ Unhandled|Serialized Error)/.test(line))
      .slice(0, 40)
      .map((line) => line.slice(0, 300))
      .join("\n"),
  );
}
const CPYTHON_FAILURE = /^Failed files:\n(?:  .*\n)+/gm;
/** Of tests, and of files that broke before they had any. */
const VITEST = /^ *Tests +(?:(?<failed>\d+) failed)?(?: \| )?(?:(?<passed>\d+) passed)?|Failed Suites (?<broken>\d+)/gm;

/** What the standard library gives threads to share, on both hosts. */
const STRESS_LANE = ["stress", "test/stress/lane", "--env", "node,chromium", "--schedule", "perturb", "--iterations", "10", "--timeout", "60"];
const STRESS_FAILURE = /^(?:FAIL|PROBLEM|BROKEN|weft stress:) .*$/gm;

/** The system-call layer's own tests are native programs. */
function ensureCompiler() {
  if (spawnSync("cc", ["--version"]).status === 0) {
    return;
  }
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    console.error('there is no C compiler; install one ("apt-get install gcc libc6-dev") and run the tests again');
    return;
  }
  spawnSync("apt-get", ["update", "-q"], { stdio: "inherit" });
  spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", "gcc", "libc6-dev"], { stdio: "inherit" });
}

const node = process.execPath;
const bin = (name) => join(root, "node_modules", ".bin", name);
const builds = [
  [node, ["scripts/bundle.mjs"]],
  // Which the package has.
  [bin("tsc"), ["--project", "scripts/tsconfig.types.json"]],
  [node, ["dist/bin/weft.js", "build"]],
  [node, ["dist/bin/weft.js", "build", "--variant", "test"]],
  [node, ["dist/bin/weft.js", "build", "--profile", "solo"]],
];
for (const [command, args] of builds) {
  const { status } = await run(command, args);
  if (status !== 0) {
    console.log("0 passed, 1 failed");
    process.exit(1);
  }
}
// Before tests, of which several at once would find an old one.
copyRuntime();
ensureCompiler();
ensureBrowsers();
// Each process of Node's reads the certificates that this names, 0.1 s of a processor for a system's; no test needs any.
delete process.env.NODE_EXTRA_CA_CERTS;
const types = Promise.all([["--noEmit"], ["--project", "src/playground"]].map((args) => run(bin("tsc"), args, { whole: true })));
count(await run("sh", ["scripts/test-sys.sh"]), SYS, SYS_FAILURE);
for (const checked of await types) {
  count(checked, undefined, /^.*error TS.*$/gm);
}
count(await run(bin("vitest"), ["run"]), VITEST, vitestFailures);
count(await run(node, ["dist/bin/weft.js", ...STRESS_LANE]), CLOSING_LINE, STRESS_FAILURE);
// Its files wait for clocks and threads a good part of their time.
count(await run(node, ["dist/dev/test-cpython.js", "--subset", "ci", "--fresh", "--jobs", String(availableParallelism() + 1)]), CLOSING_LINE, CPYTHON_FAILURE);
if (failures.length > 0) {
  console.log(`\nWhat failed:\n${failures.join("\n")}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
