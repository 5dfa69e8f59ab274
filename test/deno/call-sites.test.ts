import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { HOSTS } from "../../scripts/portable.mjs";
import { readFunctions } from "../../src/build/branches/functions.js";

const ROOT = new URL("../../", import.meta.url);

// Of the hosts here Deno's engine is one that throws such code away, and tells.
test("the eval loop's optimized code is not thrown away when a helper calls another slot than before", { timeout: 120_000 }, () => {
  const [deno, run, ...options] = HOSTS.deno;
  const program = fileURLToPath(new URL("test/deno/call-sites/program.mjs", ROOT));
  const { stdout, stderr, status } = spawnSync(deno!, [run!, ...options, "--v8-flags=--trace-deopt,--wasm-sync-tier-up", program], { encoding: "utf8", maxBuffer: 2 ** 26, timeout: 100_000 });
  expect(status, stderr).toBe(0);
  // The engine's lines, which come at the process's end.
  const thrown = [...stdout.matchAll(/wrong call target, type: Wasm.*function index (\d+)/g)].map(([, index]) => Number(index));
  // The control's, whose number only imports have in the runtime.
  expect(thrown, stdout).toContain(2);
  const { functions } = readFunctions(readFileSync(new URL("dist/runtime/release/weft.wasm", ROOT)));
  const large = functions.filter(({ start, end }) => end - start > 32 * 1024).map(({ index }) => index);
  expect(large.length).toBeGreaterThan(0);
  expect(thrown.filter((index) => large.includes(index)), stdout).toEqual([]);
});
