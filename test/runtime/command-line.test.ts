import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LIBRARY_PARTS, PROGRAM_FILES } from "../../src/abi/runtime-files.js";
import { python, run, withFolder, type Outcome } from "./harness.js";

function oneLine(outcome: Outcome, status: number, ...parts: string[]): void {
  expect(outcome.status).toBe(status);
  expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
  for (const part of parts) {
    expect(outcome.stderr).toContain(part);
  }
}

test("exit statuses are CPython's", async () => {
  expect((await python("import sys; sys.exit(3)")).status).toBe(3);
  expect(await python("import sys; sys.exit('why')")).toMatchObject({ status: 1, stderr: "why\n" });
  expect((await python("1/0")).status).toBe(1);
  expect((await python("import os; os._exit(200)")).status).toBe(200);
  expect((await python("import os; os.abort()")).status).toBe(134);
  expect((await run("weft-python", ["--no-such-option"])).status).toBe(2);
});

test("weft-python takes CPython's command line", async () => {
  await withFolder({ "mod.py": "import sys; print(__name__, sys.argv[1:])" }, async (cwd) => {
    const output = async (...args: string[]): Promise<string> => (await run("weft-python", args, { cwd })).stdout;
    expect(await output("-V")).toMatch(/^Python 3\.13\./);
    expect(await output("-m", "mod", "-x", "1")).toBe("__main__ ['-x', '1']\n");
    expect(await output("mod.py", "a", "-c")).toBe("__main__ ['a', '-c']\n");
    expect(await output("-X", "dev", "-W", "error", "-c", "import sys; print(sys.flags.dev_mode, sys.warnoptions)")).toBe(
      "True ['default', 'error']\n",
    );
    expect(await output("-Xgil=1", "-c", "import sys; print(sys._is_gil_enabled())")).toBe("True\n");
  });
});

test("weft-python passes PYTHON variables", async () => {
  const outcome = await python("import sys; print(sys.flags.optimize)", { env: { PYTHONOPTIMIZE: "2" } });
  expect(outcome.stdout).toBe("2\n");
});

test("JavaScript, and by it the machine, is out of a program's reach without --js, on every thread", async () => {
  const code = `
import threading
def use():
    try:
        import js
        print(js.process.platform)
    except ImportError as e:
        print(e)
use()
t = threading.Thread(target=use)
t.start()
t.join()
`;
  const refused = "this program was not given JavaScript, by which it could use all of the machine: weft run --js gives it\n";
  await withFolder({ "main.py": code }, async (cwd) => {
    expect(await run("weft", ["run", "main.py"], { cwd })).toMatchObject({ status: 0, stdout: refused.repeat(2) });
    expect(await run("weft-python", ["main.py"], { cwd })).toMatchObject({ status: 0, stdout: refused.repeat(2) });
    expect(await run("weft", ["run", "--js", "main.py"], { cwd })).toMatchObject({ status: 0, stdout: `${process.platform}\n`.repeat(2) });
  });
});

test("bad input is one clear line with its own status", async () => {
  await withFolder({ "latin.py": "x = 1" }, async (cwd) => {
    mkdirSync(join(cwd, "folder"));
    writeFileSync(join(cwd, "bytes.py"), Uint8Array.of(0x78, 0x3d, 0x22, 0xff, 0xfe, 0x22, 0x0a));
    oneLine(await run("weft", ["run", "missing.py"], { cwd }), 66, "missing.py");
    oneLine(await run("weft", ["run", "folder"], { cwd }), 66, "folder", "__main__.py");
    oneLine(await run("weft", ["run", "/dev/null"], { cwd }), 66, "/dev/null", "neither a file nor a folder");
    oneLine(await run("weft", ["run"], { cwd }), 64, "SCRIPT");
    oneLine(await run("weft", ["run", "--no-such", "latin.py"], { cwd }), 64, "--no-such");
    oneLine(await run("weft", ["frobnicate"], { cwd }), 64, "frobnicate");
    oneLine(await run("weft", ["run", "--mount", "nowhere", "latin.py"], { cwd }), 64, "HOST:GUEST");
    oneLine(await run("weft", ["run", "--mount", "/no/such:/x", "latin.py"], { cwd }), 73, "/no/such");
    oneLine(await run("weft", ["run", "--threads", "many", "latin.py"], { cwd }), 64, "many");
    oneLine(await run("weft", ["run", "--memory", "64", "latin.py"], { cwd }), 64, "from 128 to 4096, not 64");
    // Node 20 takes --env-file out of the arguments of programs, too: then the line is its own.
    const file = await run("weft", ["run", "--env-file", "none", "latin.py"], { cwd });
    oneLine(file, file.stderr.startsWith("weft:") ? 66 : 9, "none");
    // As CPython reports it.
    const bytes = await run("weft", ["run", "bytes.py"], { cwd });
    expect(bytes.status).toBe(1);
    expect(bytes.stderr).toContain("SyntaxError: Non-UTF-8 code");
  });
});

test("missing or damaged runtime files say how to get them", async () => {
  await withFolder({ "ok.py": "print('ok')" }, async (cwd) => {
    const env = { WEFT_RUNTIME: join(cwd, "nothing") };
    oneLine(await run("weft", ["run", "ok.py"], { cwd, env }), 69, "weft build");
    const broken = join(cwd, "broken");
    mkdirSync(broken);
    const files: Record<string, { size: number }> = {};
    for (const name of [...PROGRAM_FILES, ...LIBRARY_PARTS]) {
      writeFileSync(join(broken, name), "x");
      files[name] = { size: 1 };
    }
    writeFileSync(join(broken, "manifest.json"), JSON.stringify({ files }));
    oneLine(await run("weft", ["run", "ok.py"], { cwd, env: { WEFT_RUNTIME: broken } }), 69, "damaged");
    writeFileSync(join(broken, "weft.wasm"), "xx");
    oneLine(await run("weft", ["run", "ok.py"], { cwd, env: { WEFT_RUNTIME: broken } }), 69, "2 bytes");
  });
});
