import type { Machine } from "../machine.js";
import type { Spread } from "../statistics.js";
import { figure, table } from "../table.js";
import { compare, overall, typical } from "./compare.js";
import { STARTUP, type Effort, type Results } from "./measure.js";

/** Who was measured. */
export interface Measured {
  readonly name: string;
  readonly version: string;
  /** Name of the Weft that it is compared with; none for a Weft. */
  readonly against?: string;
}

/** What a result keeps of a peer. */
export function described({ name, version, against }: Measured): Measured {
  return { name, version, ...(against === undefined ? {} : { against }) };
}

/** A whole run, as `--json` keeps it. */
export interface SuiteResult {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly peers: readonly Measured[];
  readonly results: Results;
}

/** What to think of the figures. */
export function circumstances({ machine, effort, peers }: Pick<SuiteResult, "machine" | "effort" | "peers">): string[] {
  const busy = machine.load > machine.cores / 2;
  return [
    peers.map(({ name, version }) => `${name} ${version}`).join("; "),
    `${machine.cpu}, ${machine.cores} cores, ${figure(machine.memory / 1e9)} GB, ${machine.system}, Node ${machine.node}; ${machine.date}`,
    `${effort.processes === 1 ? "one process" : `${effort.processes} processes`} of each, ${effort.values} counted values in each${effort.part < 1 ? ", shortened workloads" : ""}`,
    ...(busy ? [`the machine was busy with other work (load ${machine.load.toFixed(1)} at the start): trust ratios more than times`] : []),
  ];
}

/** A median, with its range unless it is of one process only. */
function cell({ median, min, max }: Spread, text: (value: number) => string): string {
  return min === max ? text(median) : `${text(median)} (${text(min)}..${text(max)})`;
}

/** A peer, and the Weft that it is compared with. */
export type Pair = Measured & { readonly against: string };

/** Those that are compared, in their order. */
export function pairs(peers: readonly Measured[]): Pair[] {
  return peers.filter((peer): peer is Pair => peer.against !== undefined);
}

/** Rows of a table: our times, then our time divided by each peer's. */
export function suiteRows({ peers, results }: Pick<SuiteResult, "peers" | "results">): string[][] {
  const ours = peers.filter(({ against }) => against === undefined);
  const others = pairs(peers);
  const rows = [["", ...ours.map(({ name }) => `${name}, ms`), ...others.map(({ name, against }) => `${against} / ${name}`)]];
  for (const [workload, series] of Object.entries(results)) {
    rows.push([
      workload,
      ...ours.map(({ name }) => (series[name]!.error === undefined ? cell(typical(series[name]!), figure) : "-")),
      ...others.map(({ name, against }) => {
        const found = compare(series[against], series[name]);
        return found ? cell(found, (ratio) => ratio.toFixed(2)) : "-";
      }),
    ]);
  }
  rows.push([`geometric mean${STARTUP in results ? ` without ${STARTUP}` : ""}`, ...ours.map(() => ""), ...others.map(({ name, against }) => overall(results, against, name)?.toFixed(2) ?? "-")]);
  return rows;
}

/** Why there are gaps in the table. */
export function gaps(results: Results): string[] {
  return Object.entries(results).flatMap(([workload, series]) =>
    Object.entries(series).flatMap(([peer, { error }]) => (error === undefined ? [] : [`${workload} on ${peer}: ${error}`])),
  );
}

/** The run as plain text. */
export function suiteReport(result: SuiteResult): string {
  return [
    ...circumstances(result),
    "times are the processor time of the thread that runs Python, where the system tells it; ratios below 1: ours is faster",
    "",
    table(suiteRows(result)).trimEnd(),
    ...gaps(result.results),
    "",
  ].join("\n");
}
