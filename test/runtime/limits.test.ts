import { expect, test } from "vitest";
import { python } from "./harness.js";

/** Each recurses without end, in Python or in C. */
const RECURSIONS: Readonly<Record<string, string>> = {
  "a function": "def f(): return f()\nf()",
  "__getattr__": "class A:\n    def __getattr__(self, name): return self.other\nA().x",
  "__repr__": "class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
  "__eq__": "class A:\n    def __eq__(self, other): return other == self\nA() == A()",
  "sorted with a key": "def f(x): return sorted([1], key=f)\nf(0)",
  "list(map())": "def f(x): return list(map(f, [1]))\nf(0)",
  "generators": "def g(): yield from g()\nlist(g())",
  "repr of lists": "repr(nested(100_000))",
  "comparing lists": "nested(100_000) == nested(100_000)",
  "hash of tuples": "hash(tuples(300_000))",
  "isinstance with tuples": "isinstance(1, tuples(100_000))",
  "json.dumps": "import json; json.dumps(nested(100_000))",
  "json.loads": "import json; json.loads('[' * 100_000)",
  "pickle.dumps": "import pickle; pickle.dumps(nested(100_000))",
  "compiling sums": "compile('+1' * 100_000, '', 'eval')",
  "compiling attributes": "compile('a' + '.b' * 100_000, '', 'eval')",
  "ast.literal_eval": "import ast; ast.literal_eval('+1' * 50_000)",
};

test.each([1000, 1_000_000])("deep recursion is a RecursionError on every thread (limit %i)", async (limit) => {
  const code = `
import sys, threading
def nested(n):
    value = []
    for _ in range(n): value = [value]
    return value
def tuples(n):
    value = ()
    for _ in range(n): value = (value,)
    return value
def attempts():
    for name, code in ${JSON.stringify(RECURSIONS)}.items():
        try:
            exec(code, {"nested": nested, "tuples": tuples})
            print(name, "did not fail")
        except RecursionError:
            pass
sys.setrecursionlimit(${limit})
attempts()
thread = threading.Thread(target=attempts)
thread.start()
thread.join()
threading.stack_size(128 * 1024)
thread = threading.Thread(target=attempts)
thread.start()
thread.join()
print("alive", sum(range(10)))`;
  expect(await python(code, { deadline: 170_000 })).toMatchObject({ status: 0, stdout: "alive 45\n", stderr: "" });
}, 180_000);

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
    print("alive", len([object() for _ in range(100_000)]))`;
  expect(await python(code, { deadline: 110_000 })).toMatchObject({
    status: 0,
    stdout: "MemoryError\n".repeat(4) + "alive 100000\n",
  });
}, 120_000);

test("the memory grows while other threads start and copy", async () => {
  // Past what the memory starts with, one megabyte after the other.
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
    while len(blocks) < 1400: blocks.append(bytearray(1 << 20))
    done.set()
    for t in threads: t.join()
    print(counts["started"] > 0, counts["copied"] > 0)`;
  expect(await python(code, { deadline: 110_000 })).toMatchObject({ status: 0, stdout: "True True\n", stderr: "" });
}, 120_000);
