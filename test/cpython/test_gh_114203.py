"""gh-114203, gh-150902: a critical section inside of one on the same object suspended it.

In the C test a thread waits for the objects of the main thread's critical section while
that begins more of them inside. Without the patch the thread gets in between.
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
class SectionsOnWhatIsHeld(unittest.TestCase):
    def test_nobody_comes_between(self):
        # The first other thread stops the world, which the main thread would not notice in the test.
        first = threading.Thread(target=int)
        first.start()
        first.join()
        for _ in range(20):
            _testinternalcapi.test_critical_sections_held()


if __name__ == "__main__":
    unittest.main()
