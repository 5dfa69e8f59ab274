"""gh-142651: concurrent calls of a mock were not all counted.

Without the patch 3 of 5 runs failed.
"""

import faulthandler
import threading
import unittest
from unittest import mock

faulthandler.dump_traceback_later(120, exit=True)


class ConcurrentCalls(unittest.TestCase):
    def test_call_count(self):
        threads, calls = 4, 2_000
        parent = mock.Mock()
        start = threading.Barrier(threads)

        def work():
            start.wait(60)
            for i in range(calls):
                parent.child(i)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(parent.child.call_count, threads * calls)
        self.assertEqual(len(parent.child.call_args_list), threads * calls)
        self.assertEqual(len(parent.mock_calls), threads * calls)


if __name__ == "__main__":
    unittest.main()
