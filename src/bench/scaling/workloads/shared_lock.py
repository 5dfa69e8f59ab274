"""One counter behind one lock."""

import threading

LOOPS = 100
EXPECTED = 4096


class Counter:
    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0


def setup(threads):
    return Counter()


def work(shared, index, units):
    for _ in range(units):
        for i in range(128):
            with shared.lock:
                shared.count += 1
    return units * 128
