"""gh-142048: each garbage collection waited until there was more garbage than before.

Without the patch 2 of 2 runs failed.
"""

import faulthandler
import gc
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class Cycle:
    def __init__(self):
        self.me = self


class CollectionsKeepTheirPace(unittest.TestCase):
    def test_garbage_of_each_collection(self):
        collected = []

        def callback(phase, info):
            if phase == "stop":
                collected.append(info["collected"])

        gc.collect()
        gc.callbacks.append(callback)
        self.addCleanup(gc.callbacks.remove, callback)
        for _ in range(1_500_000):
            Cycle()
        # The pauses before the first few collections still depend on what was there.
        self.assertGreater(len(collected), 20)
        first = max(collected[:5])
        self.assertLess(max(collected[5:]), 3 * first, collected)


if __name__ == "__main__":
    unittest.main()
