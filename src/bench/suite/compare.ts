import { median, spread, type Spread } from "../statistics.js";
import type { Results, Series } from "./measure.js";

/** Our time divided by a peer's: below 1 we are faster. */
export interface Comparison {
  /** One ratio of each pair of processes that took turns. */
  readonly ratio: Spread;
}

/** The medians of processes, of processor time where both have it. */
function perProcess(ours: Series, theirs: Series): [number[], number[]] {
  const kind = ours.cpu.length > 0 && theirs.cpu.length === ours.cpu.length ? "cpu" : "wall";
  return [ours[kind].map(median), theirs[kind].map(median)];
}

/** Nothing where one of them could not be measured. */
export function compare(ours: Series | undefined, theirs: Series | undefined): Comparison | undefined {
  if (!ours || !theirs || ours.error !== undefined || theirs.error !== undefined) {
    return undefined;
  }
  const [mine, others] = perProcess(ours, theirs);
  return { ratio: spread(mine.map((value, process) => value / others[process]!)) };
}

/** The typical time of a series in milliseconds. */
export function typical(series: Series): Spread {
  return spread((series.cpu.length > 0 ? series.cpu : series.wall).map(median));
}

/** @throws RangeError without values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("there is no mean of no values");
  }
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The mean of a peer's median ratios over all workloads that both could run; nothing if there are none. */
export function overall(results: Results, ours: string, theirs: string): number | undefined {
  const ratios = Object.values(results).flatMap((series) => compare(series[ours], series[theirs])?.ratio.median ?? []);
  return ratios.length > 0 ? geometricMean(ratios) : undefined;
}
