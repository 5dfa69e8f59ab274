import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CODE_FOLDER } from "../../src/abi/runtime-files.js";
import { codeOf, keepsCode, moduleFromCode } from "../../src/hosts/node/code-cache.js";
import { damagedRuntime, run, withFolder } from "./harness.js";

const RELEASE = fileURLToPath(new URL("../../dist/runtime/release", import.meta.url));

/** Says what compiles a module, at the end of standard error. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  const { compile } = WebAssembly;
  let count = 0;
  WebAssembly.compile = (...args) => (count++, compile(...args));
  process.on("exit", () => process._rawDebug("compiled " + count));
`)}`;

/** How often a command compiles the module of a runtime, and what it prints. */
async function compilations(runtime: string, options: { readonly flags?: string } = {}): Promise<{ readonly count: number; readonly stdout: string }> {
  const env = { WEFT_RUNTIME: runtime, NODE_OPTIONS: `--import ${WATCH} ${options.flags ?? ""}` };
  const { status, stdout, stderr } = await run("weft-python", ["-c", "print(sum(range(10)))"], { env });
  expect(status, stderr).toBe(0);
  return { count: Number(/compiled (\d+)/.exec(stderr)![1]), stdout };
}

async function withRuntime(use: (runtime: string, code: readonly string[]) => Promise<void>): Promise<void> {
  await withFolder({}, async (folder) => {
    const runtime = join(folder, "runtime");
    cpSync(RELEASE, runtime, { recursive: true });
    const code = join(runtime, CODE_FOLDER);
    await use(runtime, readdirSync(code).filter((name) => name.startsWith(`node-${process.version}-`)).map((name) => join(code, name)));
  });
}

// V8 14 has what it takes in its own shell only.
describe.skipIf(!keepsCode())("code that the build has kept", () => {
  test("is there for the commands, and for whoever imports the package", async () => {
    expect(await compilations(RELEASE)).toEqual({ count: 0, stdout: "45\n" });
    const bytes = new Uint8Array(readFileSync(join(RELEASE, "weft.wasm")));
    const { files } = JSON.parse(readFileSync(join(RELEASE, "manifest.json"), "utf8")) as { files: Record<string, { sha256: string }> };
    const module = moduleFromCode(RELEASE, bytes, files["weft.wasm"]!.sha256);
    expect(module).toBeDefined();
    // Not the fallback's: V8 keeps nothing of a module whose functions are not optimised.
    expect(codeOf(module!, bytes).length).toBeGreaterThan(1e6);
  });

  test("is of no use for engines with other flags", async () => {
    expect(await compilations(RELEASE, { flags: "--stack-trace-limit=20" })).toEqual({ count: 1, stdout: "45\n" });
  });

  test("is not used when it is damaged, cut off, or of another module", async () => {
    await withRuntime(async (runtime, files) => {
      expect(files.length).toBeGreaterThan(1);
      const originals = files.map((file) => readFileSync(file));
      const damages: readonly ((file: string, data: Buffer) => void)[] = [
        (file, data) => {
          data[data.length >> 1]! ^= 1;
          writeFileSync(file, data);
        },
        (file, data) => {
          truncateSync(file, data.length - 1);
        },
        (file) => {
          truncateSync(file, 20);
        },
        (file, data) => {
          data[0]! ^= 1;
          writeFileSync(file, data);
        },
      ];
      for (const damage of damages) {
        files.forEach((file, i) => {
          writeFileSync(file, originals[i]!);
          damage(file, Buffer.from(originals[i]!));
        });
        expect(await compilations(runtime)).toEqual({ count: 1, stdout: "45\n" });
      }
    });
  });

  test("finds damage of the module that leaves it valid", async () => {
    await withFolder({ "ok.py": "print('ok')" }, async (cwd) => {
      const env = { WEFT_RUNTIME: damagedRuntime(cwd, "weft.wasm") };
      expect(existsSync(join(env.WEFT_RUNTIME, CODE_FOLDER))).toBe(true);
      const { status, stderr } = await run("weft", ["run", "ok.py"], { cwd, env });
      expect({ status, stderr }).toEqual({ status: 69, stderr: expect.stringMatching(/^weft: .*weft\.wasm is damaged; run "weft build --force"[^\n]*\n$/) });
    });
  });

  test("is not needed", async () => {
    await withRuntime(async (runtime) => {
      rmSync(join(runtime, CODE_FOLDER), { recursive: true });
      expect(await compilations(runtime)).toEqual({ count: 1, stdout: "45\n" });
    });
  });
});
