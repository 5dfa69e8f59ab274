import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { writeArtifacts } from "./artifacts.js";
import { htmlText } from "./html.js";
import type { LaneName } from "./iteration.js";
import type { Failing, StressOptions } from "./options.js";
import { junitText, verdictJson } from "./report.js";
import type { BrokenFile } from "./runner.js";
import type { TestClass, TestVerdict } from "./verdict.js";

/** Exit statuses, as pytest's. */
export const StressExit = { ok: 0, failed: 1, interrupted: 2, broken: 3, usage: 4, nothing: 5 } as const;

/** Everything that is known, of all environments. */
export interface Results {
  readonly verdicts: TestVerdict[];
  readonly broken: BrokenFile[];
  /** Milliseconds that new interpreters took after hangs and crashes. */
  readonly restarts: Map<LaneName, number[]>;
}

/**
 * Whole at any time: a crash of this process keeps what is known.
 * @param verdict the test of which there is something new.
 */
export function writeResults(options: StressOptions, { verdicts, broken, restarts }: Results, verdict: TestVerdict | undefined): void {
  if (options.artifacts !== undefined && verdict?.bad === true) {
    writeArtifacts(options.artifacts, verdict);
  }
  if (options.jsonLines !== undefined && verdict) {
    appendFileSync(options.jsonLines, `${verdictJson(verdict)}\n`);
  }
  if (options.junit !== undefined) {
    replaceFile(options.junit, junitText(verdicts, broken));
  }
  if (options.html !== undefined) {
    const what = `${options.threads} threads, ${options.iterations} iterations, schedule ${options.schedule}, seed ${options.seed}`;
    replaceFile(options.html, htmlText({ what, restarts }, verdicts, broken));
  }
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

/** Says the counts; the exit status. */
export function summary(options: StressOptions, { verdicts, broken, restarts }: Results, say: (line: string) => void): number {
  const counts = new Map<string, number>();
  for (const one of verdicts.filter(({ bad }) => bad)) {
    counts.set(one.class, (counts.get(one.class) ?? 0) + 1);
  }
  if (broken.length > 0) {
    counts.set(broken.length === 1 ? "file cannot be loaded" : "files cannot be loaded", broken.length);
  }
  const count = (kind: TestClass): number => verdicts.filter((one) => one.class === kind).length;
  const failed = [...counts.values()].reduce((sum, one) => sum + one, 0);
  say("");
  say(`${count("passes")} passed, ${failed} failed${failed === 0 ? "" : ` (${[...counts].map(([kind, times]) => `${times} ${kind}`).join(", ")})`}, ${count("skipped")} skipped`);
  for (const [env, times] of restarts) {
    if (times.length > 0) {
      say(`interpreters replaced in ${env}: ${times.length}, in ${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)} ms`);
    }
  }
  const failing: (Failing | undefined)[] = [...verdicts.map((one) => one.failing), broken.length > 0 ? "broken" : undefined];
  return failing.some((kind) => kind !== undefined && options.failOn.has(kind)) ? StressExit.failed : StressExit.ok;
}
