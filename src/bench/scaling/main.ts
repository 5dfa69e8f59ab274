#!/usr/bin/env node
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchError } from "../error.js";
import { markdownTable, writeBetweenMarkers } from "../guide.js";
import { describeMachine } from "../machine.js";
import { readJsonResult, runBench, UsageError, writeJson } from "../run-bench.js";
import { nativePeers, WITH_GIL } from "../suite/native-peers.js";
import type { Effort } from "../suite/measure.js";
import type { Answer, Engine, Peer } from "../suite/engine.js";
import { chromiumPeers } from "../suite/chromium.js";
import { effortOf, parseBenchOptions, SHARED_HELP, type BenchOptions } from "../suite/options.js";
import { runtimeFolder, weftPeer } from "../suite/peers.js";
import { circumstances, described } from "../suite/suite-report.js";
import { readWorkloads, select, type Workload } from "../suite/workloads.js";
import { scalingReport, scalingTables, type ScalingResult, type ScalingTimes } from "./scaling-report.js";

const HELP = `usage: npm run bench:scaling -- [options] [workload...]

Measures how much faster the same work is done by more threads: on Weft and, with --native,
on the free-threaded CPython of this machine. Workloads are named as the files in
src/bench/scaling/workloads, or by patterns ("shared_*").

Options:
  --chromium        also Weft in headless Chromium
  --threads N,N,... numbers of threads (default 1,2,4,8,16,32)
  --values N        counted values in each process (default 3)
${SHARED_HELP}`;

/** Folder of this package, seen from the bundle of this file. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const GUIDE = "src/guides/benchmarks.md";

/** The workload that processes do too, which have nothing in common: what the machine itself makes of so many at once. */
const APART = "parallel";

/** Seconds that the same work takes `engines`, each of which does its part of it. */
async function measureApart(name: string, engines: readonly Engine[], workload: Workload, loops: number): Promise<number> {
  const part = Math.max(1, Math.round(loops / engines.length));
  const answers = await Promise.all(engines.map((engine) => engine.measure({ workload, loops: part, threads: 1 })));
  return Math.max(...answers.map((answer) => secondsOf(answer, `${workload.name} in ${engines.length} processes on ${name}`)));
}

/** @throws BenchError */
function secondsOf(answer: Answer, what: string): number {
  if ("error" in answer) {
    throw new BenchError(`${what}: ${answer.error}`);
  }
  return answer.seconds;
}

/** Seconds that the workload takes so many threads of the peer's first process and, for one workload, as many processes: by their titles. */
async function measureCount(peer: Peer, engines: Engine[], workload: Workload, loops: number, count: number): Promise<Record<string, number>> {
  const { name } = workload;
  const answer = await engines[0]!.measure({ workload, loops, threads: count });
  const seconds = { [name]: secondsOf(answer, `${name} with ${count} threads on ${peer.name}`) };
  if (name === APART && count <= availableParallelism()) {
    while (engines.length < count) {
      engines.push(await peer.open());
    }
    seconds[`${name}, in processes`] = await measureApart(peer.name, engines.slice(0, count), workload, loops);
  }
  return seconds;
}

/**
 * In each round every peer has a process; at each workload they take turns, each of which goes through all numbers of threads: what is
 * compared is measured within seconds, so that what slows the machine down slows all of it.
 */
async function measure(peers: readonly Peer[], workloads: readonly Workload[], threads: readonly number[], effort: Effort, say: (text: string) => void): Promise<ScalingTimes> {
  const times: Record<string, Record<string, Record<number, number[]>>> = {};
  for (let round = 0; round < effort.processes; round++) {
    const engines: Engine[][] = await Promise.all(peers.map(async (peer) => [await peer.open()]));
    try {
      for (const workload of workloads) {
        say(`process ${round + 1} of ${effort.processes}: ${workload.name}`);
        const loops = Math.max(1, Math.round(workload.loops * effort.part));
        // The first turn is not counted: engines compile what runs, and the kernel finds out which threads need a core.
        for (let turn = 0; turn <= effort.values; turn++) {
          for (const count of threads) {
            for (const [index, peer] of peers.entries()) {
              const measured = await measureCount(peer, engines[index]!, workload, loops, count);
              for (const [title, seconds] of turn > 0 ? Object.entries(measured) : []) {
                (((times[title] ??= {})[peer.name] ??= {})[count] ??= []).push(seconds * 1000);
              }
            }
          }
        }
      }
    } finally {
      await Promise.all(engines.flat().map((engine) => engine.close()));
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
  const effort = effortOf(options, { processes: 3, values: 3, part: 1 });
  const threads = options.threads ?? (options.quick ? [1, 2, 8] : [1, 2, 4, 8, 16, 32]);
  const workloads = select(readWorkloads(join(ROOT, "src/bench/scaling/workloads")), options.patterns);
  const machine = describeMachine();
  const runtime = runtimeFolder(ROOT, options.runtime);
  const ours = weftPeer(ROOT, runtime);
  const native = options.native ? (await nativePeers(ROOT, options.nativePgo)).filter(({ name }) => name !== WITH_GIL) : [];
  const pages = options.chromium ? await chromiumPeers(ROOT, runtime, { weft: ours.version, pyodide: "" }) : undefined;
  // Pyodide has no threads.
  const peers = [ours, ...native, ...(pages?.peers.filter(({ against }) => against === undefined) ?? [])];
  try {
    const times = await measure(peers, workloads, threads, effort, say);
    return { machine, effort, peers: peers.map(described), threads, times };
  } finally {
    await pages?.close();
  }
}

await runBench("bench:scaling", async (say) => {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) {
    return HELP;
  }
  if (options.peers) {
    throw new UsageError("--peers is for the suite");
  }
  const result = options.from === undefined ? await run(options, say) : readJsonResult<ScalingResult>(options.from);
  writeJson(options.json, result);
  if (options.write) {
    write(result);
  }
  return scalingReport(result);
});
