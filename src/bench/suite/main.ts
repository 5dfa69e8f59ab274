#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { markdownTable, writeBetweenMarkers } from "../guide.js";
import { describeMachine } from "../machine.js";
import { readJsonResult, runBench, UsageError, writeJson } from "../run-bench.js";
import { measureSuite, STARTUP } from "./measure.js";
import { effortOf, parseBenchOptions, SHARED_HELP, type BenchOptions } from "./options.js";
import { choosePeers } from "./choose-peers.js";
import { suitePlot } from "./plot.js";
import { circumstances, described, gaps, suiteReport, suiteRows, type SuiteResult } from "./suite-report.js";
import { readWorkloads, select } from "./workloads.js";

const HELP = `usage: npm run bench -- [options] [workload...]

Measures Python programs on Weft and on its peers, which take turns. Workloads are named as
the files in src/bench/workloads, or by patterns ("json_*"); "startup" is one too.

Options:
  --chromium        also Weft and Pyodide in headless Chromium
  --peers NAME,...  only these beside Weft: pyodide, pyodide-029, native-3.13t ...
  --values N        counted measurements of each process
${SHARED_HELP}`;

/** Folder of this package, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const GUIDE = "src/guides/benchmarks.md";
const PLOT = "src/guides/benchmarks.svg";

function write(result: SuiteResult): void {
  writeFileSync(join(ROOT, PLOT), suitePlot(result));
  const notes = [...circumstances(result), ...gaps(result.results)].map((line) => `- ${line}\n`).join("");
  writeBetweenMarkers(join(ROOT, GUIDE), "suite", `![Weft's time divided by its peers'](benchmarks.svg)\n\n${notes}\n${markdownTable(suiteRows(result))}`);
}

async function measure(options: BenchOptions, say: (text: string) => void): Promise<SuiteResult> {
  const effort = effortOf(options, { processes: 3, values: 3, part: 1 });
  const chosen = select([...readWorkloads(join(ROOT, "src/bench/workloads")), { name: STARTUP }], options.patterns);
  const workloads = chosen.filter((one) => "source" in one);
  const machine = describeMachine();
  const { peers, close } = await choosePeers(ROOT, options, say);
  try {
    const results = await measureSuite({ peers, workloads, startup: chosen.length > workloads.length, effort }, say);
    return { machine, effort, peers: peers.map(described), results };
  } finally {
    await close();
  }
}

await runBench("bench", async (say) => {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) {
    return HELP;
  }
  if (options.threads) {
    throw new UsageError("--threads is for bench:scaling");
  }
  const result = options.from === undefined ? await measure(options, say) : readJsonResult<SuiteResult>(options.from);
  writeJson(options.json, result);
  if (options.write) {
    write(result);
  }
  return suiteReport(result);
});
