"""gh-143650: a thread got a module whose import had failed in another thread.

Without the patch it failed in 2 of 2 runs.
"""

import faulthandler
import os
import sys
import tempfile
import threading
import time
import unittest

faulthandler.dump_traceback_later(60, exit=True)

NAME = "weft_module_that_fails_first"
SOURCE = """
import test_state
if test_state.first():
    test_state.importing.set()
    test_state.waiting.wait(30)
    raise ValueError("first import")
complete = True
"""


class State:
    def __init__(self):
        self.importing = threading.Event()
        self.waiting = threading.Event()
        self.imports = 0

    def first(self):
        self.imports += 1
        return self.imports == 1


class FailedImport(unittest.TestCase):
    def test_waiting_thread_imports_again(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, NAME + ".py"), "w") as file:
                file.write(SOURCE)
            sys.path.insert(0, folder)
            self.addCleanup(sys.path.remove, folder)
            self.addCleanup(sys.modules.pop, NAME, None)
            state = sys.modules["test_state"] = State()
            self.addCleanup(sys.modules.pop, "test_state")
            results = []

            def fail():
                try:
                    __import__(NAME)
                except ValueError as error:
                    results.append(str(error))

            def wait():
                results.append(__import__(NAME))

            first = threading.Thread(target=fail)
            first.start()
            self.assertTrue(state.importing.wait(30))
            second = threading.Thread(target=wait)
            second.start()
            # Nothing shows that the second thread waits for the import. If it comes
            # later than this, it finds no module and imports it, which is right too.
            time.sleep(0.5)
            state.waiting.set()
            first.join()
            second.join()
        # The other thread may be the first to note its result.
        results.sort(key=lambda result: not isinstance(result, str))
        self.assertEqual(results[0], "first import")
        self.assertTrue(getattr(results[1], "complete", False), results[1])
        self.assertIs(results[1], sys.modules[NAME])


if __name__ == "__main__":
    unittest.main()
