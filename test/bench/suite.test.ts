import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BenchError } from "../../src/bench/error.js";
import { markdownTable, writeBetweenMarkers } from "../../src/bench/guide.js";
import { compare, geometricMean, overall } from "../../src/bench/suite/compare.js";
import type { Engine, Peer } from "../../src/bench/suite/engine.js";
import { measureSuite, type Results, type Series } from "../../src/bench/suite/measure.js";
import { pyodidePeer, weftPeer } from "../../src/bench/suite/peers.js";
import { suitePlot } from "../../src/bench/suite/plot.js";
import { suiteReport, type SuiteResult } from "../../src/bench/suite/suite-report.js";
import { readWorkloads, select, type Workload } from "../../src/bench/suite/workloads.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNTIME = process.env["WEFT_RUNTIME"] ?? join(ROOT, "dist/runtime/release");
const workloads = readWorkloads(join(ROOT, "src/bench/workloads"));

/** A workload with the given source. */
const workload = (source: string) => ({ name: `w${Math.random()}`, source, loops: 1 });

describe("workloads", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await weftPeer(ROOT, RUNTIME).open();
  });
  afterAll(async () => {
    await engine.close();
  });

  test.each(workloads.map((one) => [one.name, one] as const))("%s has the expected result", async (_, one) => {
    expect(await engine.measure({ workload: one, loops: 1 })).toHaveProperty("seconds");
  });

  test("a wrong result is an error, not a time", async () => {
    expect(await engine.measure({ workload: workload("EXPECTED = 1\ndef run(loops): return 2"), loops: 1 })).toEqual({ error: "the result is 2 instead of 1" });
  });

  test("what a workload raises is told, and the next one runs", async () => {
    expect(await engine.measure({ workload: workload("import nowhere"), loops: 1 })).toEqual({ error: "ModuleNotFoundError: No module named 'nowhere'" });
    expect(await engine.measure({ workload: workload("EXPECTED = 3\ndef run(loops): return loops"), loops: 3 })).toHaveProperty("seconds");
  });

  test("a process that ends is an error with its last words", async () => {
    const other = await weftPeer(ROOT, RUNTIME).open();
    const ending = other.measure({ workload: workload("import os, sys\nprint('last words', file=sys.stderr, flush=True)\nos._exit(3)"), loops: 1 });
    await expect(ending).rejects.toThrow(/ended with status 3\n  \| last words/);
    await expect(other.measure({ workload: workloads[0]!, loops: 1 })).rejects.toThrow(BenchError);
    await other.close();
  });
});

test("Pyodide runs the same files", async () => {
  const engine = await pyodidePeer(ROOT, "pyodide").open();
  try {
    for (const one of select(workloads, ["async_tree", "pickle"])) {
      expect(await engine.measure({ workload: one, loops: 1 })).toHaveProperty("seconds");
    }
  } finally {
    await engine.close();
  }
});

test("every process begins with another workload, and peers take turns at its values", async () => {
  const asked: string[] = [];
  const peer = (name: string): Peer => ({
    name,
    version: "1",
    open: () =>
      Promise.resolve({
        measure: ({ workload }) => {
          asked.push(name + workload.name);
          return Promise.resolve({ seconds: 1 });
        },
        close: () => Promise.resolve(),
      }),
  });
  const workloads = ["x", "y"].map((name) => ({ name, loops: 1 }) as unknown as Workload);
  const results = await measureSuite({ peers: [peer("a"), peer("b")], workloads, startup: false, effort: { processes: 2, values: 1, part: 1 } }, () => undefined);
  // Two processes of each, whose first value of a workload is not counted.
  expect(asked.join(" ")).toBe("ax bx ax bx by ay by ay by ay by ay ax bx ax bx");
  expect(results["y"]!["b"]).toEqual({ wall: [[1000], [1000]], cpu: [[], []] });
});

test("workloads are chosen by names and patterns", () => {
  const names = (patterns: string[]): string[] => select(workloads, patterns).map(({ name }) => name);
  expect(names([])).toHaveLength(workloads.length);
  expect(names(["json_*", "nbody"])).toEqual(["json_dumps", "json_loads", "nbody"]);
  expect(() => names(["nbod"])).toThrow(/no workload is named nbod; there are: async_tree/);
  // A point is no pattern.
  expect(() => names(["nb.dy"])).toThrow(BenchError);
});

const series = (wall: number[], cpu: number[] = []): Series => ({ wall: wall.map((one) => [one]), cpu: cpu.map((one) => [one]) });
const results: Results = {
  one: { weft: series([10, 30], [2, 4]), peer: series([20, 20], [1, 8]), page: series([5, 10]) },
  two: { weft: series([8, 8]), peer: series([2, 2]), page: { wall: [], cpu: [], error: "ModuleNotFoundError: no module" } },
};
const run: SuiteResult = {
  machine: { date: "2026-01-02T03:04:05.678Z", cpu: "a processor", cores: 2, memory: 8e9, system: "Linux 6 x64", node: "20.0.0", load: 5 },
  effort: { processes: 2, values: 1, part: 1 },
  peers: [{ name: "weft", version: "1.0" }, ...["peer", "page"].map((name) => ({ name, version: "1.0", against: "weft" }))],
  results,
};

