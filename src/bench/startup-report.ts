import { sumSizes, type FileSize } from "./file-size.js";
import type { Machine } from "./machine.js";
import type { Memory } from "./memory.js";
import type { PageResult } from "./page-startup.js";
import type { Times } from "./process.js";
import type { SoloResult } from "./solo.js";
import { spread } from "./statistics.js";
import { PARTS } from "./subjects.js";
import type { ThreadCost } from "./thread-cost.js";
import { ratio, spreadFigure, figure, table } from "./table.js";

/** What was measured of one subject. */
export interface Measurements {
  readonly name: string;
  readonly version: string;
  readonly python?: string;
  /** One of each round. */
  readonly times: readonly Times[];
  /** One of each round; none where the system does not tell. */
  readonly memory: readonly Memory[];
  /** What every program loads. */
  readonly files: readonly (FileSize & { readonly name: string })[];
  /** What is loaded when a program needs something of it. */
  readonly later: Measurements["files"];
}

/** A whole run, as `--json` keeps it. */
export interface StartupResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly weft: Measurements;
  readonly pyodide: Measurements;
  readonly node: Measurements;
  /** In pages; not where no browser was asked for. */
  readonly pages?: PageResult;
  /** By host; none where the system does not tell of memory. */
  readonly threads: readonly ThreadCost[];
  /** Not where the solo profile was not built. */
  readonly solo?: SoloResult;
}

const MB = 1e6;

/** The run as plain text. */
export function startupReport(result: StartupResult): string {
  const { machine, weft, pyodide, node } = result;
  const title = ({ name, version, python }: Measurements): string => `${name} ${version}${python === undefined ? "" : `, Python ${python}`}`;
  const against = `${pyodide.name}/${weft.name}`;

  const spreads = (what: string, unit: number, pick: (subject: Measurements) => number[]): string[] => {
    const all = [weft, pyodide, node].map((subject) => spread(pick(subject)));
    return [what, ...all.map((one) => spreadFigure(one, unit)), ratio(all[1]!.median, all[0]!.median)];
  };
  const rows = [
    ["", weft.name, pyodide.name, node.name, against],
    spreads("start to first output, ms", 1, (subject) => subject.times.map((one) => one.output)),
    spreads("start to end, ms", 1, (subject) => subject.times.map((one) => one.end)),
  ];
  if (weft.memory.length > 0) {
    rows.push(spreads("resident after output, MB", MB, (subject) => subject.memory.map((one) => one.resident)));
    rows.push(spreads("resident at most, MB", MB, (subject) => subject.memory.map((one) => one.peak)));
  }

  const sizes = [["", weft.name, pyodide.name, against]];
  const forms = { raw: "as it is", gzip: "gzip -9", brotli: "brotli -11" } as const;
  for (const form of ["raw", "gzip", "brotli"] as const) {
    const line = (what: string, ours: FileSize, theirs: FileSize | undefined): void => {
      sizes.push([`${what}, ${forms[form]}, MB`, figure(ours[form] / MB), ...(theirs ? [figure(theirs[form] / MB), ratio(theirs[form], ours[form])] : ["-", "-"])]);
    };
    PARTS.forEach((part, index) => line(part, weft.files[index]!, pyodide.files[index]));
    line("together", sumSizes(weft.files), sumSizes(pyodide.files));
    sizes.push([`the library's other parts, ${forms[form]}, MB`, figure(sumSizes(weft.later)[form] / MB), "-", "-"]);
  }

  return [
    `${title(weft)}; ${title(pyodide)}; Node ${machine.node}\n`,
    `${machine.cpu}, ${machine.cores} cores, ${figure(machine.memory / 1e9)} GB, ${machine.system}, load ${machine.load.toFixed(2)}; ${machine.date}\n`,
    `whole processes that print "hi", ${result.rounds} rounds, median (min..max); MB: 1,000,000 bytes\n\n`,
    table(rows),
    ...(weft.memory.length > 0 ? [] : ["memory was not measured: this system has no /proc/PID/status\n"]),
    "\n",
    table(sizes),
    ...[weft, pyodide].map(({ name, files, later }) => `${name}: ${files.map((file) => file.name).join(", ")}${later.length > 0 ? `; when something of them is needed ${later.map((file) => file.name).join(", ")}` : ""}\n`),
    ...(result.pages === undefined ? [] : pageReport(result.pages)),
    ...(result.threads.length === 0 ? [] : threadReport(result.threads)),
  ].join("");
}

function threadReport(costs: readonly ThreadCost[]): string[] {
  const row = (what: string, unit: number, pick: (one: ThreadCost) => readonly number[]): string[] => [what, ...costs.map((one) => spreadFigure(spread(pick(one)), unit))];
  return [
    `\na thread; memory is what a process with ${costs[0]!.threads} of them has more than one without, divided by their number\n\n`,
    table([
      ["", ...costs.map(({ host }) => host)],
      row("start() to its first line of Python, where threads have ended before, ms", 1, (one) => one.start),
      row("resident for each that waits, MB", MB, (one) => one.idle),
      row("resident for each empty module worker that waits, MB", MB, (one) => one.worker),
    ]),
  ];
}

function pageReport({ browser, weft, pyodide }: PageResult): string[] {
  const times = (what: string, pick: (one: typeof weft) => readonly number[]): string[] => {
    const [ours, theirs] = [spread(pick(weft)), spread(pick(pyodide))];
    return [what, spreadFigure(ours), spreadFigure(theirs), ratio(theirs.median, ours.median)];
  };
  const bytes = (what: string, pick: (one: typeof weft) => number): string[] => [what, figure(pick(weft) / MB), figure(pick(pyodide) / MB), ratio(pick(pyodide), pick(weft))];
  return [
    `\npages in Chromium ${browser} that print "hi", from a local server with brotli; the second visit is a new browser with the first one's profile; each browser rests before its visit\n\n`,
    table([
      ["", weft.name, pyodide.name, `${pyodide.name}/${weft.name}`],
      times("first visit to first output, ms", (one) => one.first),
      times("second visit to first output, ms", (one) => one.second),
      bytes("first visit transfers, gzip -9, MB", (one) => one.firstTransfer.gzip),
      bytes("first visit transfers, brotli -11, MB", (one) => one.firstTransfer.brotli),
      bytes("second visit transfers, brotli -11, MB", (one) => one.secondTransfer.brotli),
    ]),
  ];
}
