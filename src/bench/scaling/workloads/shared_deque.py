"""One deque that all threads use as a queue."""

from collections import deque

LOOPS = 100
EXPECTED = 8160


def setup(threads):
    return deque()


def work(shared, index, units):
    total = 0
    for _ in range(units):
        for i in range(255):
            # What is taken may be another thread's; there is always one, since each takes after it gave.
            shared.append(1)
            total += shared.popleft()
    return total
