"""gh-135871: a non-blocking acquire spun when it lost a race for the lock.

No program can tell the difference but by a clock: while it spins, the acquire does not look
at the lock again, so it gives the same answer 40 yields later, and a yield does nothing on
wasm. This checks what must stay true: no failure to take a free lock, and failure at once
when it is taken.
"""

import faulthandler
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class NonBlockingAcquire(unittest.TestCase):
    def test_taken_lock_fails_at_once(self):
        lock = threading.Lock()
        lock.acquire()
        start = time.monotonic()
        for _ in range(10_000):
            self.assertFalse(lock.acquire(blocking=False))
        self.assertLess(time.monotonic() - start, 20)

    def test_exactly_one_thread_gets_a_free_lock(self):
        threads, rounds = 4, 500
        start = threading.Barrier(threads)
        end = threading.Barrier(threads)
        locks = [threading.Lock() for _ in range(rounds)]
        got = [[] for _ in range(threads)]

        def work(mine):
            for lock in locks:
                start.wait(60)
                mine.append(lock.acquire(blocking=False))
                end.wait(60)

        workers = [threading.Thread(target=work, args=(mine,)) for mine in got]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for i in range(rounds):
            self.assertEqual(sum(mine[i] for mine in got), 1)


if __name__ == "__main__":
    unittest.main()
