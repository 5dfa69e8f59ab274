"""gh-143880: a functools.partial with keywords changed itself while it was called.

The first call set the pointer to NULL through which other threads were calling it. Each
caller reads the pointer once, so calls from threads work without the patch too; that the
pointer stays as it is shows in the object's memory.
"""

import ctypes
import faulthandler
import functools
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)


def function(a, b):
    return a + b


def fields(partial):
    """The object's words behind its header, whose reference count changes with every call."""
    return ctypes.string_at(id(partial), functools.partial.__basicsize__)[object.__basicsize__:]


class OneCall(unittest.TestCase):
    def test_leaves_the_object_as_it_was(self):
        partial = functools.partial(function, b=1)
        before = fields(partial)
        self.assertEqual(partial(2), 3)
        self.assertEqual(list(map(partial, (1, 2))), [2, 3])
        self.assertEqual(fields(partial), before)


class ConcurrentCalls(unittest.TestCase):
    def test_first_calls_of_a_partial_with_keywords(self):
        threads, rounds = 4, 1_000
        partials = [functools.partial(function, b=i) for i in range(rounds)]
        barrier = threading.Barrier(threads)
        errors = []

        def work():
            try:
                for i, partial in enumerate(partials):
                    barrier.wait(60)
                    self.assertEqual(list(map(partial, (1, 2, 3))), [i + 1, i + 2, i + 3])
            except BaseException as error:
                errors.append(error)
                barrier.abort()

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
