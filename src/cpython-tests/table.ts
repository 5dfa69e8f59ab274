import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { countTests, type FileResult } from "./result.js";

/** The kept results of one profile by file. */
export type ProfileResults = ReadonlyMap<string, FileResult>;

/** Reads what a run has kept in its folder, finished or not. */
export function readResults(folder: string): ProfileResults {
  const path = join(folder, "results.jsonl");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  return new Map(lines.map((line) => (JSON.parse(line) as { result: FileResult }).result).map((result) => [result.name, result]));
}

function cells(result: FileResult | undefined): string[] {
  if (!result) {
    return ["", "", "", "not run"];
  }
  const { passed, failed, skipped, excluded, unfinished } = countTests(result.tests);
  return [String(passed), String(failed + unfinished), String(skipped + excluded), result.state === "completed" ? "" : result.state];
}

/** Of a Markdown table. */
const row = (values: readonly string[]): string => `| ${values.join(" | ")} |`;

/** The two profiles side by side, as Markdown. */
export function profileTable(threaded: ProfileResults, solo: ProfileResults): string {
  const names = [...solo.keys()].sort();
  const sums = [threaded, solo].map((results) => {
    const found = names.flatMap((name) => results.get(name) ?? []);
    const counts = found.map(({ tests }) => countTests(tests));
    const sum = (pick: (one: (typeof counts)[number]) => number): number => counts.reduce((total, one) => total + pick(one), 0);
    const clean = found.filter((result) => result.state === "completed" && result.tests.every(({ outcome }) => outcome !== "failed" && outcome !== "unfinished") && result.tests.some(({ outcome }) => outcome === "passed"));
    return { files: found.length, clean: clean.length, passed: sum(({ passed }) => passed), failed: sum(({ failed, unfinished }) => failed + unfinished), skipped: sum(({ skipped, excluded }) => skipped + excluded) };
  });
  return [
    row(["", "files run", "without a failure", "tests passed", "failed", "skipped"]),
    row(Array<string>(6).fill("---")),
    ...sums.map(({ files, clean, passed, failed, skipped }, i) => row([i === 0 ? "threaded" : "solo", ...[files, clean, passed, failed, skipped].map(String)])),
    "",
    row(["file", "threaded: passed", "failed", "skipped", "", "solo: passed", "failed", "skipped", ""]),
    row(Array<string>(9).fill("---")),
    ...names.map((name) => row([name, ...cells(threaded.get(name)), ...cells(solo.get(name))])),
    "",
  ].join("\n");
}
