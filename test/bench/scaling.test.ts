import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scalingTables, speedUps } from "../../src/bench/scaling/scaling-report.js";
import type { Engine } from "../../src/bench/suite/engine.js";
import { weftPeer } from "../../src/bench/suite/peers.js";
import { readWorkloads } from "../../src/bench/suite/workloads.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNTIME = process.env["WEFT_RUNTIME"] ?? join(ROOT, "dist/runtime/release");

describe("workloads for several threads", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await weftPeer(ROOT, RUNTIME).open();
  });
  afterAll(async () => {
    await engine.close();
  });

  // Also numbers that do not divide the work evenly, and more threads than cores.
  test.each(readWorkloads(join(ROOT, "src/bench/scaling/workloads")).map((one) => [one.name, one] as const))("%s does the same work on any number of threads", async (_, workload) => {
    for (const threads of [1, 3, 8]) {
      expect(await engine.measure({ workload, loops: 1, threads })).toHaveProperty("seconds");
    }
  });

  test("what a thread raises is no time", async () => {
    const workload = { name: "raises", source: "EXPECTED = 1\ndef work(shared, index, units):\n    if index: raise ValueError\n    return 1", loops: 1 };
    expect(await engine.measure({ workload, loops: 1, threads: 2 })).toHaveProperty("error");
  });
});

test("speed-ups compare the times of the same turn with the first number of threads", () => {
  expect(speedUps({ 1: [10, 40, 11], 2: [5, 20, 11], 4: [20, 80, 2.2] }, [1, 2, 4, 8])).toEqual([1, 2, 0.5, undefined]);
});

test("there is a table for each peer, and one that compares", () => {
  const times = { work: { weft: { 1: [10], 2: [8] }, native: { 1: [4], 2: [2] }, "weft-chromium": { 1: [8], 2: [5] } } };
  const peers = [{ name: "weft", version: "1" }, { name: "native", version: "1", against: "weft" }, { name: "weft-chromium", version: "1" }];
  const tables = scalingTables({ peers, threads: [1, 2], times });
  expect(tables.map(({ rows }) => rows)).toEqual([
    [["", "1 thread, ms", "2 threads"], ["work", "10.0", "1.25x"]],
    [["", "1 thread, ms", "2 threads"], ["work", "4.00", "2.00x"]],
    [["", "2 threads"], ["work", "0.63"]],
    [["", "1 thread, ms", "2 threads"], ["work", "8.00", "1.60x"]],
  ]);
});

test("npm run bench:scaling prints a table", () => {
  const args = ["dist/dev/bench-scaling.js", "--runtime", RUNTIME, "--quick", "--threads", "1,2", "shared_l*"];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8", timeout: 100_000 });
  expect({ stderr: stderr.split("\n").at(-2), status }).toEqual({ stderr: "bench:scaling: process 1 of 1: shared_lock", status: 0 });
  expect(stdout).toMatch(/^shared_list +[\d.]+ +[\d.]+x$/m);
  expect(stdout).toMatch(/^shared_lock +[\d.]+ +[\d.]+x$/m);
});
