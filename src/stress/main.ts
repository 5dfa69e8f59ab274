import { existsSync, mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readReplay } from "./artifacts.js";
import { BrowserLane } from "./browser-lane.js";
import { isEsModule } from "./es-module.js";
import { idOf, type TestName } from "./iteration.js";
import { LaneError, testEnvironment, type Lane } from "./lane.js";
import { NodeLane } from "./node-lane.js";
import { parseStressOptions, STRESS_HELP, StressUsageError, type StressOptions } from "./options.js";
import { annotation, verdictText } from "./report.js";
import { StressExit, summary, writeResults, type Results } from "./results.js";
import { StressRunner, type FoundTest } from "./runner.js";
import { findSites } from "./site.js";
import { findTargets, mountsFor, type Target } from "./targets.js";
import type { TestVerdict } from "./verdict.js";

/** Milliseconds between lines about what is done. */
const LIVE = 5000;

/**
 * `weft stress`: returns the exit status.
 * @param prepareEngine sets this process's engine up for the runtime in a folder, before anything of it is loaded.
 */
export async function stress(args: readonly string[], prepareEngine: (runtime: string) => void): Promise<number> {
  try {
    const options = parseStressOptions(withReplay(args), cpus().length, process.env);
    if (!options) {
      process.stdout.write(STRESS_HELP);
      return StressExit.ok;
    }
    return await runTargets(resolved(options), findTargets(options.targets), prepareEngine);
  } catch (error) {
    if (error instanceof StressUsageError || error instanceof LaneError) {
      process.stderr.write(`weft stress: ${error.message}\n`);
      return error instanceof StressUsageError ? StressExit.usage : StressExit.broken;
    }
    throw error;
  }
}

/** Where a replay file is named, its options after the others. */
function withReplay(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => arg === "--replay" || arg.startsWith("--replay="));
  if (at < 0) {
    return [...args];
  }
  const path = args[at]!.startsWith("--replay=") ? args[at]!.slice("--replay=".length) : args[at + 1];
  if (path === undefined) {
    throw new StressUsageError("--replay needs a file");
  }
  return [...args.slice(0, at), ...args.slice(at + (args[at] === "--replay" ? 2 : 1)), ...readReplay(path)];
}

/** With the paths of what is read in other places than this one. */
function resolved(options: StressOptions): StressOptions {
  const modules = options.modules.map((file) => {
    if (!existsSync(file) || !isEsModule(file)) {
      throw new StressUsageError(`--module ${file} is no file of an ES module (.mjs, .js, .ts)`);
    }
    return resolve(file);
  });
  const companions = findTargets(options.companions.map(idOf)).map(({ file, name }): TestName => [file, name!]);
  return { ...options, modules, companions };
}

async function runTargets(options: StressOptions, targets: readonly Target[], prepareEngine: (runtime: string) => void): Promise<number> {
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const files = [...new Set(targets.map(({ file }) => file))];
  const sites = options.findSite || options.sites.length > 0 ? findSites(options.sites, files, process.env) : [];
  const mounts = mountsFor([...files, ...options.companions.map(([file]) => file)], options.pythonPath, sites);
  const esModule = [...options.modules, ...files].find(isEsModule);
  if (esModule !== undefined && options.lanes.includes("chromium")) {
    throw new StressUsageError(`${esModule} is an ES module, which only Node has the imports of: run it with --env node`);
  }
  const environment = testEnvironment([...options.pythonPath, ...sites], { pytest_args: options.pytestArgs, run_unsafe: options.runUnsafe });
  const runtime = runtimeOf(options.variant);
  prepareEngine(runtime);
  if (options.artifacts !== undefined) {
    mkdirSync(options.artifacts, { recursive: true });
  }
  const results: Results = { verdicts: [], broken: [], restarts: new Map() };
  let found = 0;
  const abort = new AbortController();
  const interrupt = (): void => {
    process.stderr.write("\nweft stress: interrupted\n");
    abort.abort();
  };
  // A second one ends the process as usual.
  process.once("SIGINT", interrupt);
  for (const name of options.lanes) {
    const lane = name === "node" ? new NodeLane(mounts, environment, runtime, options.modules, options.startTimeout) : await BrowserLane.open({ mounts, environment, runtime, server: options.browserServer, startTimeout: options.startTimeout, say });
    try {
      found += await unlessAborted(abort.signal, runLane(options, lane, files, targets, results, say));
    } catch (error) {
      if (!abort.signal.aborted) {
        process.off("SIGINT", interrupt);
        if (results.verdicts.length > 0) {
          summary(options, results, say);
        }
        throw error;
      }
      summary(options, results, say);
      return StressExit.interrupted;
    } finally {
      await lane.close();
    }
  }
  process.off("SIGINT", interrupt);
  if (found === 0 && results.broken.length === 0) {
    say("no tests were found");
    return StressExit.nothing;
  }
  return options.list ? (results.broken.length > 0 ? StressExit.failed : StressExit.ok) : summary(options, results, say);
}

