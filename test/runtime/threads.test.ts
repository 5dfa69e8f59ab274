import { expect, test } from "vitest";
import { python, run, withFolder } from "./harness.js";

test("threads run without a GIL and share objects", async () => {
  const code = `
    import sys, threading
    lock, total = threading.Lock(), 0
    def work():
        global total
        for _ in range(2000):
            with lock:
                total += 1
    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    print(sys._is_gil_enabled(), total)`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "False 16000\n" });
});

test("threads started and joined in a tight loop", async () => {
  const code = `
    import threading
    seen = []
    for i in range(500):
        t = threading.Thread(target=seen.append, args=(i,))
        t.start()
        t.join()
    print(seen == list(range(500)))`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "True\n" });
});

test("at the maximum a thread cannot start, and later ones can", async () => {
  const script = `
import threading
event, threads = threading.Event(), []
try:
    while True:
        t = threading.Thread(target=event.wait)
        t.start()
        threads.append(t)
except RuntimeError as error:
    print(len(threads), error)
event.set()
for t in threads: t.join()
again = [threading.Thread(target=int) for _ in range(5)]
for t in again: t.start()
for t in again: t.join()
print("again")`;
  await withFolder({ "limit.py": script }, async (folder) => {
    expect(await run("weft", ["run", "--threads", "12", "limit.py"], { cwd: folder })).toMatchObject({
      status: 0,
      stdout: "11 can't start new thread\nagain\n",
    });
  });
});

test.each([
  ["blocked on a lock", "lock.acquire()"],
  ["sleeping", "time.sleep(1000)"],
  ["spinning", "while True: pass"],
  ["reading standard input", "sys.stdin.read()"],
  ["reading a pipe", "os.read(os.pipe()[0], 1)"],
])("daemon threads that are %s do not keep the program", async (_, body) => {
  const code = `
import os, sys, threading, time
lock = threading.Lock()
lock.acquire()
running = threading.Barrier(5)
def work():
    running.wait()
    ${body}
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
running.wait()
print("end")`;
  // Standard input stays open.
  expect(await python(code, { interact: async () => undefined })).toMatchObject({ status: 0, stdout: "end\n" });
});

test("the program waits for threads that are no daemons", async () => {
  const code = `
    import threading, time
    def work():
        time.sleep(0.3)
        print("worker")
    threading.Thread(target=work).start()
    print("main", flush=True)`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "main\nworker\n" });
});

test("an exception in a thread goes to threading.excepthook", async () => {
  const code = `
    import threading
    threading.excepthook = lambda args: print(args.exc_type.__name__, args.exc_value)
    t = threading.Thread(target=lambda: 1 / 0)
    t.start()
    t.join()`;
  expect(await python(code)).toMatchObject({ stdout: "ZeroDivisionError division by zero\n" });
});

test("thread-locals, stack sizes and switch intervals", async () => {
  const code = `
    import sys, threading
    local = threading.local()
    local.x = "main"
    seen = []
    def work():
        seen.append(hasattr(local, "x"))
        local.x = "thread"
    threading.stack_size(256 * 1024)
    sys.setswitchinterval(0.001)
    t = threading.Thread(target=work)
    t.start()
    t.join()
    try:
        threading.stack_size(1)
    except ValueError:
        seen.append("too small")
    print(seen, local.x, threading.stack_size(), sys.getswitchinterval())`;
  expect(await python(code)).toMatchObject({ stdout: "[False, 'too small'] main 262144 0.001\n" });
});

test("a thousand queue items between four threads", async () => {
  const code = `
    import queue, threading
    work, results = queue.Queue(10), queue.SimpleQueue()
    def worker():
        while (item := work.get()) is not None:
            results.put(item * 2)
    threads = [threading.Thread(target=worker) for _ in range(4)]
    for t in threads: t.start()
    for i in range(1000): work.put(i)
    for _ in threads: work.put(None)
    for t in threads: t.join()
    print(sorted(results.get() for _ in range(1000)) == [2 * i for i in range(1000)], results.empty())`;
  expect(await python(code)).toMatchObject({ stdout: "True True\n" });
});

test("a C function that ctypes makes of a Python one can be called on every thread", async () => {
  const code = `
    import ctypes, threading
    Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    callbacks = [Callback(lambda x, n=n: x * 100 + n) for n in range(20)]
    barrier, results, passed_on = threading.Barrier(4), [], {}
    def work(me):
        own = [Callback(lambda x, n=n: x * 1000 + me * 10 + n) for n in range(5)]
        passed_on[me] = own
        barrier.wait()
        results.extend(cb(7) == 700 + n for n, cb in enumerate(callbacks))
        results.extend(cb(7) == 7000 + who * 10 + n for who in range(4) for n, cb in enumerate(passed_on[who]))
        barrier.wait()
        passed_on[me] = own = None
        # At the places of those that are gone.
        again = [Callback(lambda x, n=n: x + n + me) for n in range(5)]
        passed_on[me] = again
        barrier.wait()
        results.extend(cb(7) == 7 + n + who for who in range(4) for n, cb in enumerate(passed_on[who]))
    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    print(len(results), all(results))`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "240 True\n", stderr: "" });
});
