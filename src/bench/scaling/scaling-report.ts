import { figure, table } from "../table.js";
import { circumstances, type Measured } from "../suite/suite-report.js";
import { median } from "../statistics.js";
import type { Machine } from "../machine.js";
import type { Effort } from "../suite/measure.js";

/** Milliseconds of the same work by workload, peer and number of threads: those of all processes. */
export type ScalingTimes = Readonly<Record<string, Readonly<Record<string, Readonly<Record<number, readonly number[]>>>>>>;

/** A whole run, as `--json` keeps it. */
export interface ScalingResult {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly peers: readonly Measured[];
  readonly threads: readonly number[];
  readonly times: ScalingTimes;
}

/** How many times as fast as with the fewest threads: medians of what was measured in the same turn; nothing for numbers that were not measured. */
export function speedUps(times: Readonly<Record<number, readonly number[]>>, threads: readonly number[]): (number | undefined)[] {
  const alone = times[threads[0]!]!;
  return threads.map((count) => times[count] && median(times[count].map((value, turn) => alone[turn]! / value)));
}

/** A table for each peer, and one more for each that is compared with a Weft. */
export function scalingTables({ peers, threads, times }: Pick<ScalingResult, "peers" | "threads" | "times">): { title: string; rows: string[][] }[] {
  const counts = threads.map((count) => (count === 1 ? "1 thread" : `${count} threads`));
  const own = (peer: string): string[][] => [
    ["", `${counts[0]!}, ms`, ...counts.slice(1)],
    ...Object.entries(times).map(([workload, byPeer]) => {
      const series = byPeer[peer]!;
      return [workload, figure(median(series[threads[0]!]!)), ...speedUps(series, threads).slice(1).map((value) => (value === undefined ? "" : `${value.toFixed(2)}x`))];
    }),
  ];
  const compared = (peer: string, ours: string): string[][] => [
    ["", ...counts.slice(1)],
    ...Object.entries(times).map(([workload, byPeer]) => {
      const theirs = speedUps(byPeer[peer]!, threads);
      return [workload, ...speedUps(byPeer[ours]!, threads).map((value, index) => (value === undefined ? "" : (value / theirs[index]!).toFixed(2))).slice(1)];
    }),
  ];
  return peers.flatMap(({ name, against }) => [
    { title: `Speed-up of ${name}: the same work on more threads`, rows: own(name) },
    ...(against === undefined ? [] : [{ title: `${against}'s speed-up divided by ${name}'s`, rows: compared(name, against) }]),
  ]);
}

/** The run as plain text. */
export function scalingReport(result: ScalingResult): string {
  return [...circumstances(result), ...scalingTables(result).map(({ title, rows }) => `\n${title}\n\n${table(rows).trimEnd()}`), ""].join("\n");
}
