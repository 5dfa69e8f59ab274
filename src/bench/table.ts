import type { Spread } from "./statistics.js";

/**
 * Lays out rows as plain text: the first column to the left, the others to the right.
 * Every line ends with a newline, none with blanks.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
      return `${cells.join("   ").trimEnd()}\n`;
    })
    .join("");
}

/** A number with about three significant digits. */
export function figure(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** `median (min..max)`, each divided by `unit`. */
export function spreadFigure({ median, min, max }: Spread, unit = 1): string {
  return `${figure(median / unit)} (${figure(min / unit)}..${figure(max / unit)})`;
}

/** How many times `ours` `theirs` is, as in `"5.4x"`. */
export function ratio(theirs: number, ours: number): string {
  return ours > 0 ? `${(theirs / ours).toFixed(2)}x` : "-";
}
