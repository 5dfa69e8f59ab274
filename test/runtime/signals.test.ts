import { describe, expect, test } from "vitest";
import { python, type RunOptions } from "./harness.js";

/** Prints "ready", then waits in one of many ways; Control-C must end each. */
const WAITS: Readonly<Record<string, string>> = {
  "time.sleep": "time.sleep(1000)",
  "Lock.acquire": "l = threading.Lock(); l.acquire(); l.acquire()",
  "Lock.acquire with a timeout": "l = threading.Lock(); l.acquire(); l.acquire(timeout=1000)",
  "Thread.join": "t = threading.Thread(target=time.sleep, args=(1000,), daemon=True); t.start(); t.join()",
  "queue.Queue.get": "queue.Queue().get()",
  "queue.SimpleQueue.get": "queue.SimpleQueue().get()",
  "Event.wait": "threading.Event().wait()",
  "Condition.wait": "c = threading.Condition(); c.acquire(); c.wait()",
  "Barrier.wait": "threading.Barrier(2).wait()",
  "input()": "input()",
  "sys.stdin.read": "sys.stdin.read()",
  "os.read of a pipe": "os.read(os.pipe()[0], 1)",
  "select.select": "select.select([os.pipe()[0]], [], [])",
  "socket.accept": "s = socket.create_server(('127.0.0.1', 0)); s.accept()",
  "a loop": "while True: pass",
};

/** Sends `signals` one after the other, each when the program has printed its line. */
function interrupted(...signals: readonly (readonly [line: string, signal: NodeJS.Signals])[]): RunOptions {
  return {
    interact: async (process) => {
      for (const [line, signal] of signals) {
        await process.until(line);
        process.child.kill(signal);
      }
    },
  };
}

describe("Control-C raises KeyboardInterrupt in", () => {
  test.each(Object.entries(WAITS))("%s", async (_, wait) => {
    const code = `
import os, queue, select, socket, sys, threading, time
def wait():
    ${wait.replaceAll("; ", "\n    ")}
try:
    print("ready", flush=True)
    wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    os._exit(5)`;
    expect(await python(code, interrupted(["ready", "SIGINT"]))).toMatchObject({
      status: 5,
      stdout: "ready\ninterrupted\n",
    });
  });
});

test("an uncaught KeyboardInterrupt ends with status 130 and a traceback", async () => {
  const outcome = await python(
    `
    import time
    print("ready", flush=True)
    time.sleep(1000)`,
    interrupted(["ready", "SIGINT"]),
  );
  expect(outcome.status).toBe(130);
  expect(outcome.stderr).toContain("KeyboardInterrupt");
});

test("a signal during a wait does not lose the wait's result", async () => {
  const code = `
    import os, signal, threading, time
    # Not print(): the signal may come while the main thread is inside of it.
    signal.signal(signal.SIGINT, lambda *_: os.write(1, b"handled\\n"))
    done = threading.Event()
    print("ready", flush=True)
    begin = time.monotonic()
    threading.Timer(1.0, done.set).start()
    print(done.wait(60), time.monotonic() - begin < 30)`;
  expect(await python(code, interrupted(["ready", "SIGINT"]))).toMatchObject({
    status: 0,
    stdout: "ready\nhandled\nTrue True\n",
  });
});

test("SIGTERM ends the process with status 143 unless Python handles it", async () => {
  const plain = await python(
    `
    import time
    print("ready", flush=True)
    time.sleep(1000)`,
    interrupted(["ready", "SIGTERM"]),
  );
  expect(plain.status).toBe(143);
  const handled = await python(
    `
    import signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
    print("ready", flush=True)
    time.sleep(1000)`,
    interrupted(["ready", "SIGTERM"]),
  );
  expect(handled.status).toBe(9);
});

test("a second Control-C ends a process that does not look at the first", async () => {
  // One bytecode instruction that works for minutes: Python cannot run a handler.
  const code = `
    import sys
    print("ready", flush=True)
    sum(range(10**12))`;
  const outcome = await python(code, {
    interact: async (process) => {
      await process.until("ready");
      while (process.child.exitCode === null && process.child.signalCode === null) {
        process.child.kill("SIGINT");
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
  });
  expect(outcome.status).toBe(130);
});

test("alarm() and setitimer() deliver SIGALRM", async () => {
  const code = `
    import signal, time
    ticks = []
    signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    while len(ticks) < 3: time.sleep(0.01)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(signal.getitimer(signal.ITIMER_REAL))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(1)
    print(signal.alarm(1), flush=True)
    time.sleep(1000)`;
  expect(await python(code)).toMatchObject({ status: 142, stdout: "(0.0, 0.0)\n1\n" });
});

test("a program can signal itself", async () => {
  const code = `
    import os, signal
    try:
        os.kill(os.getpid(), signal.SIGINT)
        while True: pass
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    print("lost with the buffer, as elsewhere")
    signal.raise_signal(signal.SIGTERM)`;
  expect(await python(code)).toMatchObject({ status: 143, stdout: "interrupted\n" });
});
