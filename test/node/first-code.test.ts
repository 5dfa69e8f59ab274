import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const WEFT = fileURLToPath(new URL("../../dist/bin/weft.js", import.meta.url));
const DEADLINE = 120_000;

const PROGRAM = `
import queue, threading, time
# Threads that wait for another routine, until they have waited long enough.
for rest in (0.25, 0, 0):
    threads = [threading.Thread(target=int) for _ in range(8)]
    for thread in threads: thread.start()
    time.sleep(rest)
    for thread in threads: thread.join()
lock = threading.Lock()
lock.acquire()
began = time.monotonic()
assert not lock.acquire(timeout=0.3)
assert time.monotonic() - began > 0.29
thread = threading.Thread(target=lambda: (time.sleep(0.2), lock.release()))
thread.start()
assert lock.acquire(timeout=30)
thread.join()
items, taken = queue.Queue(2), []
def put():
    for item in range(300): items.put(item, timeout=30)
def take():
    for _ in range(300): taken.append(items.get(timeout=30))
barrier = threading.Barrier(4)
def meet():
    for _ in range(50): barrier.wait(30)
    taken.append(-1)
threads = [threading.Thread(target=target) for target in (put, take, put, take, meet, meet, meet, meet)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert sorted(taken) == [-1] * 4 + sorted([*range(300)] * 2)
print("all waits ended")
`;

// An engine uses its first code for what has not run often. Here one of the two is all there is.
test.each([["first", "--liftoff-only"], ["best", "--no-liftoff"]])("threads wait and wake in V8's %s code", async (_, option) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-first-code-"));
  try {
    const file = join(folder, "program.py");
    writeFileSync(file, PROGRAM);
    const { stdout } = await promisify(execFile)(process.execPath, [option, WEFT, "run", file], { timeout: DEADLINE - 10_000, killSignal: "SIGKILL" });
    expect(stdout).toBe("all waits ended\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, DEADLINE);
