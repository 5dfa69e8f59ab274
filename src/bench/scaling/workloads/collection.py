"""Cycles that only the collector frees, which stops all threads for it."""

import gc

LOOPS = 20
EXPECTED = 6400


class Node:
    def __init__(self):
        self.itself = self
        self.data = [self]


def work(shared, index, units):
    count = 0
    for _ in range(units):
        for _ in range(200):
            Node()
            count += 1
        gc.collect(0)
    return count
