import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { StressUsageError } from "./options.js";
import { verdictText } from "./report.js";
import { command, orderArguments, replayArguments, type TestVerdict } from "./verdict.js";

/** Of the files that `--replay` reads. */
const FORMAT = "weft stress replay 1";

/** Writes what is known of a failed test: a report, and a file for each of its failures that `--replay` takes. */
export function writeArtifacts(folder: string, verdict: TestVerdict): void {
  const [file, ...name] = verdict.id.split("::");
  const stem = `${basename(file!)}-${name.join("-")}-${verdict.env}`.replace(/[^\w.-]+/g, "_").slice(0, 150);
  writeFileSync(join(folder, `${stem}.txt`), `${verdictText(verdict)}\n${verdict.failures.map(({ output }) => output).filter(Boolean).map((output) => `\nprinted:\n${output}`).join("")}`);
  const iterations = [verdict.hang?.iteration, verdict.crash?.iteration, ...verdict.failures.map(({ first }) => first), verdict.shrunk].filter((one) => one !== undefined);
  const replays = [...(verdict.order ? [orderArguments(verdict.order)] : []), ...iterations.map(replayArguments)];
  replays.forEach((options, i) => {
    writeFileSync(join(folder, `${stem}-${i + 1}.replay.json`), `${JSON.stringify({ format: FORMAT, command: command(options), arguments: options }, undefined, 2)}\n`);
  });
}

/** The options that a file of `--artifacts` holds. */
export function readReplay(path: string): string[] {
  let read: { format?: unknown; arguments?: string[] };
  try {
    read = JSON.parse(readFileSync(path, "utf8")) as typeof read;
  } catch (error) {
    throw new StressUsageError(`--replay ${path} cannot be read: ${(error as Error).message}`);
  }
  if (read.format !== FORMAT || !Array.isArray(read.arguments)) {
    throw new StressUsageError(`--replay ${path} is no replay file of this version: those end in .replay.json and come from --artifacts`);
  }
  return read.arguments;
}
