"""Threads that the tests of patches run beside one another."""

import threading


def run_for(seconds, stop, *works):
    """Runs each function in a thread of its own until all return, and sets `stop` after so many seconds, or when one fails.

    What they raise is raised here: a thread that died early would have tested nothing.
    """
    errors = []

    def run(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)
            stop.set()

    timer = threading.Timer(seconds, stop.set)
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in [timer, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    timer.cancel()
    timer.join()
    if errors:
        raise BaseExceptionGroup("threads failed", errors)