async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(new Error("interrupted"));
      });
    }),
  ]);
}

/** The folder of a built runtime. */
function runtimeOf(variant: string): string {
  const folder = variant === "release" && process.env["WEFT_RUNTIME"] !== undefined ? process.env["WEFT_RUNTIME"] : fileURLToPath(new URL(`../runtime/${variant}`, import.meta.url));
  if (!existsSync(join(folder, "manifest.json"))) {
    throw new LaneError(`there is no runtime in ${folder}: "npx weft build --variant ${variant}" makes it`);
  }
  return folder;
}

/** Runs the tests in one environment; gives how many there are. */
async function runLane(options: StressOptions, lane: Lane, files: readonly string[], targets: readonly Target[], results: Results, say: (line: string) => void): Promise<number> {
  const restarts: number[] = [];
  results.restarts.set(lane.name, restarts);
  let doing = "";
  let began = 0;
  const runner = new StressRunner(options, lane, {
    onIteration: (test, done) => {
      doing = `${test.file}::${test.name}  ${done} of ${options.iterations}`;
    },
    onRestart: (milliseconds) => {
      restarts.push(milliseconds);
    },
    onSlow: ({ file, name, seed, timeout }) => {
      say(`SLOW    ${file}::${name}  seed ${seed} has run for ${timeout / 2} s and is given up after ${timeout} s`);
    },
  });
  const live = setInterval(() => {
    if (doing !== "") {
      say(`...     ${doing}, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  }, LIVE);
  try {
    const { tests, broken } = await runner.collect(files);
    results.broken.push(...broken);
    const wanted = select(tests, targets, options);
    if (!options.list) {
      // Also where no file can be loaded.
      writeResults(options, results, undefined);
    }
    for (const { file, raised } of broken) {
      say(`BROKEN  ${file}\n${raised.traceback.trimEnd().split("\n").map((line) => `    ${line}`).join("\n")}`);
    }
    if (options.list) {
      wanted.forEach((test) => {
        say(`${test.file}::${test.name}${test.skip === null ? "" : `  (skipped: ${test.skip})`}`);
      });
    } else if (wanted.length > 0) {
      say(`${lane.name}: ${wanted.length} tests, ${options.threads} threads, ${options.iterations} iterations, schedule ${options.schedule}, seed ${options.seed}`);
      await runAll(runner, wanted, results, options, say, () => {
        began = performance.now();
      });
    }
    return wanted.length;
  } finally {
    clearInterval(live);
    await runner.end();
  }
}

async function runAll(runner: StressRunner, tests: readonly FoundTest[], results: Results, options: StressOptions, say: (line: string) => void, onTest: () => void): Promise<void> {
  const known = new Map<FoundTest, TestVerdict>();
  for (let round = 0; round === 0 || (options.forever && [...known.values()].some((one) => one.goesOn)); round++) {
    for (const test of tests) {
      const before = known.get(test);
      if (before && !before.goesOn) {
        continue;
      }
      const failed = before?.failed ?? 0;
      onTest();
      const verdict = await runner.test(test, before, round);
      if (!before) {
        known.set(test, verdict);
        results.verdicts.push(verdict);
      }
      const news = round === 0 || (verdict.bad && (!verdict.goesOn || verdict.failed > failed));
      if (news) {
        say(verdictText(verdict));
        if (verdict.bad && options.annotations) {
          say(annotation(verdict));
        }
      }
      writeResults(options, results, news ? verdict : undefined);
      const bad = results.verdicts.filter((one) => one.bad).length;
      if (options.maxFail > 0 && bad >= options.maxFail) {
        say(`stopped after ${bad} failed ${bad === 1 ? "test" : "tests"}`);
        return;
      }
    }
    if (options.forever) {
      say(`round ${round + 1} is over: ${results.verdicts.reduce((sum, one) => sum + one.runs, 0)} runs`);
    }
  }
}

function select(tests: readonly FoundTest[], targets: readonly Target[], { keyword, shard }: StressOptions): FoundTest[] {
  return tests
    .filter((test) => targets.some(({ file, name }) => file === test.file && (name === undefined || test.name === name || ["::", "["].some((next) => test.name.startsWith(`${name}${next}`)))))
    .filter((test) => keyword === undefined || test.name.includes(keyword))
    .filter((_, i) => i % shard.count === shard.index - 1);
}
