"""Patch 0204 (gh-132917, gh-148937): garbage is collected when objects or memory have grown, and not before."""

import faulthandler
import gc
import unittest

faulthandler.dump_traceback_later(240, exit=True)


def collections():
    return sum(generation["collections"] for generation in gc.get_stats())


class Cycle:
    def __init__(self, size):
        self.me = self
        self.memory = bytes(size)


class GrowthTest(unittest.TestCase):
    LIVE = 60_000

    def setUp(self):
        self.assertTrue(gc.isenabled())
        self.live = [[] for _ in range(self.LIVE)]
        gc.collect()
        self.before = collections()

    def test_kept_objects_cost_no_collection_each_quarter(self):
        more = [[] for _ in range(self.LIVE // 2)]
        self.assertEqual(collections() - self.before, 0)
        self.assertEqual(len(more), self.LIVE // 2)

    def test_as_many_new_objects_as_live_ones(self):
        more = [[] for _ in range(3 * self.LIVE)]
        self.assertGreater(collections() - self.before, 0)
        self.assertEqual(len(more), 3 * self.LIVE)

    def test_garbage_with_much_memory_is_not_kept_longer(self):
        # 30,000 of them, half as many as there are live objects, would hold 240 MB.
        for _ in range(self.LIVE // 2):
            Cycle(8000)
        self.assertGreater(collections() - self.before, 0)

    def test_immediate_collections_on_demand(self):
        thresholds = gc.get_threshold()
        try:
            gc.set_threshold(100, 0, 0)
            more = [[] for _ in range(5000)]
        finally:
            gc.set_threshold(*thresholds)
        self.assertGreater(collections() - self.before, 1)
        self.assertEqual(len(more), 5000)


if __name__ == "__main__":
    unittest.main()
