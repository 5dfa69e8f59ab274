import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEADLINE = 100_000;

/** How a command ended. */
export interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, or ends it at the deadline. */
export function run(command: string, args: readonly string[], folder: string): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined }, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, stdout, stderr });
    });
  });
}

/** A command of a package that this project develops with. */
export const tool = (name: string): string => join(ROOT, "node_modules/.bin", name);

/** An empty project with the packed package installed, as its users have it, for the tests of a file. */
export class Project {
  #folder: string | undefined;

  /** @param packages others that it has: this project's own copies. */
  constructor(packages: readonly string[] = []) {
    beforeAll(async () => {
      const folder = (this.#folder = realpathSync(mkdtempSync(join(tmpdir(), "weft-package-"))));
      // The scripts of "npm pack" would build.
      const packed = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], ROOT);
      const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
      if (packed.status !== 0 || archive === undefined) {
        throw new Error(`npm pack failed: ${packed.stderr}`);
      }
      this.write({ "package.json": JSON.stringify({ name: "app", private: true, type: "module" }) });
      const installed = await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${archive}`], folder);
      if (installed.status !== 0) {
        throw new Error(`npm install failed: ${installed.stderr}`);
      }
      for (const name of packages) {
        const link = join(folder, "node_modules", name);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(join(ROOT, "node_modules", name), link);
      }
    }, 2 * DEADLINE);
    afterAll(() => {
      if (this.#folder !== undefined) {
        rmSync(this.#folder, { recursive: true, force: true });
      }
    });
  }

  get folder(): string {
    return this.#folder!;
  }

  /** Path of a file in it. */
  path(name: string): string {
    return join(this.folder, name);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  run(command: string, ...args: readonly string[]): Promise<End> {
    return run(command, args, this.folder);
  }
}
