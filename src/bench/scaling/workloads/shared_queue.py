"""One queue.Queue, with its lock and conditions."""

from queue import Queue

LOOPS = 50
EXPECTED = 1024


def setup(threads):
    return Queue()


def work(shared, index, units):
    total = 0
    for _ in range(units):
        for i in range(32):
            shared.put(1)
            total += shared.get()
    return total
