"""gh-118527: some constants were counted by all threads that run their code: of compile(), and strings.

Without the patch all of it failed in 5 of 5 runs.
"""

import faulthandler
import importlib
import os
import sys
import tempfile
import threading
import unittest

faulthandler.dump_traceback_later(60, exit=True)

SOURCE = """
def work(value):
    return value * 1.2345 + 987654321, (value, 23456), "a text, in words"
"""
IMMORTAL = sys.getrefcount(None)


def constants(code):
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from constants(constant)
        else:
            yield constant


class Constants(unittest.TestCase):
    def check(self, code):
        found = list(constants(code))
        self.assertIn(987654321, found)
        self.assertEqual([constant for constant in found if sys.getrefcount(constant) != IMMORTAL], [])

    def test_text_of_a_script(self):
        namespace = {}
        exec(SOURCE, namespace)
        self.check(namespace["work"].__code__)

    def test_compiled(self):
        self.check(compile(SOURCE, "compiled.py", "exec"))

    def test_imported_from_source(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "imported_from_source.py"), "w") as file:
                file.write(SOURCE)
            sys.path.insert(0, folder)
            try:
                self.check(importlib.import_module("imported_from_source").work.__code__)
            finally:
                sys.path.remove(folder)

    def test_classes_made_while_others_compile(self):
        begun, done = threading.Event(), threading.Event()
        # Most of the time is the compiler's own.
        large = "\n".join(f"value_{number} = {number} + value" for number in range(300))

        def compiles():
            while not done.is_set():
                compile(large, "large.py", "exec")
                begun.set()

        thread = threading.Thread(target=compiles)
        thread.start()
        begun.wait()
        made = [type(f"Made{number}", (), {}) for number in range(3000)]
        done.set()
        thread.join()
        self.assertEqual(sum(sys.getrefcount(one) != IMMORTAL for one in made), 0)


if __name__ == "__main__":
    unittest.main()
