import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForCommand, HOSTS, problems, runBundle } from "../../scripts/portable.mjs";
import { ON_ALL_HOSTS } from "./extent.js";

const FILES = fileURLToPath(new URL("../python/", import.meta.url));
/** What hosts do in their own ways: workers that start, wait and are ended, modules that are imported into them, JavaScript's own objects and promises. */
const REPRESENTATIVE = ["classes", "js", "main-thread", "sync"].map((name) => `${name}.test.ts`);

/** Milliseconds for one file. */
const DEADLINE = 170_000;

/** A test that cannot pass on a host, and the fact of the host that is the reason. */
export interface Exception {
  readonly file: string;
  /** The test's full name, its suites included. */
  readonly test: string;
  readonly reason: string;
}

/** Runs the host API's tests, the same files as under Node or a part of them, in another host's process. */
export function portableSuite(host: keyof typeof HOSTS, exceptions: readonly Exception[] = []): void {
  describe(`test/python on ${host}`, () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), `weft-${host}-`));
    });
    afterAll(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const files = ON_ALL_HOSTS ? readdirSync(FILES).filter((name) => name.endsWith(".test.ts")) : REPRESENTATIVE;
    test.each(files)("%s", { timeout: DEADLINE + 10_000 }, async (file) => {
      const bundle = join(folder, `${basename(file, ".test.ts")}.mjs`);
      await bundleForCommand(join(FILES, file), bundle);
      const left = exceptions.filter((one) => one.file === file).map((one) => one.test);
      const run = await runBundle(HOSTS[host], bundle, { deadline: DEADLINE, without: left });
      expect(problems(run)).toEqual([]);
      // An exception that names no test would hide nothing, but says something that is not so.
      expect(run.outcomes.filter(({ state }) => state === "skip").map(({ name }) => name)).toEqual(left);
      expect(run.outcomes.length).toBeGreaterThan(left.length);
    });
  });
}
