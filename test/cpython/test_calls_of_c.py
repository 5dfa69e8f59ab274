"""Patch 0218: functions in C that CALL calls by itself give and raise what PyObject_Vectorcall() has them give and raise."""

import faulthandler
import math
import operator
import sys
import unittest

from outcomes import outcome

faulthandler.dump_traceback_later(240, exit=True)


class Text(str):
    pass


class Mine(list):
    def append(self, value):
        super().append((value, "mine"))


# What takes no, one, any number of and named arguments: functions, methods, of subclasses, too.
CALLABLES = [
    len, abs, iter, hash, chr, callable, isinstance, max, pow, sum, sorted, round, math.sqrt, math.gcd, math.hypot,
    list.append, list.copy, list.clear, list.pop, list.index, list.sort, list.extend, str.upper, str.join, str.split, str.encode,
    str.format, dict.get, dict.keys, dict.setdefault, dict.update, set.add, set.pop, tuple.count, bytes.decode, int.bit_length,
    int.to_bytes, float.hex, object.__reduce__, type.mro, sys.intern, sys.getsizeof, "ab".upper, [1, 2].index, {}.get, Text("a").upper,
]
ARGUMENTS = [
    (), (1,), ("ab",), ([3, 1, 2],), (Text("x"),), (None,), ([1], 2), ("a", ["b", "c"]), ({1: 2}, 1), ({1}, 2), (2, 3), ("a", 1),
    ([], 1, 2), (1, 2, 3, 4), (b"a",), ((1, 1), 1), (1.5,), (Mine(), 5), (int,),
]


def once(callable, arguments):
    """A new copy of what a call may change."""
    return [type(one)(one) if isinstance(one, (list, dict, set)) else one for one in arguments]


DIRECT = [eval(f"lambda f{''.join(f', a{i}' for i in range(n))}: f({', '.join(f'a{i}' for i in range(n))})") for n in range(5)]


class SameAsGeneral(unittest.TestCase):
    def test_all(self):
        for callable in CALLABLES:
            for arguments in ARGUMENTS:
                direct = outcome(DIRECT[len(arguments)], callable, *once(callable, arguments))
                # CALL_FUNCTION_EX goes the general way.
                general = outcome(lambda f, a: f(*a), callable, once(callable, arguments))
                if callable is iter or "at 0x" in str(general):
                    direct, general = direct[0], general[0]
                self.assertEqual(direct, general, (callable, arguments))

    def test_methods(self):
        values = [3, 1, 2]
        values.append(4)
        self.assertEqual(values.pop(), 4)
        self.assertEqual(values.pop(0), 3)
        self.assertEqual(values.copy(), [1, 2])
        self.assertIsNone(values.sort(key=operator.neg))
        self.assertEqual(values, [2, 1])
        mine = Mine()
        mine.append(1)
        self.assertEqual(mine, [(1, "mine")])
        with self.assertRaisesRegex(TypeError, r"list.append\(\) takes exactly one argument \(2 given\)"):
            values.append(1, 2)
        with self.assertRaisesRegex(TypeError, r"append\(\) takes no keyword arguments"):
            values.append(x=1)
        with self.assertRaisesRegex(TypeError, "descriptor 'append' for 'list' objects doesn't apply to a 'tuple' object"):
            list.append((), 1)
        with self.assertRaisesRegex(TypeError, "unbound method list.append"):
            list.append()
        with self.assertRaisesRegex(IndexError, "pop from empty list"):
            [].pop()

    def test_static_and_class_methods_in_c(self):
        self.assertEqual(str.maketrans("a", "b"), {97: 98})
        self.assertEqual(dict.fromkeys([1], 2), {1: 2})
        self.assertEqual({}.fromkeys([1]), {1: None})
        self.assertEqual(int.from_bytes(b"\1\0", "big"), 256)

    def test_recursion(self):
        class Again:
            def __hash__(self):
                return hash(self)

        with self.assertRaises(RecursionError):
            hash(Again())
        nested = []
        for _ in range(200_000):
            nested = [nested]
        with self.assertRaises(RecursionError):
            repr(nested)
        while nested:
            nested = nested[0]

    def test_profiles_see_calls(self):
        events = []

        def profile(frame, event, argument):
            if event.startswith("c_"):
                events.append((event, argument.__name__))

        values = []
        sys.setprofile(profile)
        try:
            values.append(1)
            len(values)
            try:
                values.pop(7)
            except IndexError:
                pass
        finally:
            sys.setprofile(None)
        self.assertEqual(events[:6], [
            ("c_call", "append"), ("c_return", "append"), ("c_call", "len"), ("c_return", "len"), ("c_call", "pop"), ("c_exception", "pop"),
        ])


if __name__ == "__main__":
    unittest.main()
