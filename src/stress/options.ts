import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LaneName, Schedule, TestName } from "./iteration.js";

/** What `weft stress` is asked to do. */
export interface StressOptions {
  /** Files and folders; a test's name may follow after `::`. */
  readonly targets: readonly string[];
  /** Where tests run, one after the other. */
  readonly lanes: readonly LaneName[];
  /** Address of a Playwright server that has the browser. */
  readonly browserServer: string | undefined;
  /** Which of the built runtimes. */
  readonly variant: string;
  readonly threads: number;
  /** Whether a test's threads run different tests. */
  readonly mix: boolean;
  /** Which ones, where they are given. */
  readonly companions: readonly TestName[];
  readonly iterations: number;
  /** Seconds for all iterations of one test together; 0 for no limit. */
  readonly duration: number;
  readonly schedule: Schedule;
  readonly seed: number;
  /** One of so many instructions is disturbed. */
  readonly rate: number;
  /** Preemptions in a deterministic schedule. */
  readonly depth: number;
  /** Steps of a deterministic schedule's preemptions, where they are given. */
  readonly changes: readonly number[] | undefined;
  /** Seconds for one iteration. */
  readonly timeout: number;
  /** Seconds in which an interpreter is to be ready for tests. */
  readonly startTimeout: number;
  readonly keyword: string | undefined;
  /** Ends after so many failed tests; 0 for never. */
  readonly maxFail: number;
  readonly shard: { readonly index: number; readonly count: number };
  readonly list: boolean;
  readonly shrink: boolean;
  readonly junit: string | undefined;
  readonly jsonLines: string | undefined;
  readonly html: string | undefined;
  /** Folder for everything that is known of failures. */
  readonly artifacts: string | undefined;
  /** How often a failure's seed is tried again. */
  readonly retries: number;
  /** Bytes of heap after which an interpreter is replaced. */
  readonly memoryBudget: number;
  /** Rounds over all tests until it is interrupted. */
  readonly forever: boolean;
  /** What makes the command fail. */
  readonly failOn: ReadonlySet<Failing>;
  readonly pythonPath: readonly string[];
  /** Files of ES modules that define Python modules. */
  readonly modules: readonly string[];
  /** Folders of installed packages, or virtual environments. */
  readonly sites: readonly string[];
  /** Whether a virtual environment is looked for. */
  readonly findSite: boolean;
  readonly pytestArgs: readonly string[];
  readonly sharedFixtures: boolean;
  /** Also tests that are marked or known as not made for threads. */
  readonly runUnsafe: boolean;
  readonly annotations: boolean;
}

/** Kinds of what is not as it should be. */
export const FAILING = ["fail", "flaky", "order", "hang", "crash", "overlap", "broken"] as const;
export type Failing = (typeof FAILING)[number];

/** A command line that makes no sense. */
export class StressUsageError extends Error {
  override readonly name = "StressUsageError";
}

