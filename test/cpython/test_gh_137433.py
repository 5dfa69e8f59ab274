"""gh-137433: a daemon thread that stops the world kept its lock when Python finalized.

Finalization is what is tested: the process has to end. Daemon threads stop the world
all the time while the main thread finishes. Without the patch the process hangs at its
end.
"""

import faulthandler
import gc
import sys
import threading
import time
import unittest

# Also covers finalization: the watchdog is stopped only after the last collection.
faulthandler.dump_traceback_later(60, exit=True)


def stop_the_world():
    limit = sys.getrecursionlimit()
    while True:
        sys.setrecursionlimit(limit)


class StopTheWorldAtExit(unittest.TestCase):
    def test_daemon_threads_stop_the_world_at_exit(self):
        for _ in range(4):
            threading.Thread(target=stop_the_world, daemon=True).start()
        time.sleep(0.2)
        gc.collect()


if __name__ == "__main__":
    unittest.main()
