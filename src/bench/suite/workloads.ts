import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../error.js";

/** A Python file with a function `run(loops)`, which returns `EXPECTED` whatever `loops` is. */
export interface Workload {
  readonly name: string;
  readonly source: string;
  /** For a measurement of about a tenth of a second: the file's `LOOPS`. */
  readonly loops: number;
}

/**
 * The workloads of a folder, by name.
 * @throws BenchError when the folder or one of its files is not as expected.
 */
export function readWorkloads(folder: string): Workload[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith(".py"));
  } catch (error) {
    throw new BenchError(`cannot read ${folder}; run the benchmark in a checkout`, { cause: error });
  }
  return names.sort().map((file) => {
    const source = readFileSync(join(folder, file), "utf8");
    const loops = Number(/^LOOPS = (\d+)$/m.exec(source)?.[1]);
    if (!(loops >= 1)) {
      throw new BenchError(`${join(folder, file)} has no line "LOOPS = NUMBER"`);
    }
    return { name: file.slice(0, -3), source, loops };
  });
}

/**
 * Those whose names match one of the patterns, where `*` stands for any text; all without patterns.
 * @throws BenchError for a pattern that matches nothing.
 */
export function select<T extends { readonly name: string }>(all: readonly T[], patterns: readonly string[]): T[] {
  if (patterns.length === 0) {
    return [...all];
  }
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[^\w]/g, "\\$&"));
    const expression = new RegExp(`^${parts.join(".*")}$`);
    if (!all.some(({ name }) => expression.test(name))) {
      throw new BenchError(`no workload is named ${pattern}; there are: ${all.map(({ name }) => name).join(", ")}`);
    }
    return expression;
  });
  return all.filter(({ name }) => expressions.some((expression) => expression.test(name)));
}
