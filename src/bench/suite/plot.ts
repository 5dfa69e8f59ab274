import { compare, overall } from "./compare.js";
import { pairs, type SuiteResult } from "./suite-report.js";

/** Between the marks of one row, and between rows beside that. */
const MARK = 4;
const GAP = 6;
const LEFT = 130;
const RIGHT = 20;
const WIDTH = 760;
const TOP = 52;
/** Told apart also by those who see few colours. */
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/**
 * A picture of our time divided by each peer's: one row for each workload, one mark for each peer on a logarithmic
 * axis, a line at 1. Written here because the project has no library for charts and one picture needs none.
 */
export function suitePlot({ peers, results, machine }: SuiteResult): string {
  const others = pairs(peers);
  const rowHeight = others.length * MARK + GAP;
  const rows = Object.entries(results).map(([name, series]) => ({
    name,
    ratios: others.map((peer) => compare(series[peer.against], series[peer.name])),
  }));
  const mean = others.map((peer) => {
    const value = overall(results, peer.against, peer.name);
    return value === undefined ? undefined : { median: value, min: value, max: value };
  });
  rows.push({ name: "geometric mean", ratios: mean });
  const all = rows.flatMap(({ ratios }) => ratios.flatMap((one) => (one ? [one.min, one.max] : [])));
  const low = Math.floor(Math.log2(Math.min(0.5, ...all)));
  const high = Math.ceil(Math.log2(Math.max(2, ...all)));
  const x = (ratio: number): number => LEFT + ((Math.log2(ratio) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const at = (value: number): string => value.toFixed(1);
  const height = TOP + rows.length * rowHeight + 34;
  const parts: string[] = [];
  const text = (left: number, top: number, content: string, anchor = "start"): void => {
    parts.push(`<text x="${at(left)}" y="${at(top)}" text-anchor="${anchor}">${escape(content)}</text>`);
  };

  others.forEach(({ name, version }, index) => {
    const left = LEFT + (index % 3) * 205;
    const top = 16 + Math.floor(index / 3) * 18;
    parts.push(`<circle cx="${left}" cy="${top - 4}" r="4.5" fill="${COLORS[index % COLORS.length]!}"/>`);
    // The rest of it, how it was built, is in the words beside the picture.
    text(left + 9, top, `${name} ${version.split(/[ ,]/)[0]!}`);
  });
  for (let power = low; power <= high; power++) {
    const left = x(2 ** power);
    parts.push(`<line x1="${at(left)}" y1="${TOP - 6}" x2="${at(left)}" y2="${height - 28}" stroke="#888" stroke-opacity="${power === 0 ? 1 : 0.3}"/>`);
    text(left, height - 14, power < 0 ? `1/${2 ** -power}` : `${2 ** power}`, "middle");
  }
  rows.forEach(({ name, ratios }, row) => {
    const top = TOP + (row + 0.5) * rowHeight;
    text(LEFT - 10, top + 4, name, "end");
    ratios.forEach((one, index) => {
      if (one) {
        const color = COLORS[index % COLORS.length]!;
        const middle = top + (index - (ratios.length - 1) / 2) * MARK;
        parts.push(`<line x1="${at(x(one.min))}" y1="${at(middle)}" x2="${at(x(one.max))}" y2="${at(middle)}" stroke="${color}" stroke-width="1.5"/>`);
        parts.push(`<circle cx="${at(x(one.median))}" cy="${at(middle)}" r="4" fill="${color}"/>`);
      }
    });
  });
  const title = `Weft's time divided by each peer's, medians and ranges; left of 1 it is faster. ${machine.date.slice(0, 10)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#777" role="img">`,
    `<title>${escape(title)}</title>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
