"""Threads that do almost nothing, so many at a time."""

import threading

LOOPS = 4
EXPECTED = 64


def run(loops, threads):
    done = []
    total = 64 * loops
    for start in range(0, total, threads):
        group = [threading.Thread(target=done.append, args=(1,)) for _ in range(min(threads, total - start))]
        for thread in group:
            thread.start()
        for thread in group:
            thread.join()
    return len(done) // loops
