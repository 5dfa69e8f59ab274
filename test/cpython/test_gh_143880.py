"""gh-143880: a functools.partial with keywords changed itself while it was called.

The window is one instruction wide and no failure was seen without the patch; what is
checked is that such calls work from several threads.
"""

import faulthandler
import functools
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)


def function(a, b):
    return a + b


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
