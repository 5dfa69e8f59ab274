import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { CODE_FOLDER } from "../../src/abi/runtime-files.js";
import { keepsCode } from "../../src/hosts/node/code-cache.js";
import { damagedRuntime, run, withFolder } from "./harness.js";

const RELEASE = fileURLToPath(new URL("../../dist/runtime/release", import.meta.url));

const PACKAGE = new URL("../../dist/lib/index.js", import.meta.url).href;

/** Says at the end, on standard error, how often modules were compiled. */
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
    // In a process of its own: other tests change flags of this one's engine.
    const { stderr } = await promisify(execFile)(process.execPath, ["--import", WATCH, "--input-type=module", "-e", `await (await import(${JSON.stringify(PACKAGE)})).loadWeft();`], { timeout: 60_000 });
    expect(stderr).toBe("compiled 0\n");
  });

  test("is of no use for engines with other flags", async () => {
    expect(await compilations(RELEASE, { flags: "--stack-trace-limit=20" })).toEqual({ count: 1, stdout: "45\n" });
  });

  test("is not used when it is damaged, cut off, or of another module", async () => {
    await withRuntime(async (runtime, files) => {
      // More than one where it was made for several flags.
      expect(files.length).toBeGreaterThanOrEqual(1);
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
          const original = originals[i]!;
          writeFileSync(file, original);
          damage(file, Buffer.from(original));
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

test("to have it made, name a runtime that is built, and nothing else", async () => {
  await withFolder({}, async (cwd) => {
    expect(await run("weft", ["build", "--code", "--force"], { cwd })).toMatchObject({ status: 64, stderr: "weft: --code builds nothing: it goes with --variant, --out and -v only\n" });
    expect(await run("weft", ["build", "--code", "--out", "nothing"], { cwd })).toMatchObject({
      status: 71,
      stderr: expect.stringMatching(/^weft: there is no runtime with a readable manifest\.json in .*nothing; run "weft build" to build it\n$/),
    });
  });
});

// As above: newer engines keep no code, so no flag is set.
test.runIf(keepsCode())("threads that load the runtime at once do not take V8's flag from one another", async () => {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const other = new Worker(
    'const { parentPort, workerData } = require("node:worker_threads"); const { setFlagsFromString } = require("node:v8"); parentPort.postMessage(0); while (Atomics.load(workerData, 0) === 0) { setFlagsFromString("--allow-natives-syntax"); setFlagsFromString("--no-allow-natives-syntax"); }',
    { eval: true, workerData: stop },
  );
  try {
    await once(other, "message");
    // Else a script is read once in each thread.
    setFlagsFromString("--no-compilation-cache");
    for (let i = 0; i < 300; i++) {
      expect(keepsCode()).toBe(true);
    }
  } finally {
    setFlagsFromString("--compilation-cache");
    Atomics.store(stop, 0, 1);
    await once(other, "exit");
  }
});
