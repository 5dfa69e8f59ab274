import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTS } from "../../scripts/portable.mjs";
import { RECURSIONS, recursionProgram } from "../runtime/recursions.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DENO = HOSTS.deno[0]!;
const DEADLINE = 60_000;
let folder: string;

beforeAll(() => {
  // As an application has it: the package in node_modules, its program in TypeScript.
  folder = realpathSync(mkdtempSync(join(tmpdir(), "weft-deno-")));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/weft-python"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { "weft-python": "*" } }));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with these permissions; `input` is its standard input. */
function deno(permissions: readonly string[], program: string, files: Readonly<Record<string, string>> = {}, input = ""): Promise<End> {
  for (const [name, text] of Object.entries({ ...files, "main.ts": program })) {
    writeFileSync(join(folder, name), text);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(DENO, ["run", "--no-prompt", ...permissions, "main.ts"], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
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
    child.stdin.end(input);
  });
}

/** All that Weft itself needs: its files. */
const READ_PACKAGE = `--allow-read=${join(ROOT, "dist")}`;

test("needs no permission but to read its own files; threads, output and the end work", { timeout: DEADLINE + 5000 }, async () => {
  const end = await deno([READ_PACKAGE], `
    import { loadWeft, PyErr } from "weft-python";
    const weft = await loadWeft();
    await weft.run(\`
import sys, threading
def hello(n):
    sys.stdout.write(f"thread {n}\\\\n")
for n in range(3):
    t = threading.Thread(target=hello, args=(n,)); t.start(); t.join()
print("to stderr", file=sys.stderr)
\`);
    console.log(weft.attach((py) => py.eval("sum(range(10))").toJs()));
    console.log(await weft.run("1/0").catch((error) => error instanceof PyErr && error.message));
    // Nothing else to do: an idle interpreter does not keep the process.
  `);
  expect(end).toEqual({ status: 0, stdout: "thread 0\nthread 1\nthread 2\n45\nZeroDivisionError: division by zero\n", stderr: "to stderr\n" });
});

test("spawned functions are modules that the program may read", { timeout: DEADLINE + 5000 }, async () => {
  const program = `
    import { loadWeft } from "weft-python";
    const weft = await loadWeft();
    const list = weft.attach((py) => py.list().unbind());
    const clones = [1, 2, 3].map(() => weft.attach((py) => list.cloneRef(py)));
    const ends = clones.map((clone, i) => weft.spawn(new URL("thread.ts", import.meta.url), "append", clone, i).join().then(String, (error) => error.message.split(/[,:]/)[0]));
    console.log((await Promise.all(ends)).join("; "));
    console.log(weft.attach((py) => list.intoBound(py).length()));
    await weft.terminate();
  `;
  const thread = `
    import type { Py, PyAny, Weft } from "weft-python";
    export function append(weft: Weft, list: Py<PyAny>, value: number): string {
      return weft.attach((py) => {
        list.intoBound(py).callMethod("append", value);
        return "appended " + value;
      });
    }
  `;
  const allowed = await deno([READ_PACKAGE, `--allow-read=${folder}`], program, { "thread.ts": thread });
  expect(allowed).toEqual({ status: 0, stdout: "appended 0; appended 1; appended 2\n3\n", stderr: "" });
});

test("a worker that is slower than the host's realm loses none of its messages", { timeout: DEADLINE + 5000 }, async () => {
  // A runtime whose glue begins in workers only when the first message for it has come.
  const built = join(ROOT, "dist/runtime/release");
  const runtime = join(folder, "late");
  mkdirSync(runtime);
  for (const name of readdirSync(built)) {
    symlinkSync(join(built, name), join(runtime, name));
  }
  const glue = `
    import { isMainThread } from "node:worker_threads";
    import begin from ${JSON.stringify(pathToFileURL(join(built, "weft.mjs")).href)};
    const load = isMainThread ? undefined : new Promise((resolve) => globalThis.addEventListener("message", ({ data }) => data.cmd === "load" && resolve()));
    export default async (...values) => {
      await load;
      return begin(...values);
    };
  `;
  const manifest = JSON.parse(readFileSync(join(built, "manifest.json"), "utf8")) as { files: Record<string, { size: number }> };
  manifest.files["weft.mjs"]!.size = glue.length;
  for (const [name, text] of [["weft.mjs", glue], ["manifest.json", JSON.stringify(manifest)]] as const) {
    unlinkSync(join(runtime, name));
    writeFileSync(join(runtime, name), text);
  }
  const end = await deno(["--allow-all"], `
    import { loadWeft } from "weft-python";
    const weft = await loadWeft({ runtime: ${JSON.stringify(runtime)}, signal: AbortSignal.timeout(${DEADLINE / 2}) });
    console.log(await weft.eval("6 * 7"));
    await weft.terminate();
  `);
  expect(end).toEqual({ status: 0, stdout: "42\n", stderr: "" });
});

const USE_OF_FILES = `
import os
def refused(call, *values):
    try:
        call(*values)
        print("was not refused")
    except OSError as error:
        print(type(error).__name__)
os.chdir("/data")
print(open("in.txt").read())
try:
    with open("out.txt", "w") as f: f.write("written")
except PermissionError as error:
    print("PermissionError")
else:
    print(open("out.txt").read(), oct(os.stat("out.txt").st_mode))
    os.mkdir("sub")
    refused(os.mkdir, "sub")
    refused(os.unlink, "sub")
    os.rename("out.txt", "sub/new.txt")
    os.utime("in.txt", (1.5, 3.5))
    print(sorted(os.listdir()), os.stat("in.txt").st_mtime)
    try:
        os.symlink("in.txt", "link")
    except PermissionError:
        print("no link")
    else:
        print(os.readlink("link"), open("link").read())
        os.unlink("link")
    with open("in.txt", "r+") as f:
        f.truncate(9)
        f.seek(5)
        print(f.read())
        f.truncate(13)
    os.unlink("sub/new.txt"); os.rmdir("sub")
    print(os.listdir())
`;

test("a mounted folder needs the permission to read and write it, and refuses as a file system does", { timeout: 3 * DEADLINE }, async () => {
  const data = join(folder, "data");
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, "in.txt"), "from the host");
  const program = `
    import { loadWeft } from "weft-python";
    const weft = await loadWeft({ mounts: [{ host: ${JSON.stringify(data)}, guest: "/data", readOnly: false }] });
    await weft.run(${JSON.stringify(USE_OF_FILES)});
    await weft.terminate();
  `;
  const output = (link: string): string =>
    `from the host\nwritten 0o100644\nFileExistsError\nIsADirectoryError\n['in.txt', 'sub'] 3.5\n${link}\nthe \n['in.txt']\n`;
  expect(await deno([READ_PACKAGE, `--allow-read=${data}`, `--allow-write=${data}`], program)).toEqual({ status: 0, stdout: output("no link"), stderr: "" });
  writeFileSync(join(data, "in.txt"), "from the host");
  // Deno makes links only for programs that may read and write everything.
  expect(await deno(["--allow-read", "--allow-write"], program)).toEqual({ status: 0, stdout: output("in.txt from the host"), stderr: "" });
  writeFileSync(join(data, "in.txt"), "from the host");
  expect(await deno([READ_PACKAGE, `--allow-read=${data}`], program)).toEqual({ status: 0, stdout: "from the host\nPermissionError\n", stderr: "" });
});

