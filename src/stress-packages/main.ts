#!/usr/bin/env node
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Cache, cacheFolder } from "../build/cache.js";
import { BuildError } from "../build/errors.js";
import { Progress } from "../build/progress.js";
import { readPins, readRecipe, recipeFolders } from "../build/recipe.js";
import { PackageFetcher, type PackagePins } from "./fetch.js";
import { PACKAGES, PYTEST, type StressedPackage } from "./packages.js";
import { findingsTable, type Finding } from "./table.js";

const HELP = `usage: npm run stress:packages -- [options] [PACKAGE ...]

Puts libraries of Debian trixie under stress: hammers of ours (test/stress/packages), and with --own their own tests.
Without names all of ${PACKAGES.map(({ name }) => name).join(", ")}.

  --fetch            only fetch packages, also pytest, and print where they are: NAME FOLDER
  --own              their own tests, by pytest, instead of our hammers
  --schedule A,B     free, perturb, pct (default: all three)
  --iterations N     for each test and schedule (default 30; pct 60; with --own 5)
  --threads N        (default 2)
  --test NAME        only this test
  --table            print the failures as a table in Markdown
  -- OPTIONS         further options of weft stress
`;

const EXIT_USAGE = 64;
/** Seconds for one iteration. */
const TIMEOUT = 30;
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

async function main(): Promise<number> {
  const arguments_ = process.argv.slice(2);
  const border = arguments_.indexOf("--");
  const further = border < 0 ? [] : arguments_.splice(border).slice(1);
  const { values, positionals } = parseArgs({
    args: arguments_,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      fetch: { type: "boolean" },
      own: { type: "boolean" },
      schedule: { type: "string" },
      iterations: { type: "string" },
      threads: { type: "string" },
      test: { type: "string" },
      table: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const fetcher = openFetcher();
  try {
    if (values.fetch === true) {
      const names = positionals.length > 0 ? positionals.flatMap((name) => (name === "pytest" ? PYTEST : [name])) : Object.keys(packagePins());
      for (const name of names) {
        process.stdout.write(`${name} ${await fetcher.fetch(name)}\n`);
      }
      return 0;
    }
    const findings: Finding[] = [];
    for (const one of positionals.length > 0 ? positionals.map(packageNamed) : PACKAGES) {
      for (const schedule of (values.schedule ?? "free,perturb,pct").split(",")) {
        const own = values.own === true;
        const iterations = values.iterations ?? (own ? "5" : schedule === "pct" ? "60" : "30");
        const lines = await stress(fetcher, one, own, values.test, [
          ...["--schedule", schedule, "--iterations", iterations, "--parallel-threads", values.threads ?? "2"],
          ...(schedule === "pct" && !further.includes("--changes") ? ["--shrink"] : []),
          ...further,
        ]);
        findings.push(...lines.map((line) => ({ package: one.name, schedule, verdict: line })));
      }
    }
    if (values.table === true) {
      process.stdout.write(`\n${findingsTable(findings)}`);
    }
    return 0;
  } finally {
    fetcher.close();
  }
}

function packageNamed(name: string): StressedPackage {
  const found = PACKAGES.find((one) => one.name === name);
  if (!found) {
    throw new BuildError(`there is no package ${name}; choose from ${PACKAGES.map((one) => one.name).join(", ")}`);
  }
  return found;
}

function openFetcher(): PackageFetcher {
  const cache = new Cache(cacheFolder());
  const folders = recipeFolders(ROOT);
  const logs = join(cache.folder, "logs", "packages");
  mkdirSync(logs, { recursive: true });
  const context = { cache, progress: new Progress(cache.folder, process.stderr), pins: readPins(folders.recipe), recipe: readRecipe(folders.recipe), folders, logs, jobs: 1, signal: undefined, onOutput: undefined };
  return new PackageFetcher(context, packagePins());
}

function packagePins(): PackagePins {
  const { "//": _, ...pins } = JSON.parse(readFileSync(join(ROOT, "test/stress/packages/pins.json"), "utf8")) as Record<string, unknown>;
  return pins as PackagePins;
}

/** Runs `weft stress` on a package; gives its verdicts. A failure that it reports is what is looked for. */
async function stress(fetcher: PackageFetcher, { name, modules, tests, needs }: StressedPackage, own: boolean, test: string | undefined, options: readonly string[]): Promise<Finding["verdict"][]> {
  const folder = await fetcher.fetch(name);
  const paths = [join(folder, modules), ...(await Promise.all(needs.map(async (need) => modulesOf(need, await fetcher.fetch(need)))))];
  const sites = own ? await Promise.all(PYTEST.map((one) => fetcher.fetch(one))) : [];
  const files = own ? tests.map((path) => join(folder, path)) : [join(ROOT, "test/stress/packages", `hammer_${name.replace(/^python-/, "")}.py`)];
  const targets = files.map((file) => (test === undefined ? file : `${file}::${test}`));
  const scratch = mkdtempSync(join(tmpdir(), "weft-packages-"));
  try {
    const lines = join(scratch, "verdicts.jsonl");
    const status = await command([
      ...["stress", ...targets, "--json-lines", lines, "--timeout", String(TIMEOUT)],
      ...(own ? sites.flatMap((site) => ["--site", site]) : ["--no-site"]),
      ...paths.flatMap((path) => ["--python-path", path]),
      ...options,
    ]);
    if (status !== 0 && status !== 1) {
      throw new BuildError(`weft stress on ${name} ended with status ${status}`);
    }
    return readFileSync(lines, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as Finding["verdict"]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Sources of packages that others need have their modules below src; installed ones have them where they are. */
function modulesOf(name: string, folder: string): string {
  return packagePins()[name]?.kind === "source" ? join(folder, "src") : folder;
}

function command(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/bin/weft.js"), ...args], { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (status) => {
      resolve(status);
    });
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BuildError) && (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) {
    throw error;
  }
  process.stderr.write(`stress:packages: ${(error as Error).message}\n`);
  process.exitCode = EXIT_USAGE;
}
