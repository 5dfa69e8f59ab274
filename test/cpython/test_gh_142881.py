"""gh-142881: atexit.unregister() freed callbacks twice.

Without the patch it crashes always.
"""

import atexit
import faulthandler
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class Callback:
    """A callable whose comparison runs an action."""

    def __init__(self, action):
        self.action = action

    def __call__(self):
        pass

    def __eq__(self, other):
        self.action()
        return True

    __hash__ = None


class Unregister(unittest.TestCase):
    def setUp(self):
        self.before = atexit._ncallbacks()

    def test_comparison_clears(self):
        for action in (atexit._clear, atexit._run_exitfuncs):
            for _ in range(20):
                atexit.register(Callback(action))
            atexit.unregister(lambda: None)
            atexit._clear()
            self.assertEqual(atexit._ncallbacks(), 0)

    def test_comparison_unregisters(self):
        depth = 0

        def action():
            nonlocal depth
            if depth < 3:
                depth += 1
                atexit.unregister(None)
                depth -= 1

        for _ in range(4):
            atexit.register(Callback(action))
        atexit.unregister(None)
        atexit._clear()

    def test_comparison_replaces(self):
        def action():
            atexit._clear()
            for _ in range(5):
                atexit.register(print, "registered by a comparison")

        for _ in range(5):
            atexit.register(Callback(action))
        atexit.unregister(None)
        # The new ones are not the one that was compared.
        self.assertEqual(atexit._ncallbacks(), 5)
        atexit._clear()

    def test_call_unregisters_itself(self):
        called = []

        def function(argument):
            atexit._clear()
            called.append(argument)

        atexit.register(function, argument=["argument"])
        atexit._run_exitfuncs()
        self.assertEqual(called, [["argument"]])

    def test_threads(self):
        deadline = time.monotonic() + 3
        errors = []

        def work(last):
            def function(*args):
                pass
            try:
                while time.monotonic() < deadline:
                    for _ in range(20):
                        atexit.register(function, [1])
                    last()
                    atexit.unregister(function)
            except BaseException as error:
                errors.append(error)

        actions = [lambda: None, lambda: None, atexit._run_exitfuncs, atexit._clear]
        workers = [threading.Thread(target=work, args=(action,)) for action in actions]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(errors, [])
        atexit._clear()
        self.assertEqual(atexit._ncallbacks(), 0)


if __name__ == "__main__":
    unittest.main()
