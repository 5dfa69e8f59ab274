"""gh-151065: mimalloc forgot to give back the memory of threads' metadata.

Where the process's memory can be read, each burst of threads must not cost memory for
good. Elsewhere the bursts only have to work. On Linux it passes without the patch as well:
the leak was too small to be seen.
"""

import faulthandler
import os
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)

STATM = "/proc/self/statm"


def resident():
    with open(STATM) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class ThreadMetadata(unittest.TestCase):
    def burst(self, threads=40):
        barrier = threading.Barrier(threads)
        workers = [threading.Thread(target=barrier.wait) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def test_bursts_of_threads(self):
        for _ in range(20):
            self.burst()
        if not os.path.exists(STATM):
            return
        before = resident()
        for _ in range(100):
            self.burst()
        self.assertLess(resident() - before, 20 << 20)


if __name__ == "__main__":
    unittest.main()
