import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CompressedSite } from "../../src/bench/compressed-site.js";
import { BenchError } from "../../src/bench/error.js";
import { measureFile, sumSizes } from "../../src/bench/file-size.js";
import { parseStat, parseStatus } from "../../src/bench/memory.js";
import { measureMemory, measureTimes, outputOf, type Command } from "../../src/bench/process.js";
import { startupReport, type Measurements, type StartupResult } from "../../src/bench/startup-report.js";
import { median, spread } from "../../src/bench/statistics.js";
import { figure, ratio, spreadFigure, table } from "../../src/bench/table.js";

describe("median", () => {
  test("is the middle value, whatever the order, and leaves the values alone", () => {
    const values = [9, 1, 10];
    expect(median(values)).toBe(9);
    expect(values).toEqual([9, 1, 10]);
  });

  test("of an even number of values is the mean of the middle two", () => {
    expect(median([4, 1, 3, 100])).toBe(3.5);
  });

  test("compares as numbers", () => {
    expect(median([100, 20, 3])).toBe(20);
  });

  test("of nothing is an error", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

test("spread holds the extremes", () => {
  expect(spread([5, 2, 8])).toEqual({ median: 5, min: 2, max: 8 });
});

describe("table", () => {
  test("aligns names left and figures right", () => {
    expect(table([["", "a", "long"], ["first", "12345", "1"], ["x", "1", "22"]])).toBe(
      "            a   long\nfirst   12345      1\nx           1     22\n",
    );
  });

  test("takes rows of different lengths and leaves no blanks at the ends", () => {
    expect(table([["a", "b"], ["only"]])).toBe("a      b\nonly\n");
  });

  test("of nothing is empty", () => {
    expect(table([])).toBe("");
  });
});

test("figures have three digits", () => {
  expect([1234.5, 99.94, 5.678, 0.1234, 0].map(figure)).toEqual(["1235", "99.9", "5.68", "0.123", "0.000"]);
  expect(spreadFigure({ median: 2e6, min: 1e6, max: 30e6 }, 1e6)).toBe("2.00 (1.00..30.0)");
  expect(ratio(10, 4)).toBe("2.50x");
  expect(ratio(10, 0)).toBe("-");
});

describe("/proc", () => {
  test("status gives bytes", () => {
    expect(parseStatus("Name:\tnode\nVmPeak:\t 9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n")).toEqual({
      peak: 2_097_152,
      resident: 1_048_576,
    });
  });

  test("a status without memory is an error", () => {
    expect(() => parseStatus("Name:\tzombie\n")).toThrow("no VmHWM");
  });

  test("stat may have any name in it", () => {
    expect(parseStat("12 (a) R b) S 1 12 12 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 7")).toEqual({ state: "S", ticks: 42 });
  });
});

test("file sizes shrink by compression and add up", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, "weft ".repeat(1000));
    const size = await measureFile(path);
    expect(size.raw).toBe(5000);
    expect(size.gzip).toBeLessThan(200);
    expect(size.brotli).toBeLessThan(size.gzip);
    expect(sumSizes([size, { raw: 1, gzip: 2, brotli: 3 }])).toEqual({ raw: 5001, gzip: size.gzip + 2, brotli: size.brotli + 3 });
    await expect(measureFile(join(folder, "none"))).rejects.toThrow(BenchError);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a compressed site sends files with brotli, and counts what it has sent in both forms", async () => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-"));
  writeFileSync(join(folder, "file.js"), "weft ".repeat(1000));
  const site = await CompressedSite.start({ files: folder }, { "/page": "<!doctype html>" });
  try {
    const file = await fetch(`${site.url}/files/file.js`);
    expect(file.headers.get("Content-Encoding")).toBe("br");
    expect(file.headers.get("Content-Type")).toBe("text/javascript");
    // What fetch gives is unpacked.
    expect(await file.text()).toBe("weft ".repeat(1000));
    const size = await measureFile(join(folder, "file.js"));
    expect(site.takeTransfer()).toEqual({ gzip: size.gzip, brotli: size.brotli });
    expect(await (await fetch(`${site.url}/page`)).text()).toBe("<!doctype html>");
    expect(site.takeTransfer().brotli).toBeGreaterThan(0);
    expect(site.takeTransfer()).toEqual({ gzip: 0, brotli: 0 });
    for (const path of ["/files/none.js", "/files/../../etc/passwd", "/other"]) {
      expect((await fetch(site.url + path)).status).toBe(404);
    }
  } finally {
    site.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("processes", { timeout: 60_000 }, () => {
  const command = (code: string): Command => ({ name: "it", arguments: ["--eval", code], folder: tmpdir(), environment: process.env });

  test("output comes before the end", async () => {
    const times = await measureTimes(command('process.stdout.write("hi")'));
    expect(times.output).toBeGreaterThan(0);
    expect(times.end).toBeGreaterThanOrEqual(times.output);
  });

  test("output is returned", async () => {
    expect(await outputOf(command('console.log("one"); console.log("two")'))).toBe("one\ntwo\n");
  });

  test("a failure shows status and messages", async () => {
    const failure: unknown = await measureTimes(command('console.log("hi"); console.error("broken"); process.exitCode = 3')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BenchError);
    expect((failure as BenchError).message).toBe("it failed with status 3\n  | broken");
  });

  test("silence is a failure", async () => {
    await expect(measureTimes(command(""))).rejects.toThrow("it printed nothing");
  });

  test.runIf(process.platform === "linux")("memory is that of a process that waits for input", async () => {
    const memory = await measureMemory(command('console.log("hi"); require("node:fs").readSync(0, Buffer.alloc(1))'));
    expect(memory.resident).toBeGreaterThan(1e6);
    expect(memory.peak).toBeGreaterThanOrEqual(memory.resident);
  });

  test.runIf(process.platform === "linux")("a process that does not wait is a failure", async () => {
    await expect(measureMemory(command('console.log("hi")'))).rejects.toThrow("it ended instead of waiting for input");
  });
});

describe("startupReport", () => {
  const subject = (name: string, factor: number, python?: string): Measurements => ({
    name,
    version: `${factor}.0`,
    ...(python === undefined ? {} : { python }),
    times: [{ output: 100 * factor, end: 200 * factor }, { output: 300 * factor, end: 400 * factor }],
    memory: [{ peak: 5e6 * factor, resident: 4e6 * factor }],
    files: python === undefined ? [] : ["module", "library", "glue", ...(name === "weft" ? ["snapshot"] : [])].map((part) => ({ name: `${name}.${part}`, raw: 8e6 * factor, gzip: 4e6 * factor, brotli: 2e6 * factor })),
    later: name === "weft" ? [{ name: "weft.more", raw: 3e6, gzip: 2e6, brotli: 1e6 }] : [],
  });
  const result: StartupResult = {
    machine: { date: "2026-01-02T03:04:05.678Z", cpu: "a processor", cores: 2, memory: 8e9, system: "Linux 6 x64", node: "20.0.0", load: 0.5 },
    rounds: 2,
    weft: subject("weft", 1, "3.13.5"),
    pyodide: subject("pyodide", 4, "3.14.2"),
    node: subject("node alone", 0.1),
    threads: [],
  };
  const lines = startupReport(result).split("\n").map((line) => line.replace(/ {2,}/g, " | "));

  test("tells what was measured where", () => {
    expect(lines[0]).toBe("weft 1.0, Python 3.13.5; pyodide 4.0, Python 3.14.2; Node 20.0.0");
    expect(lines[1]).toBe("a processor, 2 cores, 8.00 GB, Linux 6 x64, load 0.50; 2026-01-02T03:04:05.678Z");
  });

  test("compares by medians", () => {
    expect(lines).toContain("start to first output, ms | 200 (100..300) | 800 (400..1200) | 20.0 (10.0..30.0) | 4.00x");
    expect(lines).toContain("resident at most, MB | 5.00 (5.00..5.00) | 20.0 (20.0..20.0) | 0.500 (0.500..0.500) | 4.00x");
    expect(lines).toContain("glue, brotli -11, MB | 2.00 | 8.00 | 4.00x");
    expect(lines).toContain("snapshot, brotli -11, MB | 2.00 | - | -");
    expect(lines).toContain("together, brotli -11, MB | 8.00 | 24.0 | 3.00x");
    expect(lines).toContain("the library's other parts, brotli -11, MB | 1.00 | - | -");
    expect(lines).toContain("weft: weft.module, weft.library, weft.glue, weft.snapshot; when something of them is needed weft.more");
    expect(lines).toContain("pyodide: pyodide.module, pyodide.library, pyodide.glue");
  });

  test("tells of pages where they were measured", () => {
    const page = (name: string, factor: number) => ({
      name,
      first: [100 * factor, 300 * factor],
      second: [50 * factor],
      firstTransfer: { gzip: 4e6 * factor, brotli: 3e6 * factor },
      secondTransfer: { gzip: 0, brotli: 1e3 * factor },
    });
    const text = startupReport({ ...result, pages: { browser: "150.1", weft: page("weft", 1), pyodide: page("pyodide", 2) } });
    const told = text.split("\n").map((line) => line.replace(/ {2,}/g, " | "));
    expect(text).toContain("Chromium 150.1");
    expect(told).toContain("first visit to first output, ms | 200 (100..300) | 400 (200..600) | 2.00x");
    expect(told).toContain("first visit transfers, brotli -11, MB | 3.00 | 6.00 | 2.00x");
    expect(startupReport(result)).not.toContain("Chromium");
  });

  test("tells of threads, by host", () => {
    const threads = [
      { host: "Node 20", threads: 32, start: [0.5, 0.3, 0.4], idle: [4e6], worker: [3e6] },
      { host: "Chromium 150.1", threads: 32, start: [0.2], idle: [2e6], worker: [1e6] },
    ];
    const told = startupReport({ ...result, threads }).split("\n").map((line) => line.replace(/ {2,}/g, " | "));
    expect(told).toContain("start() to its first line of Python, where threads have ended before, ms | 0.400 (0.300..0.500) | 0.200 (0.200..0.200)");
    expect(told).toContain("resident for each that waits, MB | 4.00 (4.00..4.00) | 2.00 (2.00..2.00)");
    expect(told).toContain("resident for each empty module worker that waits, MB | 3.00 (3.00..3.00) | 1.00 (1.00..1.00)");
    expect(startupReport(result)).not.toContain("a thread;");
  });

  test("says when memory could not be measured", () => {
    const without = (one: Measurements): Measurements => ({ ...one, memory: [] });
    const text = startupReport({ ...result, weft: without(result.weft), pyodide: without(result.pyodide), node: without(result.node) });
    expect(text).toContain("memory was not measured");
    expect(text).not.toContain("resident");
  });
});
