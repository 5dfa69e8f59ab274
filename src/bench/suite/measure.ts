import type { Engine, Peer } from "./engine.js";
import { measureTimes } from "../process.js";
import type { Workload } from "./workloads.js";

/** How much is measured. */
export interface Effort {
  /** Processes of each peer. */
  readonly processes: number;
  /** Counted measurements in each of them, after one that is not. */
  readonly values: number;
  /** Part of each workload's loops. */
  readonly part: number;
}

/** All that was measured of a workload on a peer: milliseconds, by process and value. */
export interface Series {
  readonly wall: readonly (readonly number[])[];
  /** Without values where processor time is not known. */
  readonly cpu: readonly (readonly number[])[];
  /** Why there is nothing. */
  readonly error?: string;
}

/** A {@link Series} while it is measured. */
interface Collected {
  readonly wall: number[][];
  readonly cpu: number[][];
  error?: string;
}

/** Milliseconds by workload, then by peer. */
export type Results = Readonly<Record<string, Readonly<Record<string, Series>>>>;

/** Whole processes that print "hi", to the first output. */
export const STARTUP = "startup";

/** What a run is made of. */
export interface Plan {
  readonly peers: readonly Peer[];
  readonly workloads: readonly Workload[];
  /** Whether {@link STARTUP} is measured too. */
  readonly startup: boolean;
  readonly effort: Effort;
}

/**
 * Measures all workloads on all peers. In each round every peer has one process, and they take turns: each
 * value of one is followed by that of the next, beginning with another one for each workload. Each round begins with
 * another workload too: the first ones meet engines that have not compiled much yet.
 */
export async function measureSuite({ peers, workloads, startup, effort }: Plan, say: (text: string) => void): Promise<Results> {
  const results: Record<string, Record<string, Collected>> = {};
  const entry = (workload: string, peer: Peer): Collected => ((results[workload] ??= {})[peer.name] ??= { wall: [], cpu: [] });
  for (let round = 0; round < effort.processes; round++) {
    const engines: Engine[] = [];
    try {
      for (const peer of peers) {
        engines.push(await peer.open());
      }
      const first = Math.floor((round * workloads.length) / effort.processes);
      for (const [number, workload] of [...workloads.slice(first), ...workloads.slice(0, first)].entries()) {
        say(`process ${round + 1} of ${effort.processes}: ${workload.name}`);
        const loops = Math.max(1, Math.round(workload.loops * effort.part));
        const own = peers.map((peer) => entry(workload.name, peer));
        for (const { wall, cpu } of own) {
          wall.push([]);
          cpu.push([]);
        }
        for (let value = -1; value < effort.values; value++) {
          for (let turn = 0; turn < peers.length; turn++) {
            const index = (turn + number + round) % peers.length;
            const series = own[index]!;
            if (series.error !== undefined) {
              continue;
            }
            const answer = await engines[index]!.measure({ workload, loops });
            if ("error" in answer) {
              series.error = answer.error;
            } else if (value >= 0) {
              series.wall.at(-1)!.push(answer.seconds * 1000);
              if (answer.cpu !== undefined) {
                series.cpu.at(-1)!.push(answer.cpu * 1000);
              }
            }
          }
        }
      }
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
    if (startup) {
      say(`process ${round + 1} of ${effort.processes}: ${STARTUP}`);
      for (const peer of peers) {
        entry(STARTUP, peer).wall.push([]);
      }
      for (let value = 0; value < effort.values; value++) {
        for (const peer of peers) {
          const own = entry(STARTUP, peer);
          if (peer.hello) {
            own.wall.at(-1)!.push((await measureTimes(peer.hello)).output);
          } else {
            own.error = "not measured in a page";
          }
        }
      }
    }
  }
  return results;
}
