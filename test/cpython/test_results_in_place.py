"""Patch 0217: an int or a float that only a variable has becomes the result that is stored in it; all others stay.

Whether an object is used again is seen by its id(), which takes no reference that outlives the call.
"""

import faulthandler
import functools
import gc
import operator
import queue
import random
import sys
import threading
import unittest
import weakref

from together import run_for

faulthandler.dump_traceback_later(240, exit=True)

LIMIT = 1 << 30


def fresh(value):
    """Not a constant: those are immortal."""
    return value + type(value)(5000)


class UsedAgain(unittest.TestCase):
    def test_ints(self):
        def count(x):
            ids = set()
            for _ in range(10):
                x += 1
                ids.add(id(x))
            return ids

        # The first sum is a new int: the argument belongs to the caller, too.
        self.assertEqual(len(count(fresh(0))), 1)

    def test_ints_and_an_expression(self):
        def count(values):
            ids = set()
            total = fresh(0)
            total += 1
            for value in values:
                total += value * 2
                ids.add(id(total))
            return total, ids

        total, ids = count(range(10))
        self.assertEqual(total, 5001 + 90)
        self.assertEqual(len(ids), 1)

    def test_floats(self):
        def count(x, step):
            ids = set()
            x = x * step
            for _ in range(10):
                x *= step
                ids.add(id(x))
            return ids

        self.assertEqual(len(count(fresh(1.0), 2.0)), 1)

    def test_ranges(self):
        ids = set()
        for i in range(5000, 5010):
            ids.add(id(i))
        self.assertEqual(len(ids), 1)


class StaysAsItIs(unittest.TestCase):
    def check(self, x):
        before = x + 0
        y = x
        x += type(x)(1)
        self.assertEqual(y, before)
        self.assertEqual(x, before + 1)
        self.assertIsNot(x, y)
        x = other = fresh(type(x)(0))
        for _ in range(3):
            x = x * type(x)(2)
        self.assertEqual(other, 5000)
        self.assertEqual(x, 40000)

    def test_another_variable(self):
        self.check(fresh(0))
        self.check(fresh(0.0))

    def test_an_argument(self):
        def change(n):
            n += 1
            n -= 7
            return n

        for mine in (fresh(0), fresh(0.0)):
            self.assertEqual(change(mine), mine - 6)
            self.assertEqual(mine, 5000)

    def test_a_default(self):
        def change(n=fresh(0)):
            n += 1
            return n

        self.assertEqual([change() for _ in range(3)], [5001] * 3)

    def test_a_constant(self):
        def change():
            n = 70000
            n += 1
            return n

        self.assertEqual([change() for _ in range(3)], [70001] * 3)

    def test_what_a_container_has(self):
        kept, keys, x, f = [], {}, fresh(0), fresh(0.5)
        for i in range(5000, 5050):
            kept.append(i)
            keys[x] = f
            x += 1
            f += 1.0
        self.assertEqual(kept, list(range(5000, 5050)))
        self.assertEqual(list(keys), list(range(5000, 5050)))
        self.assertEqual(list(keys.values()), [5000.5 + n for n in range(50)])

    def test_what_a_closure_has(self):
        def functions():
            made = []
            for i in range(5000, 5010):
                made.append(lambda i=i: i)
            return made

        self.assertEqual([function() for function in functions()], list(range(5000, 5010)))

    def test_what_a_generator_gave(self):
        def numbers():
            i = fresh(0)
            while i < 5010:
                yield i
                i += 1

        self.assertEqual(list(numbers()), list(range(5000, 5010)))

    def test_an_operand_that_is_the_variable_twice(self):
        x = fresh(0)
        x = x + x
        x = x * x
        self.assertEqual(x, 100000000)
        f = fresh(0.0)
        f = f + f
        f = f * f
        self.assertEqual(f, 1e8)

    def test_the_left_operand_on_the_stack_and_in_the_variable(self):
        x = fresh(0)
        y = fresh(1)
        x = x - (y - x)
        self.assertEqual((x, y), (4999, 5001))
        x = y - (x - y)
        self.assertEqual((x, y), (5003, 5001))

    def test_an_operation_that_fails(self):
        for zero in (0, 0.0):
            x = fresh(type(zero)(0))
            with self.assertRaises(ZeroDivisionError):
                x //= zero
            with self.assertRaises(ZeroDivisionError):
                x = x / zero
            with self.assertRaises(TypeError):
                x += ""
            self.assertEqual(x, 5000)

    def test_traces(self):
        seen = []

        def work():
            x = fresh(0)
            for i in range(5000, 5005):
                x += i
            return x

        def trace(frame, event, argument):
            if frame.f_code is work.__code__:
                seen.append((frame.f_locals.get("i"), frame.f_locals.get("x")))
                return trace
            return None

        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(None)
        sums = [5000 + sum(range(5000, 5000 + n)) for n in range(6)]
        self.assertEqual(sorted({x for _, x in seen if x is not None}), sums)
        self.assertEqual(sorted({i for i, _ in seen if i is not None}), list(range(5000, 5005)))


