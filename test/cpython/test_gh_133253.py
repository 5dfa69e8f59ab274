"""gh-133253: linecache failed when another thread changed its cache.

Without the patch 4 of 5 runs failed.
"""

import faulthandler
import linecache
import os
import tempfile
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class ConcurrentUse(unittest.TestCase):
    def test_read_and_clear(self):
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for i in range(3):
                names.append(os.path.join(folder, f"file{i}.py"))
                with open(names[-1], "w") as file:
                    file.write("first\nsecond\n")
            lazy = os.path.join(folder, "only-in-its-loader.py")
            errors = self.run_threads(names, lazy)
        self.assertEqual(errors, [])

    def run_threads(self, names, lazy):
        class Loader:
            def get_source(self, name):
                return "lazy\n"

        module_globals = {"__name__": "lazy", "__loader__": Loader()}
        deadline = time.monotonic() + 5
        errors = []

        def read():
            for name in names:
                self.assertEqual(linecache.getline(name, 2), "second\n")
            linecache.lazycache(lazy, module_globals)
            self.assertIn(linecache.getlines(lazy, module_globals), (["lazy\n"], []))

        def repeat(*functions):
            try:
                while time.monotonic() < deadline:
                    for function in functions:
                        function()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=repeat, args=functions) for functions in
                   ((read,), (read,), (read,), (linecache.clearcache,), (linecache.clearcache,),
                    (linecache.checkcache,))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return errors


if __name__ == "__main__":
    unittest.main()
