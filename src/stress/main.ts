import { appendFileSync, existsSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BrowserLane } from "./browser-lane.js";
import type { LaneName } from "./iteration.js";
import { LaneError, type Lane } from "./lane.js";
import { NodeLane } from "./node-lane.js";
import { parseStressOptions, STRESS_HELP, StressUsageError, type StressOptions } from "./options.js";
import { annotation, junitText, verdictJson, verdictText } from "./report.js";
import { StressRunner, type BrokenFile, type FoundTest } from "./runner.js";
import { findTargets, mountsFor, type Target } from "./targets.js";
import type { TestVerdict } from "./verdict.js";

/** Exit statuses, as pytest's. */
export const StressExit = { ok: 0, failed: 1, interrupted: 2, broken: 3, usage: 4, nothing: 5 } as const;

/** Milliseconds between lines about a test that takes long. */
const LIVE = 5000;

/** `weft stress`: returns the exit status. */
export async function stress(args: readonly string[]): Promise<number> {
  let options: StressOptions | null;
  let targets: Target[];
  try {
    options = parseStressOptions(args, cpus().length, process.env);
    if (!options) {
      process.stdout.write(STRESS_HELP);
      return StressExit.ok;
    }
    targets = findTargets(options.targets);
  } catch (error) {
    if (error instanceof StressUsageError) {
      process.stderr.write(`weft stress: ${error.message}\n`);
      return StressExit.usage;
    }
    throw error;
  }
  const interrupt = (): void => {
    process.stderr.write("\nweft stress: interrupted\n");
    process.exit(StressExit.interrupted);
  };
  process.once("SIGINT", interrupt);
  try {
    return await runTargets(options, targets);
  } catch (error) {
    if (error instanceof LaneError) {
      process.stderr.write(`weft stress: ${error.message}\n`);
      return StressExit.broken;
    }
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function runTargets(options: StressOptions, targets: readonly Target[]): Promise<number> {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const files = [...new Set(targets.map(({ file }) => file))];
  const mounts = mountsFor(files, options.pythonPath);
  const runtime = runtimeOf(options.variant);
  const results: Results = { verdicts: [], broken: [], restarts: new Map() };
  let found = 0;
  for (const name of options.lanes) {
    const lane = name === "node" ? new NodeLane(mounts, options.pythonPath, runtime) : await BrowserLane.open({ mounts, pythonPath: options.pythonPath, runtime, server: options.browserServer, say });
    try {
      found += await runLane(options, lane, files, targets, results, say);
    } finally {
      await lane.close();
    }
  }
  if (found === 0 && results.broken.length === 0) {
    say("no tests were found");
    return StressExit.nothing;
  }
  return options.list ? (results.broken.length > 0 ? StressExit.failed : StressExit.ok) : summary(results, say);
}

/** The folder of a built runtime. */
function runtimeOf(variant: string): string {
  const folder = variant === "release" && process.env["WEFT_RUNTIME"] !== undefined ? process.env["WEFT_RUNTIME"] : fileURLToPath(new URL(`../runtime/${variant}`, import.meta.url));
  if (!existsSync(join(folder, "manifest.json"))) {
    throw new LaneError(`there is no runtime in ${folder}: "npx weft build --variant ${variant}" makes it`);
  }
  return folder;
}

/** Everything that is known, of all environments. */
interface Results {
  readonly verdicts: TestVerdict[];
  readonly broken: BrokenFile[];
  /** Milliseconds that new interpreters took after hangs and crashes. */
  readonly restarts: Map<LaneName, number[]>;
}

/** Runs the tests in one environment; gives how many there are. */
async function runLane(options: StressOptions, lane: Lane, files: readonly string[], targets: readonly Target[], results: Results, say: (line: string) => void): Promise<number> {
  let said = performance.now();
  const restarts: number[] = [];
  results.restarts.set(lane.name, restarts);
  const runner = new StressRunner(options, lane, {
    onIteration: (test, done) => {
      if (performance.now() - said > LIVE) {
        said = performance.now();
        say(`...     ${test.file}::${test.name}  ${done} of ${options.iterations}`);
      }
    },
    onRestart: (milliseconds) => {
      restarts.push(milliseconds);
    },
  });
  try {
    const { tests, broken } = await runner.collect(files);
    results.broken.push(...broken);
    const wanted = select(tests, targets, options);
    for (const { file, raised } of broken) {
      say(`BROKEN  ${file}\n${raised.traceback.trimEnd().split("\n").map((line) => `    ${line}`).join("\n")}`);
    }
    if (options.list) {
      wanted.forEach((test) => {
        say(`${test.file}::${test.name}${test.skip === null ? "" : `  (skipped: ${test.skip})`}`);
      });
    } else if (wanted.length > 0) {
      say(`${lane.name}: ${wanted.length} tests, ${options.threads} threads, ${options.iterations} iterations, schedule ${options.schedule}, seed ${options.seed}`);
      await runAll(runner, wanted, results, options, say);
    }
    return wanted.length;
  } finally {
    await runner.end();
  }
}

async function runAll(runner: StressRunner, tests: readonly FoundTest[], { verdicts, broken }: Results, options: StressOptions, say: (line: string) => void): Promise<void> {
  let bad = 0;
  for (const test of tests) {
    const verdict = await runner.test(test);
    verdicts.push(verdict);
    say(verdictText(verdict));
    if (options.jsonLines !== undefined) {
      appendFileSync(options.jsonLines, `${verdictJson(verdict)}\n`);
    }
    if (options.junit !== undefined) {
      // Whole at any time: a crash of this process keeps what is known.
      writeFileSync(`${options.junit}.part`, junitText(verdicts, broken));
      renameSync(`${options.junit}.part`, options.junit);
    }
    if (verdict.bad) {
      bad++;
      if (options.annotations) {
        say(annotation(verdict));
      }
      if (options.maxFail > 0 && bad >= options.maxFail) {
        say(`stopped after ${bad} failed ${bad === 1 ? "test" : "tests"}`);
        break;
      }
    }
  }
}

function summary({ verdicts, broken, restarts }: Results, say: (line: string) => void): number {
  const counts = new Map<string, number>();
  for (const one of verdicts) {
    counts.set(one.class, (counts.get(one.class) ?? 0) + 1);
  }
  if (broken.length > 0) {
    counts.set("broken files", broken.length);
  }
  say("");
  say([...counts].map(([kind, count]) => `${count} ${kind}`).join(", "));
  for (const [env, times] of restarts) {
    if (times.length > 0) {
      say(`interpreters replaced in ${env}: ${times.length}, in ${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)} ms`);
    }
  }
  return verdicts.some((one) => one.bad) || broken.length > 0 ? StressExit.failed : StressExit.ok;
}

function select(tests: readonly FoundTest[], targets: readonly Target[], { keyword, shard }: StressOptions): FoundTest[] {
  return tests
    .filter((test) => targets.some(({ file, name }) => file === test.file && (name === undefined || test.name === name || test.name.startsWith(`${name}::`))))
    .filter((test) => keyword === undefined || test.name.includes(keyword))
    .filter((_, i) => i % shard.count === shard.index - 1);
}