class SameAsGeneral(unittest.TestCase):
    OPERATIONS = {
        "+=": operator.add, "-=": operator.sub, "*=": operator.mul, "//=": operator.floordiv, "%=": operator.mod,
        "&=": operator.and_, ">>=": operator.rshift, "/=": operator.truediv,
    }

    def test_random_numbers(self):
        """Around what is immortal and what needs a second digit."""
        choose = random.Random(5)
        changes = {}
        for name in self.OPERATIONS:
            scope = {}
            exec(f"def change(x, y):\n    x = x + 0\n    x {name} y\n    return x, y", scope)
            changes[name] = scope["change"]
        borders = [0, -5, 256, 257, LIMIT - 1, LIMIT, -LIMIT, 1 << 31, 1 << 60]
        for _ in range(20_000):
            name = choose.choice(list(changes))
            x = choose.choice(borders) + choose.randrange(-3, 4)
            y = choose.choice([1, 2, 3, 31, 256, 257, LIMIT - 1])
            if choose.random() < 0.3 and name not in ("&=", ">>="):
                x = float(x)
            self.assertEqual(changes[name](x, y), (self.OPERATIONS[name](x, y), y), (name, x, y))


class Threads(unittest.TestCase):
    def test_values_that_others_see(self):
        """Each thread publishes some values of variables that it goes on to change; what others have got stays."""
        shared = [[] for _ in range(4)]
        stop = threading.Event()
        wrong = []

        def change(mine):
            x, f = fresh(0), fresh(0.0)
            while not stop.is_set():
                for i in range(5000, 5100):
                    x += 3
                    f += 3.0
                    if i % 10 == 0:
                        mine.append((x, f, i))
                del mine[:-50]

        def look():
            while not stop.is_set():
                for values in shared:
                    for one in values[:]:
                        x, f, i = one
                        first = (int(str(x)), float(str(f)), int(str(i)))
                        if first != (x, f, i) or x != f or i % 10:
                            wrong.append((one, first))

        run_for(3, stop, *(functools.partial(change, one) for one in shared), look, look, look)
        self.assertEqual(wrong, [])


class FreedObjects(unittest.TestCase):
    """Patch 0216: ints and iterators that a thread has freed are used by it again."""

    def test_iterators_begin_anew(self):
        for make in (list, tuple):
            values = make(range(5000, 5005))
            for _ in range(30):
                one = iter(values)
                next(one)
                next(one)
                del one
                self.assertEqual(list(iter(values)), list(values))
        one = iter(range(5000, 6000, 7))
        next(one)
        del one
        self.assertEqual(list(iter(range(3))), [0, 1, 2])

    def test_more_than_are_kept(self):
        for _ in range(3):
            iterators = [iter([n]) for n in range(5000, 5300)] + [iter((n,)) for n in range(5000, 5300)]
            self.assertEqual([next(one) for one in iterators], [*range(5000, 5300)] * 2)
            numbers = [n + 5000 for n in range(1000)]
            self.assertEqual(sum(numbers), 5499500)
            del iterators, numbers

    def test_cycles_of_iterators_are_collected(self):
        class Value:
            pass

        for _ in range(20):
            value = Value()
            values = [value]
            values.append(iter(values))
            pair = (value, values)
            values.append(iter(pair))
            gone = weakref.ref(value)
            del value, values, pair
            gc.collect()
            self.assertIsNone(gone())

    def test_objects_that_others_free(self):
        """Half of the threads make ints and iterators, the others free them, while the garbage is collected."""
        ways = [queue.SimpleQueue() for _ in range(3)]
        stop = threading.Event()
        wrong = []

        def make(way):
            n = 0
            try:
                while not stop.is_set():
                    numbers = [n * 1000 + i for i in range(300)]
                    way.put((n, numbers, [iter(numbers), iter(tuple(numbers)), iter(range(n, n + 5))]))
                    n += 1
                    if n % 50 == 0:
                        gc.collect()
                    while way.qsize() > 20 and not stop.is_set():
                        pass
            finally:
                way.put(None)

        def free(way):
            while (one := way.get()) is not None:
                n, numbers, iterators = one
                expected = n * 1000 * 300 + 44850
                if [sum(iterators[0]), sum(iterators[1]), sum(numbers)] != [expected] * 3 or next(iterators[2]) != n:
                    wrong.append(n)

        run_for(3, stop, *(functools.partial(work, way) for way in ways for work in (make, free)))
        self.assertEqual(wrong, [])

    def test_threads_that_end(self):
        def work(n):
            for i in range(5000, 5400):
                total = i * 3 + n
            results.append(total - n)

        results = []
        for _ in range(20):
            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        self.assertEqual(results, [5399 * 3] * 160)


if __name__ == "__main__":
    unittest.main()