describe("comparing", () => {
  test("divides processor times where both have them, process by process", () => {
    expect(compare(results["one"]!["weft"], results["one"]!["peer"])).toEqual({ median: 1.25, min: 0.5, max: 2 });
  });

  test("divides times on the clock elsewhere", () => {
    expect(compare(results["one"]!["weft"], results["one"]!["page"])).toEqual({ median: 2.5, min: 2, max: 3 });
  });

  test("leaves out what one of them could not run", () => {
    expect(compare(results["two"]!["weft"], results["two"]!["page"])).toBeUndefined();
    expect(overall(results, "weft", "page")).toBeCloseTo(2.5);
    expect(overall(results, "weft", "peer")).toBeCloseTo(Math.sqrt(1.25 * 4));
    expect(() => geometricMean([])).toThrow(RangeError);
    expect(overall({ ...results, startup: { weft: series([1, 1]), peer: series([100, 100]) } }, "weft", "peer")).toBeCloseTo(Math.sqrt(1.25 * 4));
  });

  test("the report has ratios, means and reasons, and says that the machine was busy", () => {
    const lines = suiteReport(run).split("\n").map((line) => line.replace(/ {2,}/g, " | "));
    expect(lines).toContain("one | 3.00 (2.00..4.00) | 1.25 (0.50..2.00) | 2.50 (2.00..3.00)");
    expect(lines).toContain("geometric mean | 2.24 | 2.50");
    expect(lines).toContain("two on page: ModuleNotFoundError: no module");
    expect(lines.join("\n")).toContain("busy with other work (load 5.0");
    expect(suiteReport({ ...run, machine: { ...run.machine, load: 0.3 } })).not.toContain("busy");
  });

  test("the plot has a mark for each ratio", () => {
    const svg = suitePlot(run);
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    // Two in the legend, three ratios, two means.
    expect(svg.match(/<circle/g)).toHaveLength(7);
    expect(suitePlot({ ...run, peers: run.peers.map((peer) => ({ ...peer, version: "<&>" })) })).toContain("&lt;&amp;>");
  });
});

describe("writing into a guide", () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  const path = join(folder, "guide.md");
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test("replaces what is between the markers only", () => {
    writeFileSync(path, "before\n<!-- a -->\nold\n<!-- /a -->\nafter\n<!-- b -->\n<!-- /b -->\n");
    writeBetweenMarkers(path, "a", "new\n");
    writeBetweenMarkers(path, "b", "more\n");
    writeBetweenMarkers(path, "a", "newer\n");
    expect(readFileSync(path, "utf8")).toBe("before\n<!-- a -->\nnewer\n<!-- /a -->\nafter\n<!-- b -->\nmore\n<!-- /b -->\n");
  });

  test.each(["", "<!-- a -->\n", "<!-- /a -->\n<!-- a -->\n", "<!-- a -->\n<!-- a -->\n<!-- /a -->\n"])("leaves a file without both markers alone: %j", (text) => {
    writeFileSync(path, text);
    expect(() => {
      writeBetweenMarkers(path, "a", "new");
    }).toThrow(/needs one line <!-- a -->/);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("tables are Markdown's", () => {
    expect(markdownTable([["", "a"], ["x|y", "1"]])).toBe("|  | a |\n| :-- | --: |\n| x\\|y | 1 |\n");
  });
});

describe("npm run bench", { timeout: 250_000 }, () => {
  const bench = (...args: string[]) => spawnSync(process.execPath, ["dist/dev/bench.js", "--runtime", RUNTIME, ...args], { cwd: ROOT, encoding: "utf8", timeout: 240_000 });

  test("a quick run of two workloads prints a table and writes every measurement", () => {
    const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
    try {
      const { stdout, stderr, status } = bench("--quick", "--json", join(folder, "all.json"), "richards", "json_l*");
      expect({ status, stderr: stderr.split("\n").at(-2) }).toEqual({ status: 0, stderr: "bench: process 1 of 1: richards" });
      expect(stdout).toMatch(/^json_loads +[\d.]+ +[\d.]+ +[\d.]+$/m);
      expect(stdout).toMatch(/^richards +[\d.]+ +[\d.]+ +[\d.]+$/m);
      expect(stdout).toMatch(/^geometric mean +[\d.]+ +[\d.]+$/m);
      const { peers, results: all } = JSON.parse(readFileSync(join(folder, "all.json"), "utf8")) as SuiteResult;
      expect(peers.map(({ name }) => name)).toEqual(["weft", "pyodide", "pyodide-029"]);
      expect(all["richards"]!["pyodide"]!.wall[0]).toHaveLength(1);
      expect(bench("--from", join(folder, "all.json")).stdout).toBe(stdout);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("pages are measured too, against each other", () => {
    const { stdout, stderr, status } = bench("--quick", "--chromium", "--peers", "pyodide-chromium", "pidigits");
    expect({ status, stderr: stderr.split("\n").at(-2) }).toEqual({ status: 0, stderr: "bench: process 1 of 1: pidigits" });
    expect(stdout).toContain("weft-chromium / pyodide-chromium");
    expect(stdout).toMatch(/^pidigits( +[\d.]+){3}$/m);
  });

  test("mistakes in the command line are told", () => {
    expect(bench("--quik")).toMatchObject({ status: 64, stderr: expect.stringContaining("Unknown option '--quik'") as string });
    expect(bench("--processes", "0")).toMatchObject({ status: 64, stderr: "bench: --processes takes whole numbers from 1, not 0\n" });
    expect(bench("--peers", "pyodide,jython")).toMatchObject({ status: 64, stderr: expect.stringContaining("no peer jython; there are: weft, pyodide") as string });
    expect(bench("--threads", "2")).toMatchObject({ status: 64 });
    expect(bench("nothing")).toMatchObject({ status: 1, stderr: expect.stringContaining("no workload is named nothing") as string });
    expect(bench("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("usage: npm run bench") as string });
  });
});