export const STRESS_HELP = `usage: weft stress [options] FILE|FOLDER[::TEST] ...

Runs each test on several threads at once, many times, and tells what only then fails, hangs or crashes.
Tests are unittest classes, what pytest collects where it finds pytest (--site), test functions and classes, hammers
(a module or a class Hammer... with op(state, index), and setup() and check(state) if it needs them), and scripts without
any of these. module:NAME in the place of a file is a module or a package that Python can import. An ES module (.mjs, .js;
.ts where Node takes it) that defines one with pyModule() is such a module as well.

  --env NAME,...         node (default), chromium: a headless page of the installed Chromium or Chrome
  --browser-ws URL       chromium: the browser of a Playwright server
  --variant NAME         the runtime of "weft build --variant NAME": debug has CPython's assertions (default release)
  --parallel-threads N   threads for each test (default 4; auto: as many as there are processors)
  --mix                  the other threads run other tests, which the seed chooses
  --with FILE::TEST      they run this one (several times: these)
  --iterations N         how often (default 20; pct: 100)
  --duration SECONDS     no longer than this for one test
  --forever              all tests again and again, with other seeds, until Control-C
  --schedule KIND        free: as the machine does (default)
                         perturb: threads wait for a moment at instructions that the seed chooses
                         pct: one thread at a time, in an order that the seed alone decides
  --seed N               of the first iteration; the next ones count on (default 1)
  --rate N               perturb: about one of N instructions waits (default 50)
  --depth N              pct: preemptions for each iteration (default 3)
  --changes A,B,...      pct: the preemptions' steps, instead of --depth
  --timeout SECONDS      for one iteration; after it all threads are reported and the test is given up (default 30)
  --start-timeout SECONDS
                         for an interpreter, or its page, to be ready for tests (default 100)
  --memory-budget MB     an interpreter whose heap is larger is replaced before the next test (default 1024)
  --shrink               pct: leave out preemptions of the first failure that it does not need
  -k TEXT                only tests whose names contain the text
  -x, --maxfail N        stop after the first, or N, failed tests
  --retries N            try the seed of each failure so often again, and tell how often it failed (default 0)
  --fail-on KIND,...     what makes the exit status 1: fail, flaky, order, hang, crash, overlap, broken (default: all)
  --shard I/N            the I-th of N parts of the tests
  --list-tests           only list them
  --module FILE          an ES module that defines Python modules with pyModule(), for tests that import them (several times)
  --python-path FOLDER   where Python looks for modules too (several times: several folders)
  --site FOLDER          a virtual environment or a folder of installed packages; with pytest in it, tests are collected
                         and set up by pytest. By itself: the active environment, or .venv of the project
  --no-site              no environment is looked for
  --pytest-args "ARGS"   more arguments for pytest, as -p NAME for a plugin
  --shared-fixtures      all threads get the same function-scoped fixtures and the same instance of a test class
  --run-unsafe           also tests that are marked thread_unsafe or use what all threads share (capsys, warnings)
  --junit-xml FILE       results for CI, written as they come
  --json-lines FILE      the same, one JSON object for each test
  --html FILE            a report with what the threads of each failure did, written as results come
  --artifacts DIR        a folder with these three, and a text and a replay file for each failure
  --replay FILE          runs what a replay file holds; other options go before its own
  --github               annotations for GitHub's workflows (by itself where GITHUB_ACTIONS is set)

Exit status: 0 everything passed, 1 something failed, hung or crashed, 2 interrupted, 3 the runner failed, 4 wrong options, 5 no tests.
`;

/** The options that say where modules are, and how pytest is called. */
export function whereOptions({ variant, modules, pythonPath, sites, findSite, pytestArgs, runUnsafe }: StressOptions): string[] {
  return [
    ...(variant === "release" ? [] : ["--variant", variant]),
    ...modules.flatMap((file) => ["--module", file]),
    ...pythonPath.flatMap((folder) => ["--python-path", folder]),
    ...sites.flatMap((folder) => ["--site", folder]),
    ...(findSite ? [] : ["--no-site"]),
    ...(pytestArgs.length === 0 ? [] : ["--pytest-args", pytestArgs.join(" ")]),
    ...(runUnsafe ? ["--run-unsafe"] : []),
  ];
}

function number(text: string | undefined, name: string, least: number, otherwise: number): number {
  if (text === undefined) {
    return otherwise;
  }
  const value = Number(text);
  if (!Number.isFinite(value) || value < least) {
    throw new StressUsageError(`${name} needs a number of at least ${least}, not ${JSON.stringify(text)}`);
  }
  return value;
}

function inFolder(folder: string | undefined, name: string): string | undefined {
  return folder === undefined ? undefined : join(folder, name);
}

function failOn(text: string | undefined): Set<Failing> {
  const kinds = text?.split(",").filter(Boolean) ?? FAILING;
  return new Set(
    kinds.map((kind) => {
      const known = FAILING.find((one) => one === kind);
      if (known === undefined) {
        throw new StressUsageError(`--fail-on takes ${FAILING.join(", ")}, not ${JSON.stringify(kind)}`);
      }
      return known;
    }),
  );
}

