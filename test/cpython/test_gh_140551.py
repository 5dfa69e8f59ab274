"""gh-140551: inserting into a dict that was cleared by the lookup's comparison.

Without the patch it fails always.
"""

import faulthandler
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class Key:
    """Equal hashes, and a comparison that runs `action` once."""

    action = None

    def __hash__(self):
        return 42

    def __eq__(self, other):
        action, Key.action = Key.action, None
        if action is not None:
            action()
        return self is other


class ClearDuringLookup(unittest.TestCase):
    def check(self, insert):
        for extra in ({}, {1: 1}, {"s": 1}, {i: i for i in range(100)}):
            with self.subTest(extra=len(extra)):
                d = {Key(): 0}
                d.update(extra)
                Key.action = d.clear
                key = Key()
                insert(d, key)
                self.assertIsNone(Key.action)
                self.assertEqual(list(d), [key])
                self.assertEqual(d[key], "value")
                # Without the patch the key's hash is not stored: growing and looking
                # up goes wrong or crashes.
                keys = [Key() for _ in range(50)]
                for i, other in enumerate(keys):
                    d[other] = i
                    d[f"text {i}"] = i
                self.assertEqual(len(d), 101)
                self.assertEqual([d[other] for other in keys], list(range(50)))
                del d[key]
                self.assertNotIn(key, d)

    def test_setitem(self):
        self.check(lambda d, key: d.__setitem__(key, "value"))

    def test_setdefault(self):
        self.check(lambda d, key: d.setdefault(key, "value"))

    def test_update(self):
        self.check(lambda d, key: d.update({key: "value"}))


if __name__ == "__main__":
    unittest.main()
