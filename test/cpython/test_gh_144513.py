"""gh-144513: a critical section waited for a stopped thread while the world is stopped.

The three threads of the C test hold an object's lock so long that it is handed over,
while the main thread stops the world and begins critical sections on that object 100
times. Without the patch the test hangs each time.
"""

import faulthandler
import unittest

faulthandler.dump_traceback_later(60, exit=True)

try:
    import _testinternalcapi
except ImportError:
    _testinternalcapi = None


@unittest.skipIf(_testinternalcapi is None, "built without C test modules")
class CriticalSectionsWhileStopped(unittest.TestCase):
    def test_hand_off_to_a_stopped_thread(self):
        _testinternalcapi.test_critical_sections_stw()


if __name__ == "__main__":
    unittest.main()
