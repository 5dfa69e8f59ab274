import { readFileSync, writeFileSync } from "node:fs";
import { BenchError } from "./error.js";

/**
 * Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a file.
 * @throws BenchError when the file does not have these two lines once each, in this order.
 */
export function writeBetweenMarkers(path: string, name: string, content: string): void {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new BenchError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  const start = `<!-- ${name} -->\n`;
  const end = `<!-- /${name} -->\n`;
  const [before, ...after] = text.split(start);
  const [inner, ...rest] = after.join(start).split(end);
  if (after.length !== 1 || inner === undefined || rest.length !== 1) {
    throw new BenchError(`${path} needs one line ${start.trim()} and after it one line ${end.trim()}`);
  }
  writeFileSync(path, `${before}${start}${content.trimEnd()}\n${end}${rest[0]}`);
}

/** Rows as a table of Markdown: the first is the head, the first column is aligned left. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const [head, ...body] = rows;
  return `${line(head!)}${line(head!.map((_, column) => (column === 0 ? ":--" : "--:")))}${body.map(line).join("")}`;
}
