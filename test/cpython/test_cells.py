"""Patch 0214: what a cell has is read without its lock where no other thread can free it."""

import faulthandler
import threading
import unittest
import weakref

from together import run_for

faulthandler.dump_traceback_later(240, exit=True)


class Value:
    def __init__(self, number):
        self.number = number
        self.same = number


class Cells(unittest.TestCase):
    def test_values_that_other_threads_replace(self):
        """Readers see whole values, of their own threads and of others, and none is freed while they have it."""
        value = Value(0)
        stop = threading.Event()
        wrong = []

        def replace(step):
            nonlocal value
            number = step
            while not stop.is_set():
                value = Value(number)
                number += 100

        def read():
            count = 0
            while not stop.is_set():
                one = value
                if one.number != one.same:
                    wrong.append(one)
                count += 1
            counts.append(count)

        counts = []
        run_for(3, stop, lambda: replace(0), lambda: replace(1), read, read)
        self.assertEqual(wrong, [])
        self.assertEqual([count > 0 for count in counts], [True, True])

    def test_nothing_is_kept(self):
        def outer():
            value = Value(1)
            gone.append(weakref.ref(value))

            def inner():
                return value.number

            def drop():
                nonlocal value
                value = None

            return inner, drop

        gone = []
        inner, drop = outer()
        results = []
        threads = [threading.Thread(target=lambda: results.append(inner())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [1] * 4)
        self.assertIsNotNone(gone[0]())
        drop()
        self.assertIsNone(gone[0]())

    def test_empty_cells(self):
        def outer():
            def inner():
                return value

            if False:
                value = 1
            return inner

        with self.assertRaisesRegex(NameError, "cannot access free variable 'value'"):
            outer()()


if __name__ == "__main__":
    unittest.main()
