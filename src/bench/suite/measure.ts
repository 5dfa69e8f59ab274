import type { Answer, Engine, Peer } from "./engine.js";
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
  /** Empty where processor time is not known. */
  readonly cpu: readonly (readonly number[])[];
  /** Why there is nothing. */
  readonly error?: string;
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
 * value of one is followed by that of the next, beginning with another one for each workload.
 */
export async function measureSuite({ peers, workloads, startup, effort }: Plan, say: (text: string) => void): Promise<Results> {
  const results: Record<string, Record<string, { wall: number[][]; cpu: number[][]; error?: string }>> = {};
  const entry = (workload: string, peer: Peer): { wall: number[][]; cpu: number[][]; error?: string } =>
    ((results[workload] ??= {})[peer.name] ??= { wall: [], cpu: [] });
  for (let round = 0; round < effort.processes; round++) {
    const engines: Engine[] = [];
    try {
      for (const peer of peers) {
        engines.push(await peer.open());
      }
      for (const [number, workload] of workloads.entries()) {
        say(`process ${round + 1} of ${effort.processes}: ${workload.name}`);
        const loops = Math.max(1, Math.round(workload.loops * effort.part));
        const values = peers.map((): { wall: number[]; cpu: number[] } => ({ wall: [], cpu: [] }));
        for (let value = -1; value < effort.values; value++) {
          for (let turn = 0; turn < peers.length; turn++) {
            const index = (turn + number + round) % peers.length;
            const own = entry(workload.name, peers[index]!);
            if (own.error !== undefined) {
              continue;
            }
            const answer: Answer = await engines[index]!.measure({ workload, loops });
            if ("error" in answer) {
              own.error = answer.error;
            } else if (value >= 0) {
              values[index]!.wall.push(answer.seconds * 1000);
              if (answer.cpu !== undefined) {
                values[index]!.cpu.push(answer.cpu * 1000);
              }
            }
          }
        }
        for (const [index, peer] of peers.entries()) {
          const own = entry(workload.name, peer);
          if (own.error === undefined) {
            own.wall.push(values[index]!.wall);
            if (values[index]!.cpu.length === effort.values) {
              own.cpu.push(values[index]!.cpu);
            }
          }
        }
      }
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
    if (startup) {
      say(`process ${round + 1} of ${effort.processes}: ${STARTUP}`);
      const values = peers.map((): number[] => []);
      for (let value = 0; value < effort.values; value++) {
        for (const [index, peer] of peers.entries()) {
          if (peer.hello) {
            values[index]!.push((await measureTimes(peer.hello)).output);
          }
        }
      }
      for (const [index, peer] of peers.entries()) {
        const own = entry(STARTUP, peer);
        if (peer.hello) {
          own.wall.push(values[index]!);
        } else {
          own.error = "not measured in a page";
        }
      }
    }
  }
  return results;
}
