/** `npm run bench:stress`: what the schedules of `weft stress` cost, and how quickly interpreters are replaced. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BenchError } from "./error.js";
import { describeMachine } from "./machine.js";
import { runBench, UsageError } from "./run-bench.js";
import { median, spread } from "./statistics.js";
import { figure, ratio, spreadFigure, table } from "./table.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CASES = join(ROOT, "test/stress/cases");
const SCHEDULES = ["free", "perturb", "pct"] as const;
const DEADLINE = 300_000;

/** What a run of the command tells. */
interface Told {
  /** Iterations a second, without the interpreter's start. */
  readonly rate: number;
  /** Milliseconds until there was another interpreter. */
  readonly restarts: readonly number[];
}

/** @throws BenchError when the command fails otherwise than by the test's result. */
async function stress(folder: string, test: string, options: readonly string[]): Promise<Told> {
  const lines = join(folder, "results.jsonl");
  writeFileSync(lines, "");
  let output = "";
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/bin/weft.js"), "stress", join(CASES, test), "--json-lines", lines, "--timeout", "60", ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: DEADLINE,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [first] = readFileSync(lines, "utf8").split("\n").filter(Boolean);
  if ((status !== 0 && status !== 1) || first === undefined) {
    throw new BenchError(`weft stress ${test} ended with status ${status}:\n${output}`);
  }
  const { runs, seconds } = JSON.parse(first) as { runs: number; seconds: number };
  const restarts = [...output.matchAll(/^interpreters replaced in \w+: \d+, in (\d+) to (\d+) ms/gm)].flatMap(([, least, most]) => [Number(least), Number(most)]);
  return { rate: runs / seconds, restarts };
}

const HELP = `usage: npm run bench:stress -- [--rounds N] [--env node,chromium] [--iterations N]

Measures how many iterations a second "weft stress" does under each schedule, and how soon another interpreter is there after a
hang and after a crash.
`;

interface Options {
  readonly rounds: number;
  readonly environments: readonly string[];
  readonly iterations: number;
}

/** Nothing when the help was asked for. */
function readOptions(): Options | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        rounds: { type: "string", default: "3" },
        env: { type: "string", default: "node,chromium" },
        iterations: { type: "string", default: "200" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  const whole = (name: "rounds" | "iterations"): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1) {
      throw new UsageError(`--${name} takes a whole number from 1, not ${values[name]}`);
    }
    return number;
  };
  return values.help === true ? undefined : { rounds: whole("rounds"), environments: values.env.split(","), iterations: whole("iterations") };
}

/** The schedules take turns in each round. */
async function measure(env: string, { rounds, iterations }: Options, folder: string, say: (text: string) => void): Promise<string> {
  const rates = new Map<string, number[]>(SCHEDULES.map((schedule) => [schedule, []]));
  const hang: number[] = [];
  const crash: number[] = [];
  for (let round = 0; round < rounds; round++) {
    say(`${env}: round ${round + 1} of ${rounds}`);
    for (const schedule of SCHEDULES) {
      const told = await stress(folder, "hammer_seeded.py::HammerCheckThenActFixed", ["--env", env, "--schedule", schedule, "--iterations", String(iterations)]);
      rates.get(schedule)!.push(told.rate);
    }
    hang.push(...(await stress(folder, "hammer_seeded.py::HammerLockOrder", ["--env", env, "--schedule", "pct"])).restarts);
    crash.push(...(await stress(folder, "kinds/test_zz_crash.py::test_aborts", ["--env", env])).restarts);
  }
  const free = median(rates.get("free")!);
  const rows = SCHEDULES.map((schedule) => [schedule, spreadFigure(spread(rates.get(schedule)!)), ratio(free, median(rates.get(schedule)!))]);
  return `${table([[env, "iterations/s", "cost beside free"], ...rows])}a new interpreter after a hang: ${figure(median(hang))} ms, after a crash: ${figure(median(crash))} ms (medians)\n\n`;
}

async function run(say: (text: string) => void): Promise<string> {
  const options = readOptions();
  if (options === undefined) {
    return HELP;
  }
  const folder = mkdtempSync(join(tmpdir(), "weft-bench-stress-"));
  const machine = describeMachine();
  let told = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}; ${options.rounds} rounds, the schedules in turns\n\n`;
  try {
    for (const env of options.environments) {
      told += await measure(env, options, folder, say);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return told;
}

await runBench("bench:stress", run);
