import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
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
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function runTargets(options: StressOptions, targets: readonly Target[]): Promise<number> {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const files = [...new Set(targets.map(({ file }) => file))];
  let said = performance.now();
  const restarts: number[] = [];
  const runner = new StressRunner(options, mountsFor(files, options.pythonPath), {
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
    const wanted = select(tests, targets, options);
    if (options.list) {
      wanted.forEach((test) => {
        say(`${test.file}::${test.name}${test.skip === null ? "" : `  (skipped: ${test.skip})`}`);
      });
    }
    for (const { file, raised } of broken) {
      say(`BROKEN  ${file}\n${raised.traceback.trimEnd().split("\n").map((line) => `    ${line}`).join("\n")}`);
    }
    if (wanted.length === 0 && broken.length === 0) {
      say("no tests were found");
      return StressExit.nothing;
    }
    const verdicts = options.list ? [] : await runAll(runner, wanted, broken, options, say);
    return options.list ? (broken.length > 0 ? StressExit.failed : StressExit.ok) : summary(verdicts, broken, restarts, say);
  } finally {
    await runner.end();
  }
}

async function runAll(runner: StressRunner, tests: readonly FoundTest[], broken: readonly BrokenFile[], options: StressOptions, say: (line: string) => void): Promise<TestVerdict[]> {
  say(`${tests.length} tests, ${options.threads} threads, ${options.iterations} iterations, schedule ${options.schedule}, seed ${options.seed}`);
  const verdicts: TestVerdict[] = [];
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
  return verdicts;
}

function summary(verdicts: readonly TestVerdict[], broken: readonly BrokenFile[], restarts: readonly number[], say: (line: string) => void): number {
  const counts = new Map<string, number>();
  for (const one of verdicts) {
    counts.set(one.class, (counts.get(one.class) ?? 0) + 1);
  }
  if (broken.length > 0) {
    counts.set("broken files", broken.length);
  }
  say("");
  say([...counts].map(([kind, count]) => `${count} ${kind}`).join(", "));
  if (restarts.length > 0) {
    const sorted = [...restarts].sort((a, b) => a - b);
    say(`interpreters replaced: ${restarts.length}, in ${sorted[0]!.toFixed(0)} to ${sorted.at(-1)!.toFixed(0)} ms`);
  }
  return verdicts.some((one) => one.bad) || broken.length > 0 ? StressExit.failed : StressExit.ok;
}

function select(tests: readonly FoundTest[], targets: readonly Target[], { keyword, shard }: StressOptions): FoundTest[] {
  return tests
    .filter((test) => targets.some(({ file, name }) => file === test.file && (name === undefined || test.name === name || test.name.startsWith(`${name}::`))))
    .filter((test) => keyword === undefined || test.name.includes(keyword))
    .filter((_, i) => i % shard.count === shard.index - 1);
}
