import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CASES, kindOf, ROOT, stress, weft } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "weft-inputs-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A virtual environment with pytest, as a user has one, but for the programs. */
const environment = join(folder, "project/.venv");

beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, "dist/dev/stress-packages.js"), "--fetch", "pytest"], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  cpSync(join(CASES, "project"), join(folder, "project"), { recursive: true });
  const packages = join(environment, "lib/python3.13/site-packages");
  mkdirSync(packages, { recursive: true });
  writeFileSync(join(environment, "pyvenv.cfg"), "");
  for (const line of stdout.trim().split("\n")) {
    cpSync(line.slice(line.indexOf(" ") + 1), packages, { recursive: true });
  }
});

describe("pytest", () => {
  test("collects, marks and sets up tests; each thread has its own fixtures", { timeout: 300_000 }, async () => {
    const { output, status, verdicts } = await stress(join(folder, "project/tests"), "--iterations", "3", "--schedule", "perturb", "--rate", "20", "--timeout", "60");
    expect(Object.fromEntries([...verdicts].map(([name, one]) => [name, kindOf(one)])), output).toEqual({
      "test_parametrized[1-2]": "passes",
      "test_parametrized[3-4]": "passes",
      test_function_scope: "passes",
      test_module_scope: "passes",
      test_dynamic: "passes",
      "TestClass::test_own_instance": "passes",
      "TestCounting::test_once": "passes",
      "Case::test_own_instance": "passes",
      "Case::test_fails": "always fails",
      "Case::test_skipped": "skipped",
      test_skipped_by_conftest: "skipped",
      test_skipped: "skipped",
      test_expected_failure: "skipped",
      test_unsafe: "skipped",
      test_limited: "passes",
      test_capsys: "skipped",
      test_warns: "skipped",
      test_race: "race",
      test_unknown_fixture: "always fails",
      test_skips_itself: "skipped",
      "(module)": "skipped",
    });
    expect(Object.fromEntries([...verdicts].flatMap(([name, one]) => (one.skip === undefined ? [] : [[name, one.skip]])))).toEqual({
      "Case::test_skipped": "not today",
      test_skipped_by_conftest: "is slow",
      test_skipped: "for a reason",
      test_expected_failure: "fails as expected: known",
      test_unsafe: "marked thread_unsafe: has a global",
      test_capsys: "uses capsys, which changes what all threads share",
      test_warns: "uses warns: the filters of warnings belong to all threads",
      test_skips_itself: "inside",
      "(module)": "could not import 'no_such_module': No module named 'no_such_module'",
    });
    expect(verdicts.get("test_limited")).toMatchObject({ threads: 2, runs: 3 });
    // pytest's own messages, and no frames of its machinery.
    expect(verdicts.get("test_race")!.failures[0]!.message).toMatch(/^assert \d+ == 300\n \+ {2}where \d+ = <function count/);
    expect(output).not.toMatch(/File ".*(_pytest|pluggy)\//);
    expect(output).toContain("fixture 'nowhere' not found");
    expect(output).toMatch(/BROKEN {2}.*test_not_collected\.py[^]*RuntimeError: at import/);
    expect(status).toBe(1);
  });

  test("--shared-fixtures gives all threads the same, and --run-unsafe runs what is marked", { timeout: 240_000 }, async () => {
    const { output, verdicts } = await stress(join(folder, "project/tests/test_collected.py"), "--iterations", "2", "-k", "_unsafe", "--run-unsafe");
    expect(verdicts.get("test_unsafe")!.class, output).not.toBe("skipped");
    const shared = await stress(join(folder, "project/tests/test_collected.py::TestCounting"), "--iterations", "3", "--schedule", "perturb", "--shared-fixtures");
    expect(kindOf(shared.verdicts.get("TestCounting::test_once")!), shared.output).toBe("race");
    expect(shared.verdicts.get("TestCounting::test_once")!.failures[0]!.replay).toContain(" --shared-fixtures");
  });

  test("a file that imports it says how to supply it where there is none", { timeout: 240_000 }, async () => {
    const { output, status } = await stress(join(folder, "project/tests/test_collected.py"), "--no-site");
    expect(output).toMatch(/test_collected\.py imports pytest, which Python does not find here: name the folder that has it with --site/);
    expect(status).toBe(1);
  });

  test("--site wants a folder", async () => {
    expect((await weft(["stress", CASES, "--site", join(folder, "nowhere")])).output).toBe(`weft stress: --site ${join(folder, "nowhere")} is no folder\n`);
  });
});

describe("other inputs", () => {
  test("a script runs as a program of its own on each thread", { timeout: 240_000 }, async () => {
    const { output, verdicts } = await stress("script.py", "--iterations", "3", "--schedule", "perturb");
    expect(verdicts.get("script.py")!.class, output).toBe("passes");
  });

  test("--variant names another runtime, which has to be there", { timeout: 240_000 }, async () => {
    const script = join(folder, "hammer_variant.py");
    writeFileSync(script, "import _testcapi\n\ndef test_it():\n    for _ in range(1000):\n        assert _testcapi.INT_MAX == 2**31 - 1\n");
    const { status, output } = await stress(script, "--iterations", "2", "--schedule", "perturb", "--variant", "test", "--timeout", "60");
    expect(status, output).toBe(0);
    const release = await stress(script, "--iterations", "1", "--timeout", "60");
    expect(release.output).toContain("No module named '_testcapi'");
    expect(release.status).not.toBe(0);
    const missing = await stress(script, "--variant", "none");
    expect(missing.output).toMatch(/there is no runtime in .*none: "npx weft build --variant none" makes it/);
    expect(missing.status).not.toBe(0);
  });

  test("module: names a package that Python can import", { timeout: 240_000 }, async () => {
    const library = join(folder, "library/tested/tests");
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, "../__init__.py"), "");
    writeFileSync(join(library, "__init__.py"), "");
    writeFileSync(join(library, "test_one.py"), "def test_it():\n    for _ in range(1000):\n        pass\n");
    const { output, verdicts } = await stress("module:tested", "--python-path", join(folder, "library"), "--iterations", "2", "--schedule", "perturb");
    expect([...verdicts.keys()], output).toEqual(["tests::test_one::test_it"]);
    expect(verdicts.get("tests::test_one::test_it")!.class).toBe("passes");
  });

  test("an interpreter that does not get ready is given up, with what its threads do", { timeout: 240_000 }, async () => {
    const endless = join(folder, "endless.mjs");
    writeFileSync(endless, "await new Promise(() => undefined);\n");
    const { output, status } = await weft(["stress", join(CASES, "script.py"), "--module", endless, "--start-timeout", "5"]);
    expect(output).toMatch(/weft stress: an interpreter was not ready for tests after 5 s: loading Python was given up .*endless\.mjs\nThread 0x/);
    expect(status).toBe(3);
  });
});
