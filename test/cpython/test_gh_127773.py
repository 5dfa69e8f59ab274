"""gh-127773: attributes were cached for types with other types than bases in the MRO.

Without the patch it fails always.
"""

import faulthandler
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class ForeignMro(unittest.TestCase):
    def test_change_of_a_type_that_is_no_base(self):
        class Other:
            value = 0

        class Meta(type):
            def mro(cls):
                return (cls, Other, object)

        class Strange(metaclass=Meta):
            pass

        class Sub(Strange):
            pass

        def read():
            return Strange.value, Sub.value, Strange().value

        for i in range(1, 100):
            Other.value = i
            for _ in range(20):  # let the instructions specialise
                self.assertEqual(read(), (i, i, i))

    def test_methods(self):
        class Other:
            def method(self):
                return 0

        class Meta(type):
            def mro(cls):
                return (cls, Other, object)

        class Strange(metaclass=Meta):
            pass

        thing = Strange()
        for i in range(1, 50):
            Other.method = lambda self, i=i: i
            for _ in range(20):
                self.assertEqual(thing.method(), i)


if __name__ == "__main__":
    unittest.main()
