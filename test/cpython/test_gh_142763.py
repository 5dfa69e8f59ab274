"""gh-142763: ZoneInfo() failed when another thread cleared the cache.

This is about the Python implementation. It needs no time zone data here. The other
thread's call is made at the worst moment instead of being raced with, because a race
would also find that OrderedDict itself is not safe for threads in 3.13.
"""

import collections
import faulthandler
import unittest
from zoneinfo import _zoneinfo

faulthandler.dump_traceback_later(60, exit=True)


class ClearedAfterLen(collections.OrderedDict):
    """A cache that somebody clears right after its length was looked at."""

    def __len__(self):
        length = super().__len__()
        self.clear()
        return length


class Zone(_zoneinfo.ZoneInfo):
    @classmethod
    def _new_instance(cls, key):
        return super(_zoneinfo.ZoneInfo, cls).__new__(cls)


class ClearCache(unittest.TestCase):
    def test_cache_cleared_before_the_oldest_entry_is_removed(self):
        Zone._strong_cache_size = 0
        Zone._strong_cache = ClearedAfterLen()
        self.assertIsInstance(Zone("a"), Zone)

    def test_size_limit(self):
        Zone._strong_cache_size = 2
        Zone._strong_cache = collections.OrderedDict()
        zones = [Zone(key) for key in "abcd"]
        self.assertEqual(list(Zone._strong_cache), ["c", "d"])
        self.assertIs(Zone("c"), zones[2])


if __name__ == "__main__":
    unittest.main()
