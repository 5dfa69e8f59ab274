#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ExpectationsError, readExpectations } from "./expectations.js";
import { chooseLauncher } from "./launcher.js";
import { HELP, parseOptions, UsageError, type Options } from "./options.js";
import { killAll } from "./process.js";
import { listFiles, type FileRunner } from "./run-file.js";
import { runFiles, writeReports } from "./run.js";
import { selectFiles } from "./selection.js";
import { summary } from "./summary.js";
import { profileTable, readResults } from "./table.js";

/** All of regrtest's resources but those that need another machine, a screen or a sound card. */
const RESOURCES = ["cpu", "decimal", "subprocess", "tzdata", "walltime"];

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;

/** Where this project's `test/cpython` and bundled commands are, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

function defaultFolder(solo: boolean): string {
  const cache = process.env["WEFT_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "weft");
  return join(cache, solo ? "cpython-tests-solo" : "cpython-tests");
}

function subset(name: string): string[] {
  const path = join(ROOT, "test", "cpython", `subset-${name}.txt`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`there is no subset ${name}: cannot read ${path}`, { cause: error });
  }
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");
}

async function run(options: Options): Promise<number> {
  if (options.table) {
    process.stdout.write(profileTable(readResults(defaultFolder(false)), readResults(defaultFolder(true))));
    return 0;
  }
  const launcher = chooseLauncher(options, join(ROOT, "dist", "bin"));
  const folder = resolve(options.out ?? defaultFolder(options.solo));
  const runner: FileRunner = {
    python: launcher.command,
    environment: launcher.environment,
    driver: join(ROOT, "test", "cpython", "driver.py"),
    folder,
    resources: RESOURCES,
    deadline: options.timeout,
  };
  const expectations = readExpectations(join(ROOT, "test", "cpython", options.solo ? "expectations-solo.json" : "expectations.json"));
  const all = await listFiles(runner);
  const listed = [...Object.keys(expectations.files), ...Object.keys(expectations.tests)];
  const gone = listed.find((name) => !all.includes(name));
  if (gone !== undefined) {
    throw new ExpectationsError(`the expectations list ${gone}, which is not among the test files`);
  }
  const wanted = options.subset === undefined ? options.names : [...options.names, ...subset(options.subset)];
  const files = selectFiles(all, wanted);
  if (options.list) {
    process.stdout.write(`${files.join("\n")}\n`);
    return 0;
  }
  const verdicts = await runFiles({
    runner,
    files,
    match: options.match,
    expectations,
    jobs: options.jobs,
    failFast: options.failFast,
    forget: options.fresh ? "all" : options.retryFailed ? "failed" : "none",
    identity: launcher.identity,
    progress: process.stderr,
  });
  writeReports(folder, verdicts, expectations);
  process.stdout.write(summary(verdicts, expectations));
  const passed = verdicts.filter((verdict) => verdict.kind === "passed").length;
  const failed = verdicts.filter((verdict) => verdict.kind === "failed").length;
  if (passed + failed === 0) {
    process.stderr.write("test:cpython: no test file did any work\n");
    return EXIT_FAILED;
  }
  return failed > 0 ? EXIT_FAILED : 0;
}

async function main(): Promise<number> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      killAll();
      process.exit(EXIT_INTERRUPTED);
    });
  }
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(HELP);
      return 0;
    }
    return await run(options);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ExpectationsError) {
      process.stderr.write(`test:cpython: ${error.message}\n`);
      return EXIT_USAGE;
    }
    throw error;
  } finally {
    killAll();
  }
}

process.exitCode = await main();
