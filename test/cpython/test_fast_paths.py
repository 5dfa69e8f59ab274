"""Patch 0202: the fast paths of instructions give what the general functions give.

The functions of the operator module take the general way in C, so each instruction is
compared with them: results, their types, and what is raised.
"""

import faulthandler
import itertools
import operator
import threading
import unittest

from outcomes import outcome

faulthandler.dump_traceback_later(240, exit=True)

LIMIT = 1 << 30
INTS = [0, 1, -1, 2, 7, -7, 31, 32, 255, 257, LIMIT - 1, LIMIT, 1 - LIMIT, -LIMIT, 1 << 62, -(1 << 90), True]
FLOATS = [0.0, -0.0, 1.5, -2.25, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan")]
OTHERS = ["", "a", "ab", "\u20ac", b"a", None, (1, 2), [1, 2], 1j]

BINARY = {
    "+": (lambda a, b: a + b, operator.add),
    "-": (lambda a, b: a - b, operator.sub),
    "*": (lambda a, b: a * b, operator.mul),
    "/": (lambda a, b: a / b, operator.truediv),
    "//": (lambda a, b: a // b, operator.floordiv),
    "%": (lambda a, b: a % b, operator.mod),
    "&": (lambda a, b: a & b, operator.and_),
    "|": (lambda a, b: a | b, operator.or_),
    "^": (lambda a, b: a ^ b, operator.xor),
    ">>": (lambda a, b: a >> b, operator.rshift),
    "==": (lambda a, b: a == b, operator.eq),
    "!=": (lambda a, b: a != b, operator.ne),
    "<": (lambda a, b: a < b, operator.lt),
    "<=": (lambda a, b: a <= b, operator.le),
    ">": (lambda a, b: a > b, operator.gt),
    ">=": (lambda a, b: a >= b, operator.ge),
    "[]": (lambda a, b: a[b], operator.getitem),
    "in": (lambda a, b: b in a, operator.contains),
}


class SameAsGeneral(unittest.TestCase):
    def test_binary(self):
        values = INTS + FLOATS + OTHERS + [{1: "a", "a": 2}, [3, 4, 5], (6, 7, 8)]
        for (name, (fast, general)), a, b in itertools.product(BINARY.items(), values, values):
            # Nobody wants to see the long strings of "a" * (1 << 30).
            if name == "*" and any(isinstance(x, (str, bytes, list, tuple)) for x in (a, b)):
                continue
            self.assertEqual(outcome(fast, a, b), outcome(general, a, b), (a, name, b))

    def test_truth(self):
        for value in INTS + FLOATS + OTHERS + [[], (), {}, {1: 1}, False]:
            self.assertIs(True if value else False, operator.truth(value), value)

    def test_floats_that_others_hold_stay_as_they_are(self):
        a = float("1.5")
        b = a
        a += 1.0
        self.assertEqual((a, b), (2.5, 1.5))
        held = [float("2.5")]
        self.assertEqual(held[0] * 2.0 + held[0], 7.5)
        self.assertEqual(held, [2.5])

    def test_strings_that_others_hold_stay_as_they_are(self):
        text = "".join(["a", "b"])
        held = text
        text += "c"
        self.assertEqual((text, held), ("abc", "ab"))
        for _ in range(1000):
            text += "x"
        self.assertEqual(text, "abc" + "x" * 1000)

    def test_storing(self):
        for container, index in itertools.product(([1, 2, 3], {1: 1}), (0, 2, -3, 3, -4, 1 << 40, "a", True, None)):
            one, other = container.copy(), container.copy()

            def store():
                one[index] = "new"

            self.assertEqual(outcome(store), outcome(operator.setitem, other, index, "new"), (container, index))
            self.assertEqual(one, other)

    def test_unpacking(self):
        for values in ((1, 2), [1, 2], (1,), [1], [], (1, 2, 3), [1, 2, 3], "ab", range(2)):
            def unpack():
                a, b = values
                return [a, b]

            def unpack_iterator():
                a, b = iter(values)
                return [a, b]

            fast, general = outcome(unpack), outcome(unpack_iterator)
            # The number of values found is told for some types only.
            self.assertEqual((fast[0], fast[1].split(", got")[0]), (general[0], general[1].split(", got")[0]), values)


class Calls(unittest.TestCase):
    def test_errors_of_properties_have_a_name_and_an_object(self):
        class Owner:
            @property
            def broken(self):
                raise AttributeError("inner")

        owner = Owner()
        with self.assertRaises(AttributeError) as caught:
            owner.broken
        self.assertEqual(caught.exception.name, "broken")
        self.assertIs(caught.exception.obj, owner)

    def test_init(self):
        class Point:
            def __init__(self, x, y=2):
                self.x, self.y = x, y

        class Wrong:
            def __init__(self):
                return 1

        class Failing:
            def __init__(self, value):
                raise ValueError(value)

        self.assertEqual(vars(Point(1)), {"x": 1, "y": 2})
        self.assertEqual(vars(Point(1, 3)), {"x": 1, "y": 3})
        self.assertRaisesRegex(TypeError, "should return None, not 'int'", Wrong)
        self.assertRaisesRegex(TypeError, "missing 1 required positional argument", lambda: Point())
        self.assertRaisesRegex(TypeError, "takes from 2 to 3 positional arguments but 4 were given", lambda: Point(1, 2, 3))
        names = []
        try:
            Failing("given")
        except ValueError as error:
            trace = error.__traceback__
        while trace:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        self.assertEqual(names, ["test_init", "__init__"])

    def test_generators(self):
        def numbers(count):
            try:
                for number in range(count):
                    yield number
            finally:
                closed.append(count)

        def failing():
            yield 1
            raise KeyError("inside")

        closed = []
        self.assertEqual(sum(number for number in numbers(100_000)), 4999950000)
        for number in numbers(5):
            if number == 2:
                break
        self.assertEqual(closed, [100_000, 5])
        seen = []
        with self.assertRaises(KeyError):
            for value in failing():
                seen.append(value)
        self.assertEqual(seen, [1])
        running = None

        def itself():
            yield 1
            for _ in running:
                pass

        running = itself()
        self.assertRaisesRegex(ValueError, "generator already executing", lambda: [value for value in running])


class SharedContainers(unittest.TestCase):
    def test_lists_and_dictionaries_that_change(self):
        """Reading by index while other threads change the size gives elements or IndexError."""
        values, table = [object()] * 8, {}
        errors = []
        barrier = threading.Barrier(4)

        def change():
            barrier.wait(60)
            for i in range(20_000):
                values.append(values[0])
                values[-1] = values[0]
                values.pop()
                table[i % 16] = i

        def read():
            first = values[0]
            barrier.wait(60)
            for i in range(20_000):
                try:
                    if values[i % 10] is not first:
                        errors.append("another element")
                except IndexError:
                    pass
                for element in values:
                    if element is not first:
                        errors.append("another element")
                if i % 16 in table and table[i % 16] % 16 != i % 16:
                    errors.append("another value")

        threads = [threading.Thread(target=work) for work in (change, read, read, change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
