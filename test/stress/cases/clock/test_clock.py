"""Under `pct` time is what the schedule makes it: waiting for an hour takes none, and each run shows the same times."""

import threading
import time

never = threading.Event()


def test_hours_pass_at_once():
    for clock, hour in ((time.monotonic, 3600), (time.time, 3600), (time.monotonic_ns, 3600 * 10**9)):
        begin = clock()
        time.sleep(3600)
        middle = clock()
        assert not never.wait(3600)
        end = clock()
        assert hour <= middle - begin < hour * 1.01, (begin, middle)
        assert hour <= end - middle < hour * 1.01, (middle, end)


def test_loops_that_look_at_the_clock_end():
    deadline = time.monotonic() + 0.01
    while time.monotonic() < deadline:
        pass
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=100)
    assert time.monotonic() > deadline + 100


def test_shows_its_times():
    begin = time.monotonic_ns()
    time.sleep(0.5)
    for _ in range(100):
        time.time()
    raise AssertionError(f"{time.monotonic_ns() - begin} ns")
