#!/usr/bin/env node
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchError } from "../error.js";
import { markdownTable, writeBetweenMarkers } from "../guide.js";
import { describeMachine } from "../machine.js";
import { readJsonResult, runBench, UsageError, writeJson } from "../run-bench.js";
import { nativePeers } from "../suite/native-peers.js";
import type { Effort } from "../suite/measure.js";
import type { Peer } from "../suite/engine.js";
import { effortOf, parseBenchOptions, SHARED_HELP, type BenchOptions } from "../suite/options.js";
import { runtimeFolder, weftPeer } from "../suite/peers.js";
import { circumstances } from "../suite/suite-report.js";
import { readWorkloads, select, type Workload } from "../suite/workloads.js";
import { scalingReport, scalingTables, type ScalingResult, type ScalingTimes } from "./scaling-report.js";

const HELP = `usage: npm run bench:scaling -- [options] [workload...]

Measures how much faster the same work is done by more threads: on Weft and, with --native,
on the free-threaded CPython of this machine. Workloads are named as the files in
src/bench/scaling/workloads, or by patterns ("shared_*").

Options:
  --threads N,N,... numbers of threads (default 1,2,4,8,16,32)
${SHARED_HELP}`;

/** Folder of this package, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const GUIDE = "src/guides/benchmarks.md";

/** In each round every peer has a process; they take turns at each workload and number of threads. */
async function measure(peers: readonly Peer[], workloads: readonly Workload[], threads: readonly number[], effort: Effort, say: (text: string) => void): Promise<ScalingTimes> {
  const times: Record<string, Record<string, Record<number, number[]>>> = {};
  for (let round = 0; round < effort.processes; round++) {
    const engines = await Promise.all(peers.map((peer) => peer.open()));
    try {
      for (const workload of workloads) {
        say(`process ${round + 1} of ${effort.processes}: ${workload.name}`);
        const loops = Math.max(1, Math.round(workload.loops * effort.part));
        // The first is not counted: engines compile what runs.
        for (const [turn, count] of [threads[0]!, ...threads].entries()) {
          for (const [index, { name }] of peers.entries()) {
            const answer = await engines[index]!.measure({ workload, loops, threads: count });
            if ("error" in answer) {
              throw new BenchError(`${workload.name} with ${count} threads on ${name}: ${answer.error}`);
            }
            if (turn > 0) {
              (((times[workload.name] ??= {})[name] ??= {})[count] ??= []).push(answer.seconds * 1000);
            }
          }
        }
      }
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
  }
  return times;
}

function write(result: ScalingResult): void {
  const notes = circumstances(result).map((line) => `- ${line}\n`).join("");
  const tables = scalingTables(result).map(({ title, rows }) => `\n${title}:\n\n${markdownTable(rows)}`).join("");
  writeBetweenMarkers(join(ROOT, GUIDE), "scaling", `${notes}${tables}`);
}

async function run(options: BenchOptions, say: (text: string) => void): Promise<ScalingResult> {
  const effort = effortOf(options, { processes: 3, values: 1, part: 1 });
  const threads = options.threads ?? (options.quick ? [1, 2, 8] : [1, 2, 4, 8, 16, 32]);
  const workloads = select(readWorkloads(join(ROOT, "src/bench/scaling/workloads")), options.patterns);
  const machine = describeMachine();
  const peers = [weftPeer(ROOT, runtimeFolder(ROOT, options.runtime))];
  if (options.native) {
    peers.push((await nativePeers(ROOT, options.nativePgo))[0]!);
  }
  const times = await measure(peers, workloads, threads, effort, say);
  return { machine, effort, peers: peers.map(({ name, version }) => ({ name, version })), threads, times };
}

await runBench("bench:scaling", async (say) => {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) {
    return HELP;
  }
  if (options.chromium || options.peers || options.values !== undefined) {
    throw new UsageError("--chromium, --peers and --values are for the suite");
  }
  const result = options.from === undefined ? await run(options, say) : readJsonResult<ScalingResult>(options.from);
  writeJson(options.json, result);
  if (options.write) {
    write(result);
  }
  return scalingReport(result);
});
