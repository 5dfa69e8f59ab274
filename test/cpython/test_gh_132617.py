"""gh-132617: dict.update() took another instance's new attribute for a mutation.

Without the patch it fails always.
"""

import faulthandler
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class Thing:
    """Instances share the keys of their attribute dicts."""

    def __init__(self):
        self.a = 1
        self.b = 2


class Key(str):
    """Adds an attribute to another instance in the middle of an update()."""

    def __new__(cls, value, action):
        self = super().__new__(cls, value)
        self.action = action
        return self

    def __hash__(self):
        return super().__hash__()

    def __eq__(self, other):
        self.action()
        return super().__eq__(other)


class Update(unittest.TestCase):
    def update(self, action):
        source = Thing()
        target = {Key("a", action): 0, 1: 1}
        target.update(source.__dict__)
        return target, source

    def test_other_instance_gets_an_attribute(self):
        other = Thing()
        names = iter(range(20))
        target, _ = self.update(lambda: setattr(other, f"x{next(names)}", 0))
        self.assertEqual(target["a"], 1)
        self.assertEqual(target["b"], 2)

    def test_real_mutations_are_still_found(self):
        for make in (Thing, lambda: dict(a=1, b=2)):
            source = make()
            items = source.__dict__ if isinstance(source, Thing) else source
            target = {Key("a", lambda: items.__setitem__("new", 1)): 0, 1: 1}
            with self.assertRaisesRegex(RuntimeError, "mutated during update"):
                target.update(items)


if __name__ == "__main__":
    unittest.main()
