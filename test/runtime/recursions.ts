/** Each recurses without end, in Python or in C. */
export const RECURSIONS: Readonly<Record<string, string>> = {
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

/**
 * A Python program that runs them one after the other with Python's own limit, and prints only `alive 45` when all
 * of them end as RecursionError: on the thread that runs it, and with `threads` on one with the usual stack and one
 * with a small one.
 */
export function recursionProgram(recursions: Readonly<Record<string, string>>, limit: number, threads = true): string {
  return `
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
    for name, code in ${JSON.stringify(recursions)}.items():
        try:
            exec(code, {"nested": nested, "tuples": tuples})
            print(name, "did not fail")
        except RecursionError:
            pass
sys.setrecursionlimit(${limit})
attempts()
${
  threads
    ? `thread = threading.Thread(target=attempts)
thread.start()
thread.join()
threading.stack_size(128 * 1024)
thread = threading.Thread(target=attempts)
thread.start()
thread.join()`
    : ""
}
print("alive", sum(range(10)))`;
}
