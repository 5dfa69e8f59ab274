"""gh-87135: waiting for a lock during finalization, and threads that come back then.

Finalization is what is tested: the process has to end, with status 0. A daemon thread
owns locks that objects want in __del__ while Python finalizes. Without patch 0113 the
process hangs there.

What patch 0112 does, to block threads that come back instead of ending them, no program
sees by itself: a waiting thread takes its record out of the parking lot before it comes
back (patch 0111), so nobody looks at the stack of a thread that has ended, and its locks
stay locked either way.
"""

import faulthandler
import os
import threading
import time
import unittest

# Also covers finalization: the watchdog is stopped only after modules are cleared.
faulthandler.dump_traceback_later(60, exit=True)


class WantsLock:
    """Must be refused the lock when it is finalized after the threads are gone."""

    def __init__(self, lock, timeout):
        self.lock = lock
        self.timeout = timeout

    # Defaults, because module globals may be gone by then.
    def __del__(self, expected=PythonFinalizationError, exit=os._exit, write=os.write):
        if self.lock.acquire(blocking=False):
            write(2, b"the daemon thread lost its lock\n")
            exit(3)
        try:
            if self.timeout is None:
                self.lock.acquire()
            else:
                self.lock.acquire(timeout=self.timeout)
        except expected:
            return
        write(2, b"a wait for a lock ended without PythonFinalizationError\n")
        exit(4)


class FreeLock:
    """A lock that nobody owns can be taken during finalization."""

    def __init__(self):
        self.lock = threading.Lock()
        self.rlock = threading.RLock()

    def __del__(self, exit=os._exit, write=os.write):
        with self.lock, self.rlock, self.rlock:
            return
        write(2, b"a free lock could not be taken\n")
        exit(5)


class LocksAtExit(unittest.TestCase):
    def test_locks_of_daemon_threads(self):
        lock = threading.Lock()
        rlock = threading.RLock()
        ready = threading.Event()

        def owner():
            with lock, rlock:
                ready.set()
                time.sleep(3600)

        threading.Thread(target=owner, daemon=True).start()
        self.assertTrue(ready.wait(30))
        # Module globals live until finalization clears the modules.
        global at_exit
        at_exit = [WantsLock(lock, None), WantsLock(rlock, None),
                   WantsLock(lock, 3600), WantsLock(rlock, 3600), FreeLock()]

    def test_threads_that_come_back(self):
        """Threads that try to attach during finalization harm nobody."""
        def sleeper():
            while True:
                time.sleep(0.0001)

        def waiter():
            lock = threading.Lock()
            lock.acquire()
            while True:
                lock.acquire(timeout=0.0001)

        for target in (sleeper, waiter) * 4:
            threading.Thread(target=target, daemon=True).start()
        time.sleep(0.1)


class Delay:
    """Keeps finalization going for a while, so that sleeping threads come back."""

    def __del__(self, sleep=time.sleep):
        sleep(0.2)


delay = Delay()

if __name__ == "__main__":
    unittest.main()