/** @throws StressUsageError with what is wrong. @returns null when only help is wanted. */
export function parseStressOptions(args: readonly string[], processors: number, environment: Readonly<Record<string, string | undefined>>): StressOptions | null {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h" },
        env: { type: "string" },
        "browser-ws": { type: "string" },
        variant: { type: "string" },
        "parallel-threads": { type: "string" },
        mix: { type: "boolean" },
        with: { type: "string", multiple: true },
        iterations: { type: "string" },
        duration: { type: "string" },
        schedule: { type: "string" },
        seed: { type: "string" },
        rate: { type: "string" },
        depth: { type: "string" },
        changes: { type: "string" },
        timeout: { type: "string" },
        "start-timeout": { type: "string" },
        "memory-budget": { type: "string" },
        shrink: { type: "boolean" },
        keyword: { type: "string", short: "k" },
        exitfirst: { type: "boolean", short: "x" },
        maxfail: { type: "string" },
        shard: { type: "string" },
        "list-tests": { type: "boolean" },
        site: { type: "string", multiple: true },
        "no-site": { type: "boolean" },
        "pytest-args": { type: "string" },
        "shared-fixtures": { type: "boolean" },
        "run-unsafe": { type: "boolean" },
        module: { type: "string", multiple: true },
        "python-path": { type: "string", multiple: true },
        "junit-xml": { type: "string" },
        "json-lines": { type: "string" },
        html: { type: "string" },
        artifacts: { type: "string" },
        retries: { type: "string" },
        forever: { type: "boolean" },
        "fail-on": { type: "string" },
        github: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new StressUsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    return null;
  }
  if (positionals.length === 0) {
    throw new StressUsageError("name a file or a folder with tests");
  }
  const schedule = values.schedule ?? "free";
  if (schedule !== "free" && schedule !== "perturb" && schedule !== "pct") {
    throw new StressUsageError(`--schedule is free, perturb or pct, not ${JSON.stringify(schedule)}`);
  }
  const changes = values.changes?.split(",").filter(Boolean).map((one) => number(one, "--changes", 1, 0));
  if ((changes !== undefined || values.shrink === true) && schedule !== "pct") {
    throw new StressUsageError("--changes and --shrink are for --schedule pct");
  }
  const lanes = (values.env ?? "node").split(",").map((name) => {
    const lane = name === "chrome" ? "chromium" : name;
    if (lane !== "node" && lane !== "chromium") {
      throw new StressUsageError(`--env names node and chromium, not ${JSON.stringify(name)}`);
    }
    return lane;
  });
  if (values["browser-ws"] !== undefined && !lanes.includes("chromium")) {
    throw new StressUsageError("--browser-ws is for --env chromium");
  }
  const shard = /^(\d+)\/(\d+)$/.exec(values.shard ?? "1/1");
  const [index, count] = shard ? [Number(shard[1]), Number(shard[2])] : [0, 0];
  if (index < 1 || index > count) {
    throw new StressUsageError(`--shard is I/N with I from 1 to N, not ${JSON.stringify(values.shard)}`);
  }
  const threads = values["parallel-threads"] === "auto" ? Math.max(2, processors) : number(values["parallel-threads"], "--parallel-threads", 1, 4);
  const companions = (values.with ?? []).map((id): TestName => {
    const [file, ...name] = id.split("::");
    if (name.length === 0) {
      throw new StressUsageError(`--with names a test as FILE::TEST, not ${JSON.stringify(id)}`);
    }
    return [file!, name.join("::")];
  });
  if (threads > 64) {
    throw new StressUsageError(`--parallel-threads is at most 64, not ${threads}`);
  }
  return {
    targets: positionals,
    lanes: [...new Set(lanes)],
    browserServer: values["browser-ws"],
    variant: values.variant ?? "release",
    threads,
    mix: values.mix === true,
    companions,
    iterations: number(values.iterations, "--iterations", 1, schedule === "pct" ? 100 : 20),
    duration: number(values.duration, "--duration", 0, 0),
    schedule,
    seed: number(values.seed, "--seed", 0, 1),
    rate: number(values.rate, "--rate", 1, 50),
    depth: number(values.depth, "--depth", 0, 3),
    changes,
    timeout: number(values.timeout, "--timeout", 0.1, 30),
    startTimeout: number(values["start-timeout"], "--start-timeout", 0.1, 100),
    keyword: values.keyword,
    maxFail: values.exitfirst === true ? 1 : number(values.maxfail, "--maxfail", 0, 0),
    shard: { index, count },
    list: values["list-tests"] === true,
    memoryBudget: number(values["memory-budget"], "--memory-budget", 1, 1024) * 2 ** 20,
    shrink: values.shrink === true,
    junit: values["junit-xml"] ?? inFolder(values.artifacts, "junit.xml"),
    jsonLines: values["json-lines"] ?? inFolder(values.artifacts, "results.jsonl"),
    html: values.html ?? inFolder(values.artifacts, "report.html"),
    artifacts: values.artifacts,
    retries: number(values.retries, "--retries", 0, 0),
    forever: values.forever === true,
    failOn: failOn(values["fail-on"]),
    pythonPath: values["python-path"] ?? [],
    modules: values.module ?? [],
    sites: values.site ?? [],
    findSite: values["no-site"] !== true,
    pytestArgs: values["pytest-args"]?.split(/\s+/).filter(Boolean) ?? [],
    sharedFixtures: values["shared-fixtures"] === true,
    runUnsafe: values["run-unsafe"] === true,
    annotations: values.github ?? environment["GITHUB_ACTIONS"] === "true",
  };
}
