"""gh-137400: setting the trace or profile function of all threads crashed the threads.

Without the patch 2 of 2 runs crashed.
"""

import faulthandler
import sys
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class AllThreads(unittest.TestCase):
    def toggle(self, set_all):
        deadline = time.monotonic() + 4
        errors = []

        def callee(n):
            return n + 1

        def run():
            while time.monotonic() < deadline:
                n = 0
                for _ in range(100):
                    n = callee(n)
                    len("")

        def short_lived():
            while time.monotonic() < deadline:
                thread = threading.Thread(target=callee, args=(1,))
                thread.start()
                thread.join()

        def guarded(function):
            try:
                function()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=guarded, args=(function,))
                   for function in (run, run, short_lived)]
        for thread in threads:
            thread.start()
        try:
            while time.monotonic() < deadline:
                def hook(frame, event, arg):
                    return hook
                set_all(hook)
                set_all(None)
        finally:
            set_all(None)
            for thread in threads:
                thread.join()
        self.assertEqual(errors, [])

    def test_setprofile_all_threads(self):
        self.toggle(threading.setprofile_all_threads)
        self.assertIsNone(sys.getprofile())

    def test_settrace_all_threads(self):
        self.toggle(threading.settrace_all_threads)
        self.assertIsNone(sys.gettrace())


if __name__ == "__main__":
    unittest.main()
