import { median, spread, type Spread } from "../statistics.js";
import { STARTUP, type Results, type Series } from "./measure.js";

/** Whether every process has processor times. */
const hasCpu = ({ wall, cpu }: Series): boolean => cpu.length === wall.length && cpu.every((values) => values.length > 0);

/**
 * Our time divided by a peer's, one ratio of each pair of processes that took turns: below 1 ours is faster. Of processor
 * time where both have it. Nothing where one of them could not be measured.
 */
export function compare(ours: Series | undefined, theirs: Series | undefined): Spread | undefined {
  if (!ours || !theirs || ours.error !== undefined || theirs.error !== undefined) {
    return undefined;
  }
  const kind = hasCpu(ours) && hasCpu(theirs) ? "cpu" : "wall";
  return spread(ours[kind].map((values, process) => median(values) / median(theirs[kind][process]!)));
}

/** The typical time of a series in milliseconds. */
export function typical(series: Series): Spread {
  return spread((hasCpu(series) ? series.cpu : series.wall).map(median));
}

/** @throws RangeError without values. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError("there is no mean of no values");
  }
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * The mean of a peer's median ratios over all workloads that both could run; nothing if there are none. Without
 * {@link STARTUP}, which measures something else.
 */
export function overall(results: Results, ours: string, theirs: string): number | undefined {
  const ratios = Object.entries(results).flatMap(([workload, series]) => (workload === STARTUP ? [] : (compare(series[ours], series[theirs])?.median ?? [])));
  return ratios.length > 0 ? geometricMean(ratios) : undefined;
}
