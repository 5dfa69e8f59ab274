"""gh-142495: defaultdict replaced a value that was set while its factory ran.

Without the patch 2 of 2 runs failed.
"""

import collections
import faulthandler
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class FirstValueStays(unittest.TestCase):
    def test_value_set_by_the_factory(self):
        def factory():
            d["key"] = "set meanwhile"
            return "default"

        d = collections.defaultdict(factory)
        self.assertEqual(d["key"], "set meanwhile")
        self.assertEqual(d["key"], "set meanwhile")

    def test_default(self):
        d = collections.defaultdict(list)
        d["key"].append(1)
        self.assertEqual(d, {"key": [1]})

    def test_subclass_with_setitem(self):
        class Upper(collections.defaultdict):
            def __setitem__(self, key, value):
                super().__setitem__(key.upper(), value)

        d = Upper(int)
        self.assertEqual(d["key"], 0)
        self.assertEqual(d, {"KEY": 0})

    def test_threads_append_to_the_same_list(self):
        threads, keys = 4, 20_000
        d = collections.defaultdict(list)
        start = threading.Barrier(threads)

        def work():
            start.wait(60)
            for key in range(keys):
                d[key].append(1)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(sum(map(len, d.values())), threads * keys)


if __name__ == "__main__":
    unittest.main()
