import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lastLines, run } from "../../src/build/command.js";
import { BuildError } from "../../src/build/errors.js";
import { explain } from "../../src/build/machine-trouble.js";
import { runBuild } from "../../src/cli/build-command.js";
import { CliError, ExitCode } from "../../src/cli/exit-codes.js";
import { temporaryFolder } from "./fixture.js";

describe("run", () => {
  test("a failure shows the last lines and where the whole log is", async () => {
    const log = join(temporaryFolder(), "stage.log");
    const failure = await run(["sh", "-c", "for i in $(seq 100); do echo line $i; done; echo broken >&2; exit 3"], { env: process.env, log, purpose: "making it" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BuildError);
    const { message } = failure as BuildError;
    expect(message).toContain("making it failed: sh: exit status 3");
    expect(message).toContain("| line 100\n");
    expect(message).toContain("| broken\n");
    expect(message).not.toContain("line 50\n");
    expect(message).toContain(`full log: ${log}`);
    expect(readFileSync(log, "utf8")).toContain("line 1\n");
  });

  test("a command that does not exist is named", async () => {
    const log = join(temporaryFolder(), "stage.log");
    await expect(run(["weft-no-such-tool"], { env: process.env, log, purpose: "making it" })).rejects.toThrow(/making it failed: weft-no-such-tool: .*ENOENT/);
  });

  test("an abort ends the command's children too", async () => {
    const log = join(temporaryFolder(), "stage.log");
    const abort = new AbortController();
    const start = Date.now();
    const running = run(["sh", "-c", "echo started; sleep 60 & wait"], {
      env: process.env,
      log,
      purpose: "waiting",
      signal: abort.signal,
      onOutput: () => abort.abort(),
    });
    // The pipe stays open as long as the grandchild lives.
    await expect(running).rejects.toThrow("aborted");
    expect(Date.now() - start).toBeLessThan(20_000);
  }, 30_000);

  test("returns the output, with characters that were split between pieces", async () => {
    const log = join(temporaryFolder(), "stage.log");
    expect(await run(["printf", "\u00e4\u20ac"], { env: process.env, log, purpose: "printing" })).toBe("\u00e4\u20ac");
  });
});

describe("what the machine lacks is said first", () => {
  for (const [line, reason] of [
    ["E: Failed getting release file http://127.0.0.1:9/debian/dists/trixie/Release", /^making it failed: Debian's archive does not answer; check the network, or name another mirror with WEFT_DEBIAN_MIRROR\n/],
    ["cp: error writing 'x': No space left on device", /^making it failed: the disk with .* is \(nearly\) full; .* or name another folder with WEFT_CACHE\n/],
  ] as const) {
    test(line, async () => {
      const log = join(temporaryFolder(), "stage.log");
      await expect(run(["sh", "-c", 'echo "$0"; exit 1', line], { env: process.env, log, purpose: "making it" })).rejects.toThrow(reason);
    });
  }

  test("a full disk is an error for people also where our own files are written", () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, copyfile"), { code: "ENOSPC" });
    expect(explain(full, "/cache")).toMatchObject({ name: "BuildError", message: expect.stringMatching(/^the disk with \/cache is \(nearly\) full/) as string, cause: full });
    const other = new Error("other");
    expect(explain(other, "/cache")).toBe(other);
  });
});

test("lastLines indents and limits", () => {
  expect(lastLines("a\nb\nc\n", 2)).toBe("  | b\n  | c\n");
  expect(lastLines("")).toBe("");
});

describe("weft build", () => {
  for (const [args, message] of [
    [["--variant", "fast"], '--variant is release, test, debug or counting, not "fast"'],
    [["--jobs", "0"], "--jobs takes a number of at least 1"],
    [["--toolchain", "mine"], "--toolchain is auto, path or root"],
    [["--profile", "solo", "--variant", "debug"], "solo has the variants release and test"],
    [["--profile", "solo", "--force"], "--force are for the threaded profile"],
    [["--no-such-option"], "--no-such-option"],
    [["extra"], "extra"],
  ] as const) {
    test(`refuses ${args.join(" ")}`, async () => {
      const failure = await runBuild(args).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CliError);
      expect((failure as CliError).exitCode).toBe(ExitCode.usage);
      expect((failure as CliError).message).toContain(message);
      expect((failure as CliError).message).not.toContain("\n");
    });
  }
});
