import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const CASES = join(ROOT, "test/stress/cases");

/** A line of `--json-lines`. */
export interface Verdict {
  readonly id: string;
  readonly class: string;
  readonly runs: number;
  readonly failed: number;
  readonly threads: number;
  readonly skip?: string;
  readonly hang?: { readonly verdict: string; readonly cycle: readonly number[]; readonly report: string; readonly replay: string };
  readonly order?: { readonly message: string; readonly after: readonly string[]; readonly replay: string };
  readonly crash?: { readonly message: string };
  readonly failures: readonly { readonly type: string; readonly message: string; readonly count: number; readonly replay: string }[];
  readonly shortest?: string;
}

/** Runs the command to its end. */
export function weft(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, "dist/bin/weft.js"), ...args], {
      env: { ...process.env, GITHUB_ACTIONS: "", ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const add = (data: Buffer): void => {
      output += data.toString();
    };
    child.stdout.on("data", add);
    child.stderr.on("data", add);
    child.once("error", reject);
    child.once("close", (status) => {
      resolve({ status, output });
    });
  });
}

/** Runs `weft stress` on a file or folder of the cases, or at an absolute path. */
export async function stress(target: string, ...options: string[]): Promise<{ status: number | null; output: string; verdicts: Map<string, Verdict> }> {
  const folder = mkdtempSync(join(tmpdir(), "weft-stress-"));
  try {
    const lines = join(folder, "verdicts.jsonl");
    writeFileSync(lines, "");
    const { status, output } = await weft(["stress", target.startsWith("/") || target.startsWith("module:") ? target : join(CASES, target), "--json-lines", lines, ...options]);
    const verdicts = readFileSync(lines, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line) as Verdict);
    return { status, output, verdicts: new Map(verdicts.map((one) => [one.id.split("::").slice(1).join("::"), one])) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Classes, where one seed and several are the same. */
export function kindOf(verdict: Verdict): string {
  return ["fails only in parallel", "fails under one seed"].includes(verdict.class) ? "race" : verdict.class;
}
