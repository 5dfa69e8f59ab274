"""gh-151065: mimalloc forgot to give back the memory of threads' metadata.

CPython's threads have their heaps in their thread states. A thread gets metadata of
mimalloc's own when it asks for mimalloc's statistics; 16 pieces are kept for later threads,
and those of further threads must be given back when the threads end.
"""

import ctypes
import faulthandler
import os
import sys
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)

# More than are kept, by 16.
THREADS = 32
ROUNDS = 20


def burst():
    barrier = threading.Barrier(THREADS)

    def work():
        sys._debugmallocstats()
        # All of them have metadata now.
        barrier.wait(60)

    workers = [threading.Thread(target=work) for _ in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def end_of_memory():
    """Address of a block that fits into no gap: where the memory in use ends."""
    block = bytearray(64 << 20)
    return ctypes.addressof(ctypes.c_char.from_buffer(block))


class ThreadMetadata(unittest.TestCase):
    def setUp(self):
        # The statistics are printed by C.
        sys.stderr.flush()
        kept = os.dup(2)
        self.addCleanup(os.close, kept)
        self.addCleanup(os.dup2, kept, 2)
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def test_bursts_of_threads(self):
        burst()
        before = end_of_memory()
        for _ in range(ROUNDS):
            burst()
        # Each piece is a page of wasm at least: 20 MiB, if they were kept.
        self.assertLess(end_of_memory() - before, 8 << 20)


if __name__ == "__main__":
    unittest.main()
