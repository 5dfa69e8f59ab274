"""A critical section was suspended by a decrement of a reference count.

In the C test a thread holds the queue of objects that others drop, and another one waits for the object of the
main thread's section. Without the patch that gets in when the main thread drops a reference.
"""

import faulthandler
import threading
import unittest

faulthandler.dump_traceback_later(60, exit=True)

try:
    import _testinternalcapi
except ImportError:
    _testinternalcapi = None


@unittest.skipIf(_testinternalcapi is None, "built without C test modules")
class DecrementsInSections(unittest.TestCase):
    def test_nobody_comes_between(self):
        # The first other thread stops the world, which the main thread would not notice in the test.
        first = threading.Thread(target=int)
        first.start()
        first.join()
        for _ in range(20):
            _testinternalcapi.test_critical_sections_decref()


if __name__ == "__main__":
    unittest.main()
