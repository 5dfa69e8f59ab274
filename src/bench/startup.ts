#!/usr/bin/env node
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureFile } from "./file-size.js";
import { describeMachine } from "./machine.js";
import type { Memory } from "./memory.js";
import { measurePages } from "./page-startup.js";
import { measureMemory, measureTimes, outputOf, type Times } from "./process.js";
import { runBench, UsageError, writeJson } from "./run-bench.js";
import { runtimeFolder } from "./suite/peers.js";
import { measureSolo, soloReport } from "./solo.js";
import { startupReport, type Measurements, type StartupResult } from "./startup-report.js";
import { nodeAlone, pyodide, weft, type Subject } from "./subjects.js";
import { measureNodeThreads, measurePageThreads } from "./thread-cost.js";

const HELP = `usage: npm run bench:startup -- [options]

Measures how long print("hi") takes as a whole process, how much memory stays resident
after it, and how large the runtime's files are: of Weft, of npm's pyodide and, where it
applies, of Node alone, in turns. Then how long a page in headless Chromium takes to print
it, at the first visit and at the second, and what is transferred. Then what a thread costs in both: the
time to its first line of Python, and its memory while it waits. Then the solo profile in Node.

Options:
  --rounds N        how often each is measured (default 7), after one run that is not counted
  --json FILE       write every single measurement there too
  --no-pages        leave out Chromium
  --runtime FOLDER  measure this built runtime (default: dist/runtime/release)
  -h, --help        show this help
`;

/** What threads cost differs little from one process to another. */
const THREAD_ROUNDS = 3;

/** Folder of this package, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

function parseOptions(args: readonly string[]): { rounds: number; json?: string; runtime?: string; "no-pages"?: boolean; help?: boolean } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "7" },
        json: { type: "string" },
        runtime: { type: "string" },
        "no-pages": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0], { cause: error });
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(`--rounds takes a whole number from 1, not ${values.rounds}`);
  }
  return { ...values, rounds };
}

/** Measures all subjects in turns, each round beginning with another one. */
async function measure(subjects: readonly Subject[], rounds: number, say: (text: string) => void): Promise<Measurements[]> {
  const withMemory = existsSync("/proc/self/status");
  const results: (Measurements & { times: Times[]; memory: Memory[] })[] = [];
  for (const { name, version, python } of subjects) {
    // Brings the files into the system's cache too.
    const found = python && (await outputOf(python)).trim();
    results.push({ name, version, ...(found === undefined ? {} : { python: found }), times: [], memory: [], files: [], later: [] });
  }
  for (let round = 0; round < rounds; round++) {
    const order = subjects.map((_, index) => (index + round) % subjects.length);
    for (const index of order) {
      results[index]!.times.push(await measureTimes(subjects[index]!.hello));
    }
    if (withMemory) {
      for (const index of order) {
        results[index]!.memory.push(await measureMemory(subjects[index]!.waiting));
      }
    }
    const outputs = results.map(({ name, times }) => `${name} ${times.at(-1)!.output.toFixed(0)} ms`);
    say(`round ${round + 1} of ${rounds}: ${outputs.join(", ")}`);
  }
  return results;
}

async function run(args: readonly string[], say: (text: string) => void): Promise<string> {
  const options = parseOptions(args);
  if (options.help === true) {
    return HELP;
  }
  const runtime = runtimeFolder(ROOT, options.runtime);
  const subjects = [weft(ROOT, runtime), pyodide(ROOT), nodeAlone(ROOT)];
  const machine = describeMachine();
  const measured = await measure(subjects, options.rounds, say);
  say("compressing the files");
  const [ours, theirs, node] = await Promise.all(
    measured.map(async (one, index) => {
      const measure = (paths: readonly string[] = []): Promise<Measurements["files"]> => Promise.all(paths.map(async (path) => ({ name: basename(path), ...(await measureFile(path)) })));
      return { ...one, files: await measure(subjects[index]!.files), later: await measure(subjects[index]!.later) };
    }),
  );
  const pages = options["no-pages"] === true ? undefined : await measurePages({ root: ROOT, runtime }, options.rounds, say);
  const threads = existsSync("/proc/self/status")
    ? [await measureNodeThreads(ROOT, runtime, THREAD_ROUNDS, say), ...(pages === undefined ? [] : [await measurePageThreads(ROOT, runtime, THREAD_ROUNDS, say)])]
    : [];
  const solo = await measureSolo(ROOT, options.rounds, say);
  const result: StartupResult = { machine, rounds: options.rounds, weft: ours!, pyodide: theirs!, node: node!, threads, ...(pages === undefined ? {} : { pages }), ...(solo === undefined ? {} : { solo }) };
  writeJson(options.json, result);
  return `${startupReport(result)}\n${solo === undefined ? 'Solo profile: not built; "weft build --profile solo" makes it\n' : soloReport(solo)}`;
}

await runBench("bench:startup", (say) => run(process.argv.slice(2), say));
