import { expect, test } from "vitest";
import { python, run } from "./harness.js";

test("print reaches standard output", async () => {
  expect(await python(`print("hi")`)).toMatchObject({ status: 0, stdout: "hi\n", stderr: "" });
});

test("output is binary-safe and complete when the process exits at once", async () => {
  const { status, stdout } = await python(`
    import os, sys
    sys.stdout.buffer.write(bytes(range(128)) * 8192)
    sys.stdout.flush()
    os._exit(3)`);
  expect(status).toBe(3);
  expect(stdout).toBe(String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i)).repeat(8192));
});

test("input() reads lines from a pipe and ends with EOFError", async () => {
  const code = `
    print(input("name? "))
    print(input())
    try:
        input()
    except EOFError:
        print("end")`;
  expect(await python(code, { input: "Ada\nBob\n" })).toMatchObject({ stdout: "name? Ada\nBob\nend\n" });
});

test("standard input is binary-safe", async () => {
  const input = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  const code = `
    import sys
    data = sys.stdin.buffer.read()
    print(len(data), data == bytes(i % 251 for i in range(300_000)))`;
  expect(await python(code, { input })).toMatchObject({ stdout: "300000 True\n" });
});

test("a program is read from standard input", async () => {
  expect(await run("weft-python", ["-"], { input: "import sys; print(sys.argv)" })).toMatchObject({
    stdout: "['-']\n",
  });
});

test("one write is not torn by the writes of other threads, and a thread's writes keep their order", async () => {
  const code = `
    import os, threading
    def work(n):
        for i in range(200):
            os.write(1, f"<{n}:{i}:{'x' * 80}>\\n".encode())
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()`;
  const { stdout, status } = await python(code);
  expect(status).toBe(0);
  const seen = new Map<string, number>();
  for (const line of stdout.split("\n").filter((l) => l !== "")) {
    const match = /^<(\d):(\d+):x{80}>$/.exec(line);
    expect(match, line).not.toBeNull();
    const next = seen.get(match![1]!) ?? 0;
    expect(Number(match![2])).toBe(next);
    seen.set(match![1]!, next + 1);
  }
  expect([...seen.values()]).toEqual([200, 200, 200, 200]);
});

test("a closed pipe is a BrokenPipeError", async () => {
  const outcome = await python(
    `
    import sys
    try:
        while True:
            sys.stdout.write("x" * 10000)
            sys.stdout.flush()
    except BrokenPipeError:
        sys.stderr.write("broken")
        sys.stderr.flush()
        import os
        os._exit(7)`,
    {
      interact: async ({ child }) => {
        await new Promise((resolve) => child.stdout!.once("data", resolve));
        child.stdout!.destroy();
      },
    },
  );
  expect(outcome).toMatchObject({ status: 7, stderr: "broken" });
});

test("standard streams that are no terminals say so", async () => {
  expect(await python(`import sys; print(sys.stdin.isatty(), sys.stdout.isatty())`)).toMatchObject({
    stdout: "False False\n",
  });
});
