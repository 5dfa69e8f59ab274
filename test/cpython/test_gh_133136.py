"""gh-133136: resized lists and dicts kept all of their old memory for a long time.

Without the patch 2 of 2 runs failed.
"""

import faulthandler
import os
import threading
import unittest

faulthandler.dump_traceback_later(120, exit=True)

STATUS = "/proc/self/status"


def peak():
    with open(STATUS) as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10


class OldMemory(unittest.TestCase):
    """A growing list of 4 million items needs about 35 MB (64-bit); its old arrays, if
    they are all kept, 300 MB more. Where the peak cannot be read it has to work only."""

    def grow(self, shared, add, clear):
        stop = threading.Event()

        def reader():
            # Reading from a second thread makes the object a shared one.
            while not stop.is_set():
                try:
                    shared[0]
                except (IndexError, KeyError):
                    pass

        thread = threading.Thread(target=reader)
        thread.start()
        try:
            before = peak() if os.path.exists(STATUS) else None
            for _ in range(2):
                for i in range(4_000_000):
                    add(i)
                clear()
            if before is not None:
                self.assertLess(peak() - before, 150 << 20)
        finally:
            stop.set()
            thread.join()

    def test_list(self):
        shared = []
        self.grow(shared, lambda i: shared.append(None), shared.clear)


if __name__ == "__main__":
    unittest.main()
