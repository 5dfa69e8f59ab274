import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { damagedRuntime, run, withFolder } from "./harness.js";

test("a script sees its folder and the current folder, and nothing else of the host", async () => {
  await withFolder(
    {
      "main.py": `
        import os
        import helper
        print(helper.VALUE, open("data.txt").read(), os.path.exists("/etc/hostname"), os.path.exists("/usr/bin/env"))`,
      "helper.py": "VALUE = 42",
      "data.txt": "data",
    },
    async (folder) => {
      expect(await run("weft", ["run", "main.py"], { cwd: folder })).toMatchObject({
        status: 0,
        stdout: "42 data False False\n",
      });
      expect((await run("weft", ["run", join(folder, "main.py")], { cwd: "/" })).stderr).toContain("FileNotFoundError");
    },
  );
});

test("--mount shows a folder at a guest path, read-only on request", async () => {
  await withFolder({ "in.txt": "hello" }, async (data) => {
    await withFolder(
      {
        "main.py": `
          from pathlib import Path
          print(Path("/data/in.txt").read_text())
          try:
              Path("/data/out.txt").write_text("x")
          except OSError as error:
              print(error.strerror)`,
      },
      async (folder) => {
        expect(await run("weft", ["run", "--mount", `${data}:/data:ro`, "main.py"], { cwd: folder })).toMatchObject({
          status: 0,
          stdout: "hello\nRead-only file system\n",
        });
        expect(existsSync(join(data, "out.txt"))).toBe(false);
        expect(await run("weft", ["run", "--mount", `${data}:/data`, "main.py"], { cwd: folder })).toMatchObject({
          status: 0,
          stdout: "hello\n",
        });
        expect(readFileSync(join(data, "out.txt"), "utf8")).toBe("x");
      },
    );
  });
});

test("a link on a mounted folder does not lead out of it", async () => {
  await withFolder({ "secret.txt": "secret" }, async (outside) => {
    await withFolder({}, async (folder) => {
      const code = `
import os
os.symlink(${JSON.stringify(join(outside, "secret.txt"))}, "link")
try:
    print(open("link").read())
except FileNotFoundError:
    print("not found")`;
      expect(await run("weft-python", ["-c", code], { cwd: folder })).toMatchObject({ stdout: "not found\n" });
    });
  });
});

test("eight threads work on one mounted folder", async () => {
  await withFolder({}, async (folder) => {
    const code = `
import os, threading
def work(n):
    for i in range(40):
        name = f"{n}-{i}.txt"
        with open(name, "w") as file: file.write(name * 100)
        os.rename(name, name + ".done")
        with open(name + ".done") as file: assert file.read() == name * 100
        if i % 2: os.unlink(name + ".done")
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(len(os.listdir(".")))`;
    expect(await run("weft-python", ["-c", code], { cwd: folder })).toMatchObject({ status: 0, stdout: "160\n" });
  });
});

test("environment variables are passed only when asked for", async () => {
  const env = { WEFT_TEST_A: "a", WEFT_TEST_B: "b" };
  await withFolder(
    {
      "main.py": `
        import os
        print([os.environ.get("WEFT_TEST_" + name) for name in "ABCD"])`,
      ".env": "WEFT_TEST_D=d\n",
    },
    async (cwd) => {
      const output = async (...options: string[]): Promise<string> =>
        (await run("weft", ["run", ...options, "main.py"], { cwd, env })).stdout;
      expect(await output()).toBe("[None, None, None, None]\n");
      expect(await output("--env", "WEFT_TEST_A", "--env", "WEFT_TEST_C=c")).toBe("['a', None, 'c', None]\n");
      expect(await output("--env-all")).toBe("['a', 'b', None, None]\n");
      expect(await output("--env-file", ".env")).toBe("[None, None, None, 'd']\n");
    },
  );
});

test("host time stamps and sizes are the guest's", async () => {
  await withFolder({}, async (folder) => {
    writeFileSync(join(folder, "file.bin"), new Uint8Array(12345));
    const code = `
import os, time
stat = os.stat("file.bin")
print(stat.st_size, abs(time.time() - stat.st_mtime) < 60)`;
    expect(await run("weft-python", ["-c", code], { cwd: folder })).toMatchObject({ stdout: "12345 True\n" });
  });
});

test("a program that imports nothing has nothing of the library decompressed", async () => {
  await withFolder(
    {
      "main.py": `
        import sys
        loaded = [m.__spec__.cached for m in list(sys.modules.values()) if type(getattr(m.__spec__, "loader", None)).__name__ == "SourceFileLoader"]
        import zipfile
        home = next(folder for folder in sys.path if folder.endswith("python3.13t")) + "/"
        archive = zipfile.ZipFile("/runtime/python313.zip")
        kinds = {name: archive.getinfo(name.removeprefix(home)).compress_type for name in loaded}
        print(len(kinds) > 0, [name for name, kind in kinds.items() if kind != zipfile.ZIP_STORED])`,
    },
    async (folder) => {
      const runtime = fileURLToPath(new URL("../../dist/runtime/release", import.meta.url));
      // What is imported here and not in STARTS_WITH of cpython-build/stdlib.py belongs there.
      expect(await run("weft", ["run", "--mount", `${runtime}:/runtime:ro`, "main.py"], { cwd: folder })).toMatchObject({
        stdout: "True []\n",
        stderr: "",
      });
    },
  );
});

test("the library's parts are read when a program needs them, and are refused when they are not those of the build", async () => {
  await withFolder(
    {
      "core.py": "import threading, json, asyncio, dataclasses, re, typing, random, concurrent.futures, logging, unittest; print('started')",
      "more.py": "print('started')\nimport sqlite3",
      "raised.py": "import json\njson.loads('{')",
    },
    async (folder) => {
      const runtime = damagedRuntime(folder, "python313-modules.zip");
      const env = { WEFT_RUNTIME: runtime };
      expect(await run("weft", ["run", "core.py"], { cwd: folder, env })).toMatchObject({ stdout: "started\n", stderr: "", status: 0 });
      // The bytecode is refused; the sources, in the other part, do.
      expect(await run("weft", ["run", "more.py"], { cwd: folder, env })).toMatchObject({
        stdout: "started\n",
        stderr: expect.stringContaining("weft: python313-modules.zip is not the file that the runtime was built with"),
        status: 0,
      });
      writeFileSync(join(runtime, "python313-sources.zip"), Buffer.alloc(readFileSync(join(runtime, "python313-sources.zip")).length));
      expect(await run("weft", ["run", "more.py"], { cwd: folder, env })).toMatchObject({ stdout: "started\n", stderr: expect.stringContaining("OSError: [Errno"), status: 1 });
      // A traceback goes without the lines.
      expect(await run("weft", ["run", "raised.py"], { cwd: folder, env })).toMatchObject({ stderr: expect.stringMatching(/json\/decoder\.py", line \d+, in decode\n[^]*JSONDecodeError/), status: 1 });
    },
  );
});
