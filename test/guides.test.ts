import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Paths below the root. */
const GUIDES = ["README.md", ...readdirSync(join(ROOT, "src/guides")).map((name) => `src/guides/${name}`)];

/** A program of a guide, the files that were shown before it, and what it prints. */
interface Program {
  readonly code: string;
  readonly files: Readonly<Record<string, string>>;
  readonly output: string;
}

function programs(markdown: string): Program[] {
  const found: Program[] = [];
  let files: Record<string, string> = {};
  let code: string | undefined;
  for (const [, language, text] of markdown.matchAll(/^```(js|text)\n([\s\S]*?)^```$/gm)) {
    const name = /^\/\/ (\S+\.mjs)\n/.exec(text!)?.[1];
    if (language === "js" && name !== undefined) {
      files[name] = text!;
    } else if (language === "js") {
      code = text!;
    } else if (code !== undefined) {
      found.push({ code, files, output: text! });
      code = undefined;
      files = {};
    }
  }
  return found;
}

const cases = GUIDES.flatMap((name) =>
  programs(readFileSync(join(ROOT, name), "utf8")).map((program, index) => ({ name, number: index + 1, ...program })),
);

test("every block of code is followed by what it prints", () => {
  const blocks = GUIDES.flatMap((name) => [...readFileSync(join(ROOT, name), "utf8").matchAll(/^```js\n(?!\/\/ \S+\.mjs)/gm)]);
  expect(cases.length).toBe(blocks.length);
  expect(cases.length).toBeGreaterThan(0);
});

test.each(cases)("$name, program $number", ({ code, files, output }) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-guide-"));
  try {
    // The package as an application has it.
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/weft-python"));
    for (const [name, text] of Object.entries({ ...files, "main.mjs": code })) {
      writeFileSync(join(folder, name), text);
    }
    const { stdout, stderr, status } = spawnSync(process.execPath, ["main.mjs"], { cwd: folder, encoding: "utf8", timeout: 60_000 });
    expect({ stdout, stderr, status }).toEqual({ stdout: output, stderr: "", status: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("the guide to stress", () => {
  const text = readFileSync(join(ROOT, "src/guides/stress.md"), "utf8");
  const files = [...text.matchAll(/^```python\n# (\S+\.py)\n([\s\S]*?)^```$/gm)];
  const commands = [...text.matchAll(/^```sh\nnpx weft (stress \S+\.py .*)\n```$/gm)].map(([, command]) => command!.split(" "));

  test("its programs and commands were read", () => {
    expect(files.map(([, name]) => name)).toEqual(["cache.py", "hammer_cache.py"]);
    expect(commands.length).toBeGreaterThanOrEqual(2);
  });

  test.each(commands)("weft %s %s %s %s finds the race, and not with a lock", { timeout: 240_000 }, async (...command) => {
    const folder = mkdtempSync(join(tmpdir(), "weft-guide-"));
    const run = (): Promise<{ status: number | null; output: string }> =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, [join(ROOT, "dist/bin/weft.js"), ...command], { cwd: folder, timeout: 100_000 }, (_, stdout, stderr) => {
          resolve({ status: child.exitCode, output: stdout + stderr });
        });
      });
    try {
      for (const [, name, program] of files) {
        writeFileSync(join(folder, name!), program!);
      }
      expect(await run()).toEqual({ status: 1, output: expect.stringMatching(/AssertionError: made \d+ values for 20 keys[^]*replay: weft stress/) as string });
      const cache = readFileSync(join(folder, "cache.py"), "utf8");
      const get = /^( {8}if key[^]*)/m.exec(cache)![1]!;
      writeFileSync(join(folder, "cache.py"), `import threading\n${cache.replace("self.values = {}", "self.values = {}\n        self.lock = threading.Lock()").replace(get, `        with self.lock:\n${get.replace(/^ {8}/gm, "            ")}`)}`);
      expect(await run()).toEqual({ status: 0, output: expect.stringContaining("1 passed, 0 failed") as string });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