test("standard input reaches Python", { timeout: DEADLINE + 5000 }, async () => {
  const end = await deno([READ_PACKAGE], `
    import { loadWeft } from "weft-python";
    const weft = await loadWeft();
    await weft.run("import sys; print(input().upper(), sys.stdin.read().split())");
    await weft.terminate();
  `, {}, "first line\nsecond\nthird\n");
  expect(end).toEqual({ status: 0, stdout: "FIRST LINE ['second', 'third']\n", stderr: "" });
});

test("terminate() ends threads that never end, and a new interpreter works", { timeout: DEADLINE + 5000 }, async () => {
  const end = await deno([READ_PACKAGE], `
    import { loadWeft } from "weft-python";
    for (let round = 0; round < 2; round++) {
      const weft = await loadWeft();
      const endless = weft.run("while True: pass").catch((error) => error.message);
      await weft.terminate();
      console.log(await endless);
    }
  `);
  expect(end).toEqual({ status: 0, stdout: "Python was terminated\nPython was terminated\n", stderr: "" });
});

test("deep recursion is a RecursionError on every thread", { timeout: 2 * DEADLINE }, async () => {
  const end = await deno([READ_PACKAGE], `
    import { loadWeft } from "weft-python";
    const weft = await loadWeft();
    const code = ${JSON.stringify(recursionProgram(RECURSIONS, 1_000_000))};
    await weft.run(code);
    // And in the realm that loaded it.
    weft.attach((py) => py.run(${JSON.stringify(recursionProgram(RECURSIONS, 1_000_000, false))}));
    await weft.terminate();
  `);
  expect(end).toEqual({ status: 0, stdout: "alive 45\nalive 45\n", stderr: "" });
});

test("a worker that starts slowly gets the messages of before it listened", { timeout: DEADLINE + 5000 }, async () => {
  // In the place of the runtime's glue, and like that it awaits something before it listens, and says when it does. It is loaded
  // when a message has arrived that nobody listened to. It asks for the messages itself, so none can arrive before it waits for one.
  const glue = `
    import { parentPort } from "node:worker_threads";
    const arrived = new Promise((resolve) => globalThis.addEventListener("message", resolve, { once: true }));
    parentPort.postMessage("loading");
    await arrived;
    export default async () => {
      await import("node:module");
      parentPort.on("message", (text) => parentPort.postMessage("heard " + text));
      globalThis.weftPython.listen();
    };
  `;
  const end = await deno(["--allow-read"], `
    import { Worker } from "node:worker_threads";
    const script = new URL(${JSON.stringify(pathToFileURL(join(ROOT, "dist/realm-worker.js")).href)});
    for (const javascript of ["true", "false"]) {
      const worker = new Worker(script, { argv: [new URL("glue.mjs", import.meta.url).href, "2", javascript] });
      const answers = new Promise((resolve, reject) => {
        const heard = [];
        worker.on("error", reject).on("message", (text) => {
          if (text === "loading") {
            worker.postMessage("the first");
            worker.postMessage("the second");
          } else if (heard.push(text) === 2) {
            resolve(heard);
          }
        });
      });
      console.log((await answers).join());
      await worker.terminate();
    }
  `, { "glue.mjs": glue });
  expect(end).toEqual({ status: 0, stdout: "heard the first,heard the second\n".repeat(2), stderr: "" });
});
