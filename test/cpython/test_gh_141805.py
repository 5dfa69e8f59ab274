"""gh-141805: adding to a set overwrote an item that the comparison had added.

Without the patch it crashes always.
"""

import faulthandler
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class Item:
    """Equal hashes, and a comparison that runs `action` once."""

    action = None

    def __hash__(self):
        return 42

    def __eq__(self, other):
        action, Item.action = Item.action, None
        if action is not None:
            action()
        return self is other


class AddDuringComparison(unittest.TestCase):
    def test_slot_of_a_removed_item_is_taken(self):
        for count in range(1, 20):
            items = [Item() for _ in range(count + 1)]
            s = set(items)
            s.remove(items[0])  # leaves a reusable slot before the others
            added = Item()
            Item.action = lambda: s.add(added)
            new = Item()
            s.add(new)
            self.assertIsNone(Item.action)
            self.assertIn(new, s)
            self.assertIn(added, s)
            self.assertEqual(len(s), len(list(s)))
            self.assertEqual(len(s), count + 2)

    def test_same_item_is_added_meanwhile(self):
        items = [Item() for _ in range(3)]
        s = set(items)
        s.remove(items[0])
        new = Item()
        Item.action = lambda: s.add(new)
        s.add(new)
        self.assertEqual(len(s), 3)
        self.assertEqual(len(list(s)), 3)


if __name__ == "__main__":
    unittest.main()
