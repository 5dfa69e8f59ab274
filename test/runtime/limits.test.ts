import { expect, test } from "vitest";
import { dedent, python, run, type Outcome } from "./harness.js";
import { RECURSIONS, recursionProgram } from "./recursions.js";

test.each([1000, 1_000_000])("deep recursion is a RecursionError on every thread (limit %i)", async (limit) => {
  const code = recursionProgram(RECURSIONS, limit);
  expect(await python(code, { deadline: 170_000 })).toMatchObject({ status: 0, stdout: "alive 45\n", stderr: "" });
}, 180_000);

/** Runs code with a memory that is soon full: filling all that there can be takes as many times longer. */
const withMemory = (mib: number, code: string): Promise<Outcome> => run("weft", ["run", "--memory", String(mib), "-"], { input: dedent(code), deadline: 110_000 });

test("running out of memory is a MemoryError, and the program goes on", async () => {
  const code = `
    import threading
    def attempt(grow):
        try:
            grow()
        except MemoryError:
            print("MemoryError")
    def many():
        blocks = []
        while True: blocks.append(bytearray(32 << 20))
    attempt(lambda: bytearray(2**31 - 1))
    attempt(lambda: [0] * 2**29)
    attempt(many)
    thread = threading.Thread(target=attempt, args=(many,))
    thread.start()
    thread.join()
    # Until there is none for a thread, which has a stack and objects of its own.
    kept = []
    for size in (32 << 20, 8 << 20, 1 << 20):
        try:
            while True: kept.append(bytearray(size))
        except MemoryError:
            pass
    try:
        for _ in range(9):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()
    except RuntimeError as error:
        print(error)
    del kept
    thread = threading.Thread(target=print, args=["a thread"])
    thread.start()
    thread.join()
    print("alive", len([object() for _ in range(100_000)]))`;
  expect(await withMemory(512, code)).toMatchObject({
    status: 0,
    stdout: "MemoryError\n".repeat(4) + "can't start new thread\na thread\nalive 100000\n",
  });
}, 120_000);

test("the memory of large blocks is used again", async () => {
  // More than the memory can ever hold, on two threads at once, with what stays in between.
  const code = `
    import threading
    kept = []
    def work():
        for i in range(30):
            block = bytearray(12 << 20)
            block[-1] = i
            kept.append(bytearray(i << 10))
            assert block[-1] == i
    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads: t.start()
    for t in threads: t.join()
    grown = bytearray()
    for size in range(1 << 20, 37 << 20, 2 << 20): grown = bytearray(size)
    print("alive", len(kept))`;
  expect(await withMemory(512, code)).toMatchObject({ status: 0, stdout: "alive 60\n", stderr: "" });
}, 120_000);

test("the memory grows while other threads start and copy", async () => {
  // Past what the memory starts with, 256 MiB of this limit, one megabyte after the other.
  const code = `
    import threading
    blocks, done, counts = [], threading.Event(), {}
    def start():
        count = 0
        while not done.is_set():
            threads = [threading.Thread(target=int) for _ in range(3)]
            for t in threads: t.start()
            for t in threads: t.join()
            count += 3
        counts["started"] = count
    def copy():
        count = 0
        while not done.is_set():
            if blocks:
                count += bytes(blocks[-1][-70_000:]) == bytes(70_000)
        counts["copied"] = count
    threads = [threading.Thread(target=start), threading.Thread(target=copy)]
    for t in threads: t.start()
    while len(blocks) < 640: blocks.append(bytearray(1 << 20))
    done.set()
    for t in threads: t.join()
    print(counts["started"] > 0, counts["copied"] > 0)`;
  expect(await withMemory(1024, code)).toMatchObject({ status: 0, stdout: "True True\n", stderr: "" });
}, 120_000);

test("without a limit addresses have 32 bits, on stacks and in what Python allocates", async () => {
  // The stacks of these threads, of which little is used, reach above the 31st; so does what comes after them.
  const code = `
    import ctypes, os, threading
    threading.stack_size(900 << 20)
    gate = threading.Barrier(4)
    def work(name):
        gate.wait()
        os.write(1, b"a thread\\n")
        with open(name, "w") as file: file.write("x" * 100_000)
        with open(name) as file: assert len(file.read()) == 100_000
        gate.wait()
    threads = [threading.Thread(target=work, args=(f"/tmp/{i}",)) for i in range(3)]
    for t in threads: t.start()
    block = bytearray(64 << 20)
    assert ctypes.addressof(ctypes.c_char.from_buffer(block)) > 1 << 31
    gate.wait()
    gate.wait()
    for t in threads: t.join()
    block[-3:] = b"end"
    os.write(1, memoryview(block)[-3:])`;
  expect(await python(code, { deadline: 110_000 })).toMatchObject({ status: 0, stdout: `${"a thread\n".repeat(3)}end`, stderr: "" });
}, 120_000);
